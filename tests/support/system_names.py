"""Looks for a name everywhere a system may have written it, in any writing: topics, tables, logs, metrics, answers."""

import base64
import json
import unicodedata
import urllib.parse
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass

import asyncpg
import httpx

from shared.contracts.topics import TOPICS
from shared.messaging.cluster import admin_client, existing
from tests.support.system_stack import SERVICES, SystemStack
from tests.support.topics import read_topic

TABLES = (
    "SELECT schemaname, tablename FROM pg_tables"
    " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
)
BYTES = (
    "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0"
    " AND NOT attisdropped AND atttypid = 'bytea'::regtype"
)
EACH_GET = ("/metrics", "/readyz", "/livez", "/ops/lag", "/openapi.json", "/docs")
ANSWERS = {
    "intake": (),
    "funding": ("/v1/envelopes", "/v1/contracts/CV219/waitlist?exercise=2016"),
    "reporting": ("/", "/en/", "/v1/budget", "/v1/budget?format=csv", "/v1/survival", "/v1/survival?format=csv"),
}


@dataclass(frozen=True)
class Writing:
    """Some bytes that were found somewhere."""

    place: str
    content: bytes


def forms(name: str) -> dict[str, bytes]:
    """The ways in which a name may be written; those that are the same letter by letter count once."""
    found: dict[bytes, str] = {}
    for how, form in (*_letters(name), *_codes(name)):
        found.setdefault(form, how)
    return {how: form for form, how in found.items()}


def _letters(name: str) -> Iterator[tuple[str, bytes]]:
    yield "as it is", name.encode()
    yield "in Latin-1", name.encode("latin-1", errors="replace")
    yield "in UTF-16, little end first", name.encode("utf-16-le")
    yield "in UTF-16, big end first", name.encode("utf-16-be")
    yield "in small letters", name.lower().encode()
    yield "in capitals", name.upper().encode()
    yield "backwards", name[::-1].encode()
    yield "without accents", unicodedata.normalize("NFKD", name).encode("ascii", errors="ignore")


def _codes(name: str) -> Iterator[tuple[str, bytes]]:
    """Base64 in each of the three ways it may fall into groups of three, without what also depends on neighbours."""
    raw = name.encode()
    yield "in JSON", json.dumps(name)[1:-1].encode()
    yield "in JSON's escapes", "".join(f"\\u{ord(letter):04x}" for letter in name).encode()
    yield "in Python's bytes", repr(raw)[2:-1].encode()
    yield "in hex", raw.hex().encode()
    yield "in HEX", raw.hex().upper().encode()
    yield "in UTF-16, in hex", name.encode("utf-16-le").hex().encode()
    yield "in an address", urllib.parse.quote(name).encode()
    yield "in a form", urllib.parse.quote_plus(name).encode()
    yield "percent-encoded", "".join(f"%{byte:02X}" for byte in raw).encode()
    yield "percent-encoded in small letters", "".join(f"%{byte:02x}" for byte in raw).encode()
    yield "in octal escapes", "".join(f"\\{byte:03o}" for byte in raw).encode()
    for alphabet, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
        for before in range(3):
            first, last = (before * 8 + 5) // 6, (before + len(raw)) * 8 // 6
            yield f"in {alphabet}, {before} after a group", encode(b"\0" * before + raw)[first:last]


def traces(names: Iterable[str], writings: Iterable[Writing]) -> list[str]:
    """Say of each name where it is written, and how; never more of the place than its name."""
    wanted = [(name, how, form) for name in names for how, form in forms(name).items()]
    return [
        f"{name!r} is written {how} in {writing.place}"
        for writing in writings
        for name, how, form in wanted
        if form in writing.content
    ]


async def everything(stack: SystemStack, *, keys: Iterable[str], but: Iterable[str]) -> list[Writing]:
    """All that the system has written, except the topics of `but`; `keys` open the answers that need one."""
    found = [writing async for writing in topics(stack, but=but)]
    for service in SERVICES:
        found += [writing async for writing in tables(stack, service)]
    found += [Writing(f"the log {path.parent.name}/{path.name}", path.read_bytes()) for path in stack.logs]
    found += [writing async for writing in answers(stack, keys)]
    return found


async def topics(stack: SystemStack, *, but: Iterable[str]) -> AsyncIterator[Writing]:
    """Each record: its key, its headers' names and contents, its value."""
    left_out = {"__consumer_offsets", *but}
    names = set(await existing(admin_client(stack.servers)))
    assert {topic.name for topic in TOPICS} <= names
    for topic in sorted(names - left_out):
        for partition, records in (await read_topic(stack.servers, topic)).items():
            for record in records:
                place = f"{topic}/{partition}/{record.offset}"
                yield Writing(f"the key of {place}", record.key or b"")
                yield Writing(f"the value of {place}", record.value or b"")
                for name, content in record.headers:
                    yield Writing(f"a header of {place}", name.encode() + b"\n" + (content or b""))


async def tables(stack: SystemStack, database: str) -> AsyncIterator[Writing]:
    """Each table as COPY writes it, and each column of bytes as the bytes themselves."""
    connection = await asyncpg.connect(stack.dsn(database), timeout=10)
    try:
        for schema, table in await connection.fetch(TABLES):
            copied = bytearray()

            async def keep(part: bytes, into: bytearray = copied) -> None:
                into += part

            await connection.copy_from_table(table, schema_name=schema, output=keep)
            yield Writing(f"the table {database}.{schema}.{table}", bytes(copied))
            for (column,) in await connection.fetch(BYTES, f'"{schema}"."{table}"'):
                rows = await connection.fetch(f'SELECT {column} FROM "{schema}"."{table}"')  # noqa: S608  the catalogue's names
                content = b"\n".join(row[0] or b"" for row in rows)
                yield Writing(f"the bytes of {database}.{schema}.{table}.{column}", content)
    finally:
        await connection.close()


async def answers(stack: SystemStack, keys: Iterable[str]) -> AsyncIterator[Writing]:
    """What each service answers to whoever asks: health, metrics, documents, figures, and every event's status."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        for service in SERVICES:
            for path in (*EACH_GET, *ANSWERS[service]):
                answer = await client.get(stack.url(service) + path)
                yield Writing(f"{service}'s answer to {path}", answer.content + str(answer.headers).encode())
        events = await stack.rows("intake", "SELECT event_id FROM received_event")
        for key in keys:
            for row in events:
                path = f"/v1/events/{row['event_id']}"
                answer = await client.get(stack.url("intake") + path, headers={"authorization": f"Bearer {key}"})
                yield Writing(f"intake's answer to {path}", answer.content + str(answer.headers).encode())
        for row in await stack.rows("funding", "SELECT commitment_id FROM commitment"):
            path = f"/v1/commitments/{row['commitment_id']}"
            yield Writing(f"funding's answer to {path}", (await client.get(stack.url("funding") + path)).content)
