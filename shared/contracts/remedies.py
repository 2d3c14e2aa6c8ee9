"""What is wrong with a field and how to mend it, in words; pydantic alone shows a pattern to who wrote a sentence."""

from functools import cache
from typing import Annotated, Any, get_origin

from pydantic import TypeAdapter
from pydantic_core import ErrorDetails

from shared.contracts import fields

WHOLE = "write a whole number, without quotes or decimal point"
IN_WORDS = {
    "missing": "is missing: add it",
    "extra_forbidden": "is not known here: remove it, or mend its spelling",
    "uuid_parsing": "not a UUID",
    "uuid_type": "not a UUID",
    "int_type": WHOLE,
    "int_parsing": WHOLE,
    "int_from_float": WHOLE,
}
BOUNDS = {"greater_than_equal": "write {ge} or more", "less_than_equal": "write {le} or less"}


def remedy(problem: ErrorDetails) -> str:
    """Say how to mend what pydantic found, without the value, which may name a person."""
    if problem["type"] in IN_WORDS:
        return IN_WORDS[problem["type"]]
    context = problem.get("ctx", {})
    if problem["type"] in BOUNDS:
        return BOUNDS[problem["type"]].format(**context)
    said = problem["msg"].removeprefix("Value error, ")
    looks = _forms().get(context.get("pattern", ""))
    return f"write it like {looks}: {said}" if looks else said


@cache
def _forms() -> dict[str, str]:
    """Give each pattern of the fields an example and what it is, as the schema of the first that has it says."""
    kinds = [TypeAdapter(kind).json_schema() for kind in vars(fields).values() if get_origin(kind) is Annotated]
    return {kind["pattern"]: _form(kind) for kind in reversed(kinds) if {"pattern", "examples"} <= kind.keys()}


def _form(kind: dict[str, Any]) -> str:
    what = kind["description"].partition(";")[0].rstrip(".")
    return f"{kind['examples'][0]} ({what})"
