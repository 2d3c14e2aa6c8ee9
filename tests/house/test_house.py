"""What linters cannot see: where transactions end, who reads a clock, how long things are, how subscribers are made."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord
from faststream import AckPolicy

from services.funding.handlers import commitments
from shared.contracts.topics import TOPICS
from shared.database.transaction import create_engine
from shared.kernel.clock import utc_now
from shared.messaging.cluster import Router, admin_client, new_topics
from shared.messaging.reader import Reader

ROOT = Path(__file__).parents[2]
LOCKS = [(ROOT / name).read_text() for name in ("requirements.lock", "requirements-dev.lock")]
PIN = re.compile(r"(?m)^([a-z0-9-]+==[^\\\n]*)\\\n((?: +--hash=\S+(?: \\)?\n)+)")
PACKAGES = ("fabrique", "services", "shared", "bench")
FUNCTION_LINES_MAX = 40
MODULE_LINES_MAX = 300


def modules(*folders: str) -> Iterator[Path]:
    """Yield the Python files below some folders of the project."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def own_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines without those of the functions in it (a builder of routes is many short ones)."""
    inner = [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n is not node]
    nested = {line for n in inner for line in range(n.lineno, (n.end_lineno or n.lineno) + 1)}
    return len(set(range(node.lineno, (node.end_lineno or node.lineno) + 1)) - nested)


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the last name of every call of a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield node.lineno, name


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in modules(*PACKAGES, "tests")
        for node in functions(path)
        if own_lines(node) > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_no_module_is_longer_than_an_evening() -> None:
    long = [
        str(path.relative_to(ROOT))
        for path in modules(*PACKAGES, "tests")
        if len(path.read_text().splitlines()) > MODULE_LINES_MAX
    ]
    assert long == []


def test_every_module_opens_with_what_it_is_responsible_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in modules(*PACKAGES, "tests")
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_transactions_begin_and_end_in_one_place() -> None:
    ends = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in modules("services", "shared")
        for line, name in calls(path)
        if name in {"begin", "rollback", "begin_nested"} or (name == "commit" and path.name != "reader.py")
    ]
    allowed = {"shared/database/transaction.py", "shared/database/migrations.py"}
    assert [end for end in ends if end.split(":")[0] not in allowed] == []


def test_the_domain_reads_no_clock_and_draws_no_random_number() -> None:
    forbidden = re.compile(r"\b(utc_now|datetime\.now|date\.today|time\.time|monotonic|random|uuid4|uuid7|new_id)\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for service in ("intake", "funding", "reporting")
        for path in modules(f"services/{service}/domain")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if forbidden.search(line) and not line.lstrip().startswith(("#", '"'))
    ]
    assert found == []


async def test_every_subscriber_keeps_what_it_cannot_apply() -> None:
    engine = create_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none", application_name="house")
    reader = Reader(
        "funding", [commitments], servers=["127.0.0.1:1"], engine=engine, admin=admin_client(["127.0.0.1:1"]),
        router=Router({}), clock=utc_now, instance="house",
    )  # fmt: skip
    (subscriber,) = reader.broker.subscribers
    settings = subscriber._connection_args  # type: ignore[attr-defined]
    assert subscriber.ack_policy is AckPolicy.MANUAL
    assert settings["enable_auto_commit"] is False
    assert settings["auto_offset_reset"] == "none"
    parser, decoder = subscriber._get_parser_and_decoder()  # type: ignore[attr-defined]
    hostile = (ConsumerRecord("t", 0, 0, 0, 0, None, None, None, 0, 0, (("ce_id", None), ("ce_type", b"\xff"))),)
    assert await decoder(await parser(hostile)) is hostile
    assert reader.broker.config.consumer_only
    reader.failed.cancel()
    await engine.dispose()


def test_subscribers_are_made_in_one_place_only() -> None:
    made = {
        str(path.relative_to(ROOT))
        for path in modules("services", "shared", "fabrique")
        for _, name in calls(path)
        if name in {"subscriber", "KafkaBroker"}
    }
    assert made == {"shared/messaging/reader.py"}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_is_documented_and_provisioned(topic: object) -> None:
    name = topic.name  # type: ignore[attr-defined]
    provisioned = {t.topic for t in new_topics(TOPICS, partitions=4, replication=1, min_insync=1)}
    assert name in provisioned
    assert {topic.dlq(reader) for reader in topic.readers} <= provisioned  # type: ignore[attr-defined]
    assert name in (ROOT / "docs/subscribers-guide.md").read_text()
    assert name in (ROOT / "docs/asyncapi.yaml").read_text()


def test_each_decision_says_what_would_make_us_think_again() -> None:
    wanted = ("## Context", "## Decision", "## Consequences", "## Alternatives", "## Revisit trigger", "## Enforced by")
    decisions = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert decisions
    lacking = [(path.name, part) for path in decisions for part in wanted if part not in path.read_text()]
    assert lacking == []


def test_no_file_names_a_machine_or_a_registry() -> None:
    paths = re.compile(r"(?<![\w.-])/(?:work|farm|root|home/[a-z]+)/")
    tracked = [*modules(*PACKAGES, "tests"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile", ROOT / "README.md"]
    found = [str(p.relative_to(ROOT)) for p in tracked if p != Path(__file__) and paths.search(p.read_text())]
    assert found == []
    for lock in LOCKS:
        assert "--hash=sha256:" in lock
        assert not re.search(r"https?://|--index-url|--find-links", lock)


def test_what_develops_is_pinned_on_top_of_what_runs() -> None:
    runs, develops = (dict(PIN.findall(lock)) for lock in LOCKS)
    assert len(runs) > 50
    assert runs.items() < develops.items()
