"""Shows how far a download is: a bar on a terminal, a line at each quarter elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

Report = Callable[[str], None]
Advance = Callable[[int], None]


def silent(_: str) -> None:
    """A report that nobody wants to hear."""


@contextmanager
def downloading(title: str, total_bytes: int, report: Report, console: Console | None = None) -> Iterator[Advance]:
    """Give a function to call with the number of bytes that just arrived."""
    screen = console or Console(stderr=True)
    if not screen.is_terminal:
        yield _quarters(title, total_bytes, report)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(title, total=total_bytes)
        yield lambda count: bar.update(task, advance=count)


def _quarters(title: str, total_bytes: int, report: Report) -> Advance:
    received = said = 0

    def advance(count: int) -> None:
        nonlocal received, said
        received += count
        quarter = min(4, received * 4 // max(1, total_bytes))
        if quarter > said:
            said = quarter
            report(f"{title}: {quarter * 25} % of {total_bytes / 1e6:.0f} MB")

    return advance
