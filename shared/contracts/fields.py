"""The types of the fields of events: cents, days, instants, codes and references, each with its own validation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
)
from pydantic_core import CoreSchema, core_schema
from stdnum.fr import siren, siret

from shared.kernel.ids import parse_id

CENTS_MAX = 10**13
"""The largest amount an event may carry: 100 billion euros, so that sums stay far within 64 bits."""
CENTS_TOTAL_MAX = 2**53 - 1
"""The largest sum that is stated: the largest integer that every JSON reader takes exactly."""

_YEAR_TO_DAY = r"^(19[0-9]{2}|20[0-9]{2}|2100)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CANONICAL_UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
INSTANT = f"{_YEAR_TO_DAY}T{_TIME}:[0-5][0-9]([.][0-9]{{1,9}})?(Z|[+-]{_TIME})$"
"""How an instant is written (RFC 3339), as a pattern."""


@dataclass(frozen=True, slots=True)
class Written:
    """How a day or an instant is written in JSON.

    pydantic alone also takes "1475452800" for a date, and years whose offset leaves the calendar: the pattern refuses
    them before they are parsed, in the model as in the JSON Schema.
    """

    pattern: str
    format: str
    expected: str
    parse: Callable[[str], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """In JSON, match the pattern, then parse, then check as in Python, where the object is taken as it is."""
        checked = handler(source)
        written = core_schema.custom_error_schema(
            core_schema.str_schema(pattern=self.pattern, strict=True),
            custom_error_type=f"{self.format.replace('-', '_')}_format",
            custom_error_message=f"Input should be {self.expected}",
        )
        parsed = core_schema.no_info_after_validator_function(self.parse, written)
        return core_schema.json_or_python_schema(
            json_schema=core_schema.chain_schema([parsed, checked]), python_schema=checked
        )

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Say the format, and the pattern for validators that take formats as mere remarks."""
        return {"type": "string", "format": self.format, "pattern": self.pattern}


@dataclass(frozen=True, slots=True)
class Whole:
    """How a whole number between bounds is written: said in the same words whatever was sent instead.

    pydantic alone says "a valid integer" of quotes, and one bound at a time. It follows the bounds in the annotation.
    """

    cents: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check as before; name the bounds that the schema has, whatever is wrong."""
        checked: Any = handler(source)
        return core_schema.custom_error_schema(
            checked, custom_error_type="whole_number", custom_error_message=self._words(checked["ge"], checked["le"])
        )

    def _words(self, least: int, most: int) -> str:
        if not self.cents:
            return f"write a whole number from {least} to {most}, without quotes or decimal point"
        bounds = f"(from {least} to {most:,})".replace(",", " ")
        return f"write whole euro cents, without quotes or decimal point: 125000 {bounds}"


class Identified:
    """How an identifier is read from JSON: its canonical text, into the quick UUID of `parse_id`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """In JSON, match the pattern, then parse; in Python, take the object as it is."""
        written = core_schema.str_schema(pattern=_CANONICAL_UUID, strict=True)
        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_after_validator_function(parse_id, written),
            python_schema=handler(source),
            serialization=core_schema.to_string_ser_schema(when_used="json"),
        )

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Say the format."""
        return {"type": "string", "format": "uuid"}


def _siren(code: str) -> str:
    if not siren.is_valid(code):
        raise ValueError("not a SIREN: nine digits with a valid Luhn key")
    return code


def _siret(code: str) -> str:
    if not siret.is_valid(code):
        raise ValueError("not a SIRET: fourteen digits with a valid Luhn key (La Poste: sum divisible by 5)")
    return code


Identifier = Annotated[UUID, Identified()]
Cents = Annotated[
    int, Field(ge=0, le=CENTS_MAX, description="Whole euro cents.", examples=[1_250_000]), Whole(cents=True)
]
PositiveCents = Annotated[
    int,
    Field(ge=1, le=CENTS_MAX, description="Whole euro cents, at least one.", examples=[1_250_000]),
    Whole(cents=True),
]
CentsTotal = Annotated[
    int,
    Field(ge=0, le=CENTS_TOTAL_MAX, description="Whole euro cents, summed.", examples=[10_000_000]),
    Whole(cents=True),
]
ContractCode = Annotated[
    str, Field(pattern=r"^CV[0-9A-Z]{3,5}$", description="Code of the contrat de ville.", examples=["CV219"])
]
Exercise = Annotated[int, Field(ge=2014, le=2100, description="Budget year of the credits.", examples=[2016]), Whole()]
Priority = Annotated[int, Field(ge=1, le=9), Whole()]
EnvelopeId = Annotated[
    str,
    Field(
        pattern=r"^CV[0-9A-Z]{3,5}\.(CDC|STATE)\.[0-9]{4}$",
        description="Contract, funder and exercise of an envelope.",
        examples=["CV219.CDC.2016"],
    ),
]
PlatformName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", description="Name of a partner platform.", examples=["citeslab"])
]
Reference = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$",
        description="The partner's own reference; never published.",
        examples=["2016-0042"],
    ),
]
Siren = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{9}$",
        description="SIREN, nine digits with a valid Luhn key; never published.",
        examples=["123456782"],
    ),
    AfterValidator(_siren),
]
Siret = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{14}$",
        description="SIRET, fourteen digits with a valid Luhn key (La Poste: sum divisible by 5); never published.",
        examples=["12345678200010"],
    ),
    AfterValidator(_siret),
]
QpvCode = Annotated[
    str,
    Field(
        pattern=r"^(QP([0-9]{3}|02[AB])[0-9]{3}|QN([0-9]{3}|02[AB])[0-9]{2}[NMI])$",
        description="Code of a priority district: list of 2015 (QP…) or of 2024 (QN…).",
        examples=["QN06202M"],
    ),
]
ApeCode = Annotated[
    str, Field(pattern=r"^[0-9]{2}\.[0-9]{2}[A-Z]$", description="APE, NAF rev. 2.", examples=["56.10A"])
]
NetworkCode = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9-]{1,30}$",
        description="Name of a support network, as data·inclusion writes it.",
        examples=["adie", "initiative-france"],
    ),
]
SirenOfEpci = Annotated[
    str, Field(pattern=r"^[0-9]{9}$", description="SIREN of an EPCI, as its orders wrote it.", examples=["200072460"])
]
EventType = Annotated[
    str, Field(pattern=r"^[A-Z][A-Za-z]{1,60}$", description="CloudEvents type.", examples=["PaymentMade"])
]
Word = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9-]{1,60}$",
        description="A word of small letters, digits and dashes that begins with a letter.",
        examples=["reprogramming"],
    ),
]
Day = Annotated[
    date,
    Field(ge=date(1900, 1, 1), le=date(2100, 12, 31)),
    Written(_YEAR_TO_DAY + "$", "date", "a day from 1900 to 2100, written YYYY-MM-DD", date.fromisoformat),
    Field(description="A day of the calendar.", examples=["2016-10-03"]),
]
Instant = Annotated[
    AwareDatetime,
    Written(
        INSTANT,
        "date-time",
        "an instant from 1900 to 2100 with its offset, written as RFC 3339: 2016-10-03T09:30:00Z",
        datetime.fromisoformat,  # UTC is Python's own, which is compared, stored and written many times faster
    ),
    Field(description="An instant, with its offset from UTC.", examples=["2016-10-03T09:30:00Z"]),
]


class Fact(BaseModel):
    """An event's data: immutable, strictly typed, and closed for whoever writes it.

    Readers pass `extra="ignore"` when they validate, so that a schema may grow without stopping them.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)
