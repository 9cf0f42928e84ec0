"""What the doctor found, as a table and as JSON."""

from collections.abc import Sequence
from typing import Any

from cocite.cli.doctor_findings import Finding, State
from cocite.cli.output import note, print_table, stdout
from cocite.cli.tables import text_of
from cocite.cli.words import counted

_STYLES = {State.GOOD: "green", State.NOTICE: "yellow", State.WRONG: "bold red"}


def print_findings(found: Sequence[Finding]) -> None:
    """One line for what is good, with what to do below what is not; a sum on stderr."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("what", no_wrap=True)
    table.add_column("how it is, and what to do", overflow="fold")
    for each in found:
        said = text_of(each.said)
        if each.do:
            said.append("\n→ ").append_text(text_of(each.do))
        table.add_row(Text(each.state, _STYLES[each.state]), each.what, said)
    print_table(stdout(), table)
    bad = sum(each.state is State.WRONG for each in found)
    better = sum(each.state is State.NOTICE for each in found)
    if bad or better:
        note(f"{counted(bad, 'thing is', 'things are')} wrong, {better} better mended")
    else:
        note("all is well")


def findings_as_json(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [{"what": each.what, "state": str(each.state), "said": each.said, "do": each.do} for each in found]
