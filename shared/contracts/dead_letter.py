"""What a reader says on `<topic>.<reader>.dlq` of a record that it could not apply: where it lies, never its bytes."""

from pydantic import Field

from shared.contracts.fields import Fact, Instant, Word


class DeadLetter(Fact):
    """A record could not be applied; its bytes stay in the reader's quarantine, where it can be retried."""

    reader: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", description="The service that could not apply the record.")
    topic: str = Field(pattern=r"^[a-z][a-z0-9.-]{1,200}$", description="The topic where the record lies.")
    partition: int = Field(ge=0, description="The partition where the record lies.")
    offset: int = Field(ge=0, description="The record's offset in its partition.")
    reason: Word = Field(description="A stable word that says why.", examples=["field-invalid"])
    pointer: str = Field(
        description="JSON pointer (RFC 6901) of the first field at fault; empty when it is the whole record.",
        examples=["/amount_cents"],
    )
    length: int = Field(ge=0, description="Length of the record's value in bytes; 0 when it has none.")
    quarantined_at: Instant = Field(description="When the reader put the record in quarantine.")
