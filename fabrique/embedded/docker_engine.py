"""Asks the machine's Docker engine, through its command line and never for longer than a bound."""

from fabrique.embedded.processes import run
from fabrique.embedded.progress import Report

ANSWER_SECONDS_MAX = 10
PULL_SECONDS_MAX = 120


def docker(*words: str, seconds: float = ANSWER_SECONDS_MAX) -> str | None:
    """What `docker` prints, None when it is not there, fails, or does not answer in time."""
    asked = run(["docker", *words], seconds=seconds)
    return asked.printed if asked.ok else None


def engine_version() -> str | None:
    """The engine's version, None when no engine answers (the command line alone is not an engine)."""
    return docker("version", "--format", "{{.Server.Version}}") or None


def has_image(image: str) -> bool:
    """Whether the engine holds the image already."""
    return docker("image", "inspect", "--format", "{{.Id}}", image) is not None


def get_image(image: str, report: Report) -> bool:
    """Whether the image is here, pulled now if need be."""
    if has_image(image):
        return True
    report(f"Docker: pulling {image}, once, for at most {PULL_SECONDS_MAX} s")
    return docker("pull", "--quiet", image, seconds=PULL_SECONDS_MAX) is not None
