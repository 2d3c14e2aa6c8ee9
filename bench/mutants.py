"""Breaks the funding domain in one place after another, and names what no test notices: `make mutants`.

docs/mutation-testing.md says how to read it. Runs in an environment of its own, on a copy of the project.
"""

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOMAIN = Path("services/funding/domain")
COPY = ROOT / ".mutants"
COPIED = ("services", "shared", "fabrique", "tests", "bench", "docs", "pyproject.toml", "README.md")
WORDS_ALONE = ("explanation_words.py",)
"""Tables of sentences: a changed word is a matter for whoever reads it, and no function decides there."""
CONFIGURATION = """
[tool.mutmut]
source_paths = ["services/funding/domain"]
also_copy = ["services", "shared", "fabrique", "bench", "docs", "README.md"]
pytest_add_cli_args = ["-p", "bench.mutants_order"]
pytest_add_cli_args_test_selection = ["tests/domain/funding"]
do_not_mutate = [{left_alone}]
timeout_multiplier = 2.0
timeout_constant = 10.0
use_git_change_detection = false
"""
SURVIVED, UNSEEN, UNTOLD = 0, 33, None
MEANING = {SURVIVED: "lives", UNSEEN: "not met", UNTOLD: "not run"}
"""How the tests ended with a mutant; any other way, they noticed it (failed, or did not end)."""


def main() -> None:
    """Copy the project, run mutmut on what is asked, and print the score of each file and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="files of the domain; without any, all of them")
    parser.add_argument("--children", type=int, default=1, help="mutants tried at once")
    parser.add_argument("--again", action="store_true", help="keep the last run, and try again what survived")
    asked = parser.parse_args()
    if not asked.again:
        shutil.rmtree(COPY, ignore_errors=True)
    names = [path.name for path in asked.files or sorted(DOMAIN.glob("[a-z]*.py")) if path.name not in WORDS_ALONE]
    copy_project()
    wanted = list(survivors(names)) if asked.again else [f"{dotted(name)}.*" for name in names if breakable(name)]
    if wanted:
        mutmut("run", "--max-children", str(asked.children), *wanted)
    report(names)


def copy_project() -> None:
    """Copy what the tests of the domain need; there, properties are methods, which mutmut breaks as well."""
    COPY.mkdir(exist_ok=True)
    for name in COPIED:
        origin = ROOT / name
        if origin.is_dir():
            shutil.copytree(origin, COPY / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(origin, COPY / name)
    for path in (COPY / DOMAIN).glob("*.py"):
        path.write_text(without_property_decorators(path.read_text()))
    left_alone = ", ".join(f'"{DOMAIN / name}"' for name in WORDS_ALONE)
    with (COPY / "pyproject.toml").open("a") as file:
        file.write(CONFIGURATION.format(left_alone=left_alone))


def without_property_decorators(source: str) -> str:
    """Write each property as a method `read_…` and `property(read_…)`: mutmut leaves decorated functions alone."""
    lines = source.splitlines()
    for node in sorted(ast.walk(ast.parse(source)), key=lambda node: -getattr(node, "lineno", 0)):
        if isinstance(node, ast.FunctionDef) and [ast.unparse(each) for each in node.decorator_list] == ["property"]:
            indent = " " * node.col_offset
            lines.insert(node.end_lineno or node.lineno, f"\n{indent}{node.name} = property(read_{node.name})")
            lines[node.lineno - 1] = lines[node.lineno - 1].replace(f"def {node.name}(", f"def read_{node.name}(")
            del lines[node.decorator_list[0].lineno - 1]
    return "\n".join(lines) + "\n"


def breakable(name: str) -> bool:
    """Whether a file holds a function at all."""
    return any(isinstance(node, ast.FunctionDef) for node in ast.walk(ast.parse((ROOT / DOMAIN / name).read_text())))


def dotted(name: str) -> str:
    """The module of a file of the domain."""
    return ".".join((DOMAIN / name).with_suffix("").parts)


def mutmut(*arguments: str) -> None:
    """Run mutmut in the copy; what it draws while it runs is for a terminal."""
    settings = {"FABRIQUE_LIVES": "10", "PYTHONPATH": "."}
    command = [str(Path(sys.executable).parent / "mutmut"), *arguments]
    subprocess.run(command, cwd=COPY, env=os.environ | settings, check=True)


def answers(name: str) -> dict[str, int | None]:
    """How the tests ended with each mutant of a file: 0 when none noticed."""
    told = COPY / "mutants" / DOMAIN / f"{name}.meta"
    found: dict[str, int | None] = json.loads(told.read_text())["exit_code_by_key"] if told.exists() else {}
    return found


def survivors(names: list[str]) -> Iterator[str]:
    """Name the mutants that no test noticed, and those that no test met."""
    for name in names:
        yield from (mutant for mutant, answer in answers(name).items() if answer in MEANING)


def report(names: list[str]) -> None:
    """Print what each mutant that lives is, then the score of each file and of all."""
    for mutant in survivors(names):
        shown = subprocess.run(
            [str(Path(sys.executable).parent / "mutmut"), "show", mutant],
            cwd=COPY, capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip
        changed = [line for line in shown.splitlines() if re.match(r"[-+](?![-+])", line)]
        print(mutant, *changed, sep="\n  ")
    total: Counter[str] = Counter()
    print(f"\n{'file':<22}{'mutants':>8}{'noticed':>8}{'lives':>8}{'not met':>8}{'not run':>8}")
    for name in names:
        found = answers(name)
        counts = Counter(
            {SURVIVED: "lives", UNSEEN: "not met", UNTOLD: "not run"}.get(a, "noticed") for a in found.values()
        )
        total += counts
        print_line(name, counts)
    print_line("all", total)


def print_line(name: str, counts: Counter[str]) -> None:
    """Print the figures of a file."""
    figures = [counts.total(), *(counts[key] for key in ("noticed", "lives", "not met", "not run"))]
    tried = counts.total() - counts["not run"]
    score = f"{100 * counts['noticed'] / tried:6.1f} %" if tried else ""
    print(f"{name:<22}" + "".join(f"{figure:>8}" for figure in figures) + f"  {score}")


if __name__ == "__main__":
    main()
