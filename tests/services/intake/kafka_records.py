"""Good and bad records of a partner's topic, in both modes, and what each deserves."""

import json

from tests.services.intake.running import STRUCTURED, Record, binary, structured, without
from tests.services.intake.world import declared, told, welcomed

CANARY = "Jeanne-Dupont"
NAMED = {"nom_complet": CANARY}
RECORDS: list[tuple[str, Record, str | None, str]] = [
    ("a good one in structured mode", structured(declared("R-1", id="s1")), None, ""),
    ("a good one in binary mode", binary(welcomed("P-1", id="b1")), None, ""),
    ("null", (None, [STRUCTURED]), "value-null", ""),
    ("nothing", (b"", [STRUCTURED]), "json-invalid", ""),
    ("nothing, nor headers", (b"", []), "header-missing", "/headers/ce_type"),
    ("no headers", (b"{}", []), "header-missing", "/headers/ce_type"),
    ("not JSON", (b"bonjour", [STRUCTURED]), "json-invalid", ""),
    ("not JSON in binary mode", (b"\xff", binary(welcomed())[1]), "json-invalid", "/data"),
    ("not an object", (b"[1]", [STRUCTURED]), "not-an-object", ""),
    ("an array of events", (json.dumps([welcomed()]).encode(), [STRUCTURED]), "not-an-object", ""),
    ("nearly 1 MiB", (b"1" * 1_040_000, [STRUCTURED]), "too-large", ""),
    ("a nesting of 10 000", (b"[" * 10_000 + b"]" * 10_000, [STRUCTURED]), "json-invalid", ""),
    ("an unknown type", binary(welcomed() | {"type": CANARY}), "type-unknown", "/type"),
    ("an unknown field", structured(welcomed(**NAMED)), "field-unknown", "/data"),
    ("a float amount", structured(declared(cost_cents=1.5)), "field-invalid", "/data/cost_cents"),
    ("a negative amount", binary(declared(cost_cents=-1)), "field-invalid", "/data/cost_cents"),
    ("an amount past 64 bits", binary(declared(cost_cents=2**64)), "field-invalid", "/data/cost_cents"),
    ("an amount twice", (binary(declared())[0].replace(b"{", b'{"cost_cents": 1, ', 1), binary(declared())[1]),
     "name-repeated", "/data/cost_cents"),
    ("a bad SIRET", structured(declared(beneficiary_siret="12345678200011")), "field-invalid",
     "/data/beneficiary_siret"),
    ("a header that is not UTF-8", binary(welcomed(), ce_id=b"\xff\xfe"), "header-not-utf8", "/headers/ce_id"),
    ("a null header", binary(welcomed(), ce_source=None), "header-missing", "/headers/ce_source"),
    ("a header that is missing", without(binary(welcomed()), "ce_source"), "field-invalid", "/source"),
    ("a content type that is not UTF-8", (b"{}", [("content-type", b"\xff")]), "header-not-utf8",
     "/headers/content-type"),
    ("a content type that is not read", (b"{}", [("content-type", b"text/xml")]), "content-type-unknown",
     "/headers/content-type"),
    ("a source of another", structured(welcomed(id="x", platform="adie")), "source-of-another", "/source"),
    ("an unknown contract", structured(declared("R-9", contract="CV999")), "contract-unknown", "/data/contract"),
    ("a commitment declared twice", binary(declared("R-1")), "commitment-already-declared", "/data/reference"),
    ("an act of the other funder", structured(told("PaymentMade", {"reference": "R-1", "funder": "STATE",
     "exercise": 2016, "amount_cents": 1, "kind": "advance"})), "funder-not-allowed", "/data/funder"),
    ("other content under the same id", binary(welcomed("P-2", id="b1")), "event-conflict", "/id"),
    ("the same again, by the other mode", structured(welcomed("P-1", id="b1")), None, ""),
    ("headers of their own, of any kind", binary(welcomed("P-3", id="b3"), ce_x=b"\xff", other=None), None, ""),
    ("a header given twice", (binary(welcomed("P-4"))[0], [("ce_id", b""), *binary(welcomed("P-4", id="b4"))[1]]),
     None, ""),
    ("a sequence like ours", binary(welcomed("P-5", id="b5") | {"source": "/citeslab/epoch/0"}, ce_sequence=b"5"),
     None, ""),
    ("a sequence like ours that goes back",
     binary(welcomed("P-6", id="b6") | {"source": "/citeslab/epoch/0"}, ce_sequence=b"1"), None, ""),
    ("a trace that is not UTF-8", binary(welcomed("P-8", id="b8"), traceparent=b"\xff\xfe"), None, ""),
    ("a trace that is null", binary(welcomed("P-9", id="b9"), traceparent=None, ce_traceparent=b"\xff"), None, ""),
    ("a good one at the end", binary(told("SupportStarted", {"entrepreneur_reference": "P-1", "contract": "CV219",
     "support": "coaching"}, id="b7")), None, ""),
]  # fmt: skip
