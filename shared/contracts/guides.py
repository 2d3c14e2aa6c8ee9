"""The tables of the guides that are written from the models, between two marks."""

from collections.abc import Callable, Iterable, Mapping

from shared.contracts.schemas import PARTNER, event_schema
from shared.contracts.told import TOLD
from shared.contracts.topics import TOPICS, Cleanup, Topic, dead_letter_topic, partner_topic

BEGIN = "<!-- {name}: written by `python -m shared.contracts write`, do not edit -->"
END = "<!-- end of {name} -->"
_OFTEN = ("occurred_on", "declared_at", "entrepreneur_reference", "contract")


def topics_table() -> str:
    """Say, for each topic, who owns it, its key, how it is kept and what it carries."""
    rows = [_topic_row(topic) for topic in TOPICS]
    return _table(("topic", "owner", "key", "kept", "what", "events"), rows)


def dead_letters_table() -> str:
    """Say where each reader's dead letters are."""
    sources = (*TOPICS, partner_topic("<platform>"))
    topics = [dead_letter_topic(topic, reader) for topic in sources for reader in topic.readers]
    return _table(("topic", "written by"), [(f"`{topic.name}`", topic.owner) for topic in topics])


def told_table() -> str:
    """Say, for each event that a partner may tell, what it means and which fields it has."""
    return _table(("type", "meaning", "must have", "may have"), [_told_row(name) for name in TOLD])


TABLES: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "subscribers-guide.md": {"topics": topics_table, "dead letters": dead_letters_table},
    "partners-guide.md": {"events": told_table},
}
"""The tables of each guide, by the name of their marks."""


def with_table(guide: str, name: str, table: str) -> str:
    """Return the guide with what lies between the marks replaced; LookupError when a mark is missing."""
    begin, end = BEGIN.format(name=name), END.format(name=name)
    before, opened, rest = guide.partition(begin)
    _, closed, after = rest.partition(end)
    if not (opened and closed):
        raise LookupError(f"no {begin!r} … {end!r}")
    return f"{before}{begin}\n{table}{end}{after}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _topic_row(topic: Topic) -> tuple[str, ...]:
    events = ", ".join(f"[{name}](schemas/{topic.name}/{name}.json)" for name in topic.models)
    return f"`{topic.name}`", topic.owner, topic.key, _kept(topic), topic.summary, events


def _kept(topic: Topic) -> str:
    if topic.cleanup is Cleanup.COMPACT:
        return "latest of each key"
    return "for ever" if topic.retention_days is None else f"{topic.retention_days} days"


def _told_row(name: str) -> tuple[str, ...]:
    model = TOLD[name]
    schema = event_schema(PARTNER, model)
    required = [field for field in schema["required"] if field not in _OFTEN]
    optional = [field for field in schema["properties"] if field not in schema["required"]]
    link = f"[{name}](schemas/{PARTNER}/{name}.json) ([example](schemas/examples/{PARTNER}/{name}.json))"
    return link, (model.__doc__ or "").strip(), _fields(required), _fields(optional)


def _fields(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "–"
