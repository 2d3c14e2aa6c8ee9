"""`reconcile`: do the books balance?"""

import asyncio

import typer
from rich.markup import escape
from rich.table import Table

from fabrique.commands.screen import Exit, out
from fabrique.reconcile import Finding, reconcile
from fabrique.stack.addresses import Addresses, find
from fabrique.stack.folder import state_folder

SHOWN_MAX = 10


def reconcile_command() -> None:
    """Fold the topics as a plain consumer and compare with all the rest.

    The rest is the databases, the compacted topics and what the services answer, to the cent. Ends with 1 and says
    where when anything differs. Run it when nothing is being told: what is still on its way is a difference too.
    """
    raise typer.Exit(asyncio.run(reconciled(find(state_folder()))))


async def reconciled(found: Addresses) -> Exit:
    """Compare, show what was compared, and say whether the books balance."""
    findings = await reconcile(found)
    out.print(_table(findings))
    for finding in findings:
        for difference in finding.differences[:SHOWN_MAX]:
            out.print(f"[bad]{escape(finding.name)}:[/] {escape(difference)}", soft_wrap=True)
        if len(finding.differences) > SHOWN_MAX:
            out.print(f"[bad]{escape(finding.name)}:[/] and {len(finding.differences) - SHOWN_MAX} more")
    balanced = not any(finding.differences for finding in findings)
    out.print("[good]The books balance.[/]" if balanced else "[bad]The books do not balance.[/]")
    return Exit.DONE if balanced else Exit.FOUND


def _table(findings: list[Finding]) -> Table:
    table = Table(title="Reconciliation", title_justify="left", box=None)
    for column in ("compared", "items", "differences"):
        table.add_column(column, justify="left" if column == "compared" else "right")
    for finding in findings:
        style = "bad" if finding.differences else "good"
        table.add_row(finding.name, str(finding.compared), f"[{style}]{len(finding.differences) or '–'}[/]")
    return table
