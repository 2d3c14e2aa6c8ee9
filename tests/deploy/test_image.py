"""deploy/Dockerfile takes what is there, installs what the services need and no more, and runs as nobody."""

import importlib.util
import re
import tomllib
from collections.abc import Collection
from importlib.metadata import requires
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from fabrique.stack.addresses import SERVICES
from tests.deploy.files import ROOT, ours

DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()


def load_filter() -> ModuleType:
    """The script that the image's build runs."""
    spec = importlib.util.spec_from_file_location("runtime_lock", ROOT / "deploy/runtime_lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def closure(name: str, extras: Collection[str], found: set[str]) -> set[str]:
    """A distribution and all that it needs, as the installed ones say themselves."""
    found.add(canonicalize_name(name))
    for line in requires(name) or []:
        wanted = Requirement(line)
        asked = wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        if asked and (wanted.extras or canonicalize_name(wanted.name) not in found):
            closure(wanted.name, wanted.extras, found)
    return found


def kept() -> str:
    """The part of the lock that the image installs."""
    extra = PROJECT["project"]["optional-dependencies"]["parquet"]
    wanted = [*PROJECT["project"]["dependencies"], *extra, *PROJECT["build-system"]["requires"]]
    return str(load_filter().needed(LOCK, wanted))


def names(lock: str) -> set[str]:
    """The distributions that a lock pins."""
    return set(re.findall(r"(?m)^([A-Za-z0-9._-]+)==", lock))


def test_the_image_has_all_that_the_services_need() -> None:
    needed: set[str] = set()
    for line in PROJECT["project"]["dependencies"]:
        closure(Requirement(line).name, Requirement(line).extras, needed)
    assert {"aiokafka", "cramjam", "greenlet"} <= needed
    assert needed <= names(kept())


def test_the_image_has_nothing_that_only_develops_or_embeds() -> None:
    extras = [line for lines in PROJECT["project"]["optional-dependencies"].values() for line in lines]
    others = {canonicalize_name(Requirement(line).name) for line in extras} - {"editables", "hatchling", "pyarrow"}
    embedded = PROJECT["project"]["optional-dependencies"]["embedded"]
    assert {canonicalize_name(Requirement(line).name) for line in embedded} <= names(LOCK)
    assert names(kept()) & others == set()
    assert set(re.findall(r"requirements\S*\.lock", DOCKERFILE)) == {"requirements.lock"}


def test_every_pin_of_the_image_is_one_of_the_lock_with_its_hashes() -> None:
    pins = [pin for pin in re.split(r"(?m)^(?=[A-Za-z0-9])", kept()) if pin]
    assert len(pins) == len(names(kept()))
    assert all(pin in LOCK and "--hash=sha256:" in pin for pin in pins)
    assert "--require-hashes" in DOCKERFILE


def test_a_dependency_that_is_not_pinned_is_refused() -> None:
    with pytest.raises(LookupError, match="nowhere"):
        load_filter().needed(LOCK, ["nowhere>=1"])


def test_every_source_is_there_and_goes_to_the_engine() -> None:
    copied = [
        words for line in re.findall(r"(?m)^COPY (.*)$", DOCKERFILE) if not (words := line.split())[0].startswith("-")
    ]
    sources = {source for *sources, _ in copied for source in sources}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert next(line for line in ignored if not line.startswith("#")) == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == sources
    assert all((ROOT / source).exists() for source in sources)
    assert {"shared", "services", "fabrique"} <= sources


def test_all_packages_of_the_project_are_in_the_image() -> None:
    for package in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert f"COPY {package} {package}\n" in DOCKERFILE


def test_both_stages_have_the_python_of_the_project() -> None:
    bases = re.findall(r"(?m)^FROM (\S+)", DOCKERFILE)
    assert bases == ["python:3.11-slim-bookworm"] * 2


def test_the_image_runs_as_nobody() -> None:
    (user,) = re.findall(r"(?m)^USER (\d+):(\d+)$", DOCKERFILE)
    assert all(int(number) >= 10_000 for number in user)
    assert all("user" not in service for service in ours().values())


def test_compose_builds_this_image_once_and_fetches_it_nowhere() -> None:
    """Engines build services side by side: a second build of the same name fails, for the name exists already."""
    built = {name: service["build"] for name, service in ours().items() if "build" in service}
    assert built == {"migrate": {"context": ".", "dockerfile": "deploy/Dockerfile"}}
    assert {service["pull_policy"] for service in ours().values()} == {"never"}


def test_whoever_waits_for_the_jobs_waits_for_the_image() -> None:
    assert all("migrate" in ours()[name]["depends_on"] for name in SERVICES)
    assert "profiles" not in ours()["migrate"]
