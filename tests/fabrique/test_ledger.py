"""The ledger by the command line: what an accountant reads, what an auditor runs, what both take away."""

import asyncio
import csv
import json
import random
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from pyarrow import parquet

from fabrique.commands.screen import Exit
from fabrique.embedded.postgres import Postgres
from fabrique.ledger.chart import NAMES
from tests.fabrique.conftest import Type, Typed
from tests.support.commitment_events import Scribe, named, opened, records
from tests.support.ledger import Ledger, open_ledger

CDC = "CV219.CDC.2016"
ASKED = r"commitment \S+  CV219 2016  (\w+)  CDC ([\d .]+)  STATE ([\d .]+)  cost"
Run = Callable[..., Typed]


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> Iterator[str]:
    """Funding's database after sixty events in one partition and forty in another."""
    name = f"books_{uuid4().hex}"
    postgres.create_database(name)
    at(postgres.url(name), fill)
    yield postgres.url(name)
    postgres.drop_database(name)


def at(url: str, act: Callable[[Ledger], Awaitable[None]]) -> None:
    """Do something on a ledger."""

    async def acted() -> None:
        async with open_ledger(url, partitions=2, pool_size=2) as ledger:
            await act(ledger)

    asyncio.run(acted())


async def fill(ledger: Ledger) -> None:
    """Two contracts, in order and in batches of any size."""
    for partition, (contract, events, size) in enumerate((("CV219", 60, 60), ("CV220", 40, 7))):
        scribe = Scribe(random.Random(2016 + partition), [contract], exercises=(2016,))
        await ledger.open([opened(contract, f, 2016, 9_000_000) for f in ("CDC", "STATE")][:1], partition=partition)
        await ledger.open([opened(contract, "STATE", 2016, 60)], partition=partition)
        await ledger.decide(records(scribe.events(events), partition=partition), [size])


@pytest.fixture
def ledger(database: str, typed: Type, tmp_path: Path) -> Run:
    """`fabrique ledger`, on that database."""

    def run(*words: str) -> Typed:
        return typed("ledger", *words, FABRIQUE_STATE_DIR=str(tmp_path), FUNDING_DATABASE_URL=database)

    return run


def test_a_trial_balance_is_shown_in_euros_and_its_totals_agree(ledger: Run) -> None:
    said = ledger("balance", "--exercise", "2016", "--contract", "CV219")
    assert said.code == Exit.DONE
    assert re.search(rf"{CDC} +voted +0\.00 +90 000\.00 +-90 000\.00", said.shown)
    assert "CV220" not in said.shown
    total = re.search(r"total +([\d ]+\.\d\d) {2,}([\d ]+\.\d\d) +0\.00", said.shown)
    assert total is not None
    assert total[1].strip() == total[2].strip()


def test_a_trial_balance_as_json_is_in_cents_by_funder_when_asked(ledger: Run) -> None:
    said = json.loads(ledger("balance", "--json", "--by", "funder").shown)
    assert said["debit_cents"] == said["credit_cents"] == sum(row["debit_cents"] for row in said["rows"])
    assert {row["funder"] for row in said["rows"]} == {"CDC", "STATE"}
    [voted] = [r["balance_cents"] for r in said["rows"] if (r["funder"], r["account"]) == ("CDC", "voted")]
    assert voted == -18_000_000


def test_the_entries_of_an_account_end_on_its_balance(ledger: Run) -> None:
    rows = json.loads(ledger("balance", "--json").shown)["rows"]
    [reserved] = [r["balance_cents"] for r in rows if (r["envelope"], r["account"]) == (CDC, "reserved")]
    said = ledger("account", CDC, "reserved")
    assert said.code == Exit.DONE
    *_, last = said.shown.strip().splitlines()
    assert Decimal(last.rpartition("balance")[2].replace(" ", "")) * 100 == reserved
    assert re.search(r"2016-\S+ \S+ +0/\d+ Allocation\w+ +[0-9a-f-]{36} +reserved", last)


def test_the_life_of_a_commitment_tells_each_decision_and_where_it_left_it(ledger: Run) -> None:
    taken = set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", ledger("account", CDC).shown))
    for identifier in sorted(taken)[:5]:
        said = ledger("commitment", identifier)
        head = re.search(ASKED, said.shown)
        assert head is not None
        *_, last = said.shown.strip().splitlines()
        assert last.strip() == f"{head[1]}, asked: CDC {head[2]}, STATE {head[3]}"
        assert said.shown.count("cause ") == said.shown.count("event ")


def test_a_commitment_is_explained_in_both_languages(ledger: Run) -> None:
    identifier = min(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", ledger("account", CDC).shown))
    french, english = ledger("explain", identifier), ledger("explain", identifier, "--lang", "en")
    assert "à la Caisse des Dépôts" in french.shown
    assert "Just before, CV219." in english.shown
    assert len(french.shown.splitlines()) == len(english.shown.splitlines())


@pytest.mark.parametrize(
    "words",
    [
        ("balance", "--contract", "CV1"),
        ("account", "CV1.CDC.2016"),
        ("commitment", named("nobody")),
        ("explain", named("nobody")),
    ],
)
def test_what_is_not_there_is_said(words: tuple[str, ...], ledger: Run) -> None:
    said = ledger(*words)
    assert said.code == Exit.FOUND
    assert said.complained


def test_books_that_agree_are_said_in_one_line(ledger: Run) -> None:
    said = ledger("check")
    assert said.code == Exit.DONE
    assert re.fullmatch(r"\d+ facts, \d+ postings, 4 envelopes, \d+ commitments: no difference\n", said.shown)


def test_a_changed_cent_ends_the_check_with_1_and_is_named(ledger: Run, database: str) -> None:
    change = "UPDATE posting SET amount_cents = amount_cents {} 1 WHERE credit = 'voted' AND envelope_id = :name"
    at(database, lambda books: books.execute(change.format("-"), name=CDC))
    said = ledger("check")
    at(database, lambda books: books.execute(change.format("+"), name=CDC))
    assert said.code == Exit.FOUND
    assert re.search(
        rf"{CDC} voted to available: expected 90000\.00, found 89999\.99; first at allocation 0/1 line 0"
        r" \(EnvelopeOpened",
        said.shown,
    )
    assert re.search(rf"{CDC} voted: expected -89999\.99, found -90000\.00; first at allocation 0/1 line 0", said.shown)
    assert ledger("check").code == Exit.DONE


def exported(ledger: Run, file: Path, form: str) -> bytes:
    assert ledger("export", "--format", form, str(file)).code == Exit.DONE
    assert [path.name for path in file.parent.glob("*.partial")] == []
    return file.read_bytes()


@pytest.mark.parametrize("form", ["csv", "beancount"])
def test_the_same_books_are_the_same_bytes(form: str, ledger: Run, tmp_path: Path) -> None:
    first = exported(ledger, tmp_path / "one", form)
    assert first == exported(ledger, tmp_path / "two", form)
    assert first.decode().replace("\r", "") == ledger("export", "--format", form, "-").shown.replace("\r", "")
    assert len(first) > 10_000


def test_the_parquet_holds_the_same_as_the_csv_and_the_same_bytes_again(ledger: Run, tmp_path: Path) -> None:
    content = exported(ledger, tmp_path / "books.parquet", "parquet")
    assert content == exported(ledger, tmp_path / "again.parquet", "parquet")
    table = parquet.read_table(BytesIO(content))
    lines = [*csv.DictReader(StringIO(exported(ledger, tmp_path / "books.csv", "csv").decode(), newline=""))]
    read = [
        {n: "" if v is None else v.isoformat() if n == "known_at" else str(v) for n, v in row.items()}
        for row in table.to_pylist()
    ]
    assert read == lines
    assert str(table.schema.field("amount_eur").type) == "decimal128(18, 2)"
    assert table.schema.field("amount_eur").metadata[b"unit_en"] == b"euros"


def test_the_csv_holds_every_posting_in_order(ledger: Run, tmp_path: Path) -> None:
    rows = [*csv.DictReader(StringIO(exported(ledger, tmp_path / "books.csv", "csv").decode(), newline=""))]
    places = [(int(row["partition"]), int(row["sequence"]), int(row["line"])) for row in rows]
    assert places == sorted(set(places))
    voted = [row["amount_eur"] for row in rows if row["credit_account"] == "Equity:CDC:CV219:2016:CreditsOuverts"]
    assert voted == ["90000.00"]
    total = json.loads(ledger("balance", "--json").shown)["debit_cents"]
    assert sum(Decimal(row["amount_eur"]) for row in rows) * 100 == total


def checked(file: Path) -> subprocess.CompletedProcess[str]:
    """What beancount's own checker says."""
    return subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-m", "beancount.scripts.check", "--no-cache", str(file)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_beancounts_own_checker_accepts_the_books(ledger: Run, tmp_path: Path) -> None:
    content = exported(ledger, tmp_path / "books.beancount", "beancount").decode()
    found = checked(tmp_path / "books.beancount")
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    assert len(re.findall(r"(?m)^\S+ balance ", content)) == 4 * len(NAMES)
    rows = json.loads(ledger("balance", "--json").shown)["rows"]
    [free] = [row["balance_cents"] for row in rows if (row["envelope"], row["account"]) == (CDC, "available")]
    assert f"balance Assets:CDC:CV219:2016:Disponible  {Decimal(free) / 100:.2f} ~ 0.00 EUR" in content


def test_beancounts_own_checker_refuses_one_cent(ledger: Run, tmp_path: Path) -> None:
    file = tmp_path / "books.beancount"
    content = exported(ledger, file, "beancount").decode()
    first, second = (f"  {name}  {{}}90000.0{{}} EUR" for name in ("Assets:CDC:CV219:2016:Disponible",
                     "Equity:CDC:CV219:2016:CreditsOuverts"))  # fmt: skip
    assert first.format("", 0) in content
    file.write_text(content.replace(first.format("", 0), first.format("", 1)))
    assert "does not balance" in checked(file).stderr
    both = content.replace(first.format("", 0), first.format("", 1)).replace(
        second.format("-", 0), second.format("-", 1)
    )
    file.write_text(both)
    assert "Balance failed" in checked(file).stderr


def test_a_posting_on_no_account_is_not_exported_and_leaves_no_file(ledger: Run, database: str, tmp_path: Path) -> None:
    change = "UPDATE posting SET debit = '{}' WHERE credit = 'voted' AND envelope_id = :name"
    at(database, lambda books: books.execute(change.format("till"), name=CDC))
    said = ledger("export", str(tmp_path / "books.csv"))
    at(database, lambda books: books.execute(change.format("available"), name=CDC))
    assert said.code == Exit.IMPOSSIBLE
    assert f"{CDC} till" in said.complained
    assert list(tmp_path.iterdir()) == []


def test_an_export_into_no_folder_is_misuse(ledger: Run, tmp_path: Path) -> None:
    assert ledger("export", str(tmp_path / "nowhere" / "books.csv")).code == Exit.MISUSED
