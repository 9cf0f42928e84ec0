"""docs/faults.md, from the results."""

from itertools import groupby
from pathlib import Path
from typing import Any

from chaos.harness.verdict import ROOT, read_results

PAGE = ROOT / "docs" / "faults.md"
HEAD = """# Faults

What happens when a part fails, measured on real processes: `make chaos` strikes each fault while 16 callers ask at
half of what the services can answer, each call with a deadline of 300 ms, and writes this page. *Without the guard* is
the negative control: the same measurement with the guard switched off, which has to break the promise. Figures that
miss their promise are in **bold**, and so is the verdict. How it is measured is told [below](#how-it-is-measured).
"""
TABLE = """
## Servers of {transport}

| fault | promise | measured | without the guard | verdict | command | measured at |
|---|---|---|---|---|---|---|
"""
FOOT = """
## How it is measured

`tests/chaos/harness` starts the embedding service, the feature service, one or two recommenders and the feed service,
each `cocite serve` in a process of its own, and a Valkey, on the 613 works of the demo. Calls are mixed: known papers
in basic and in full view, pairs of papers, texts asked before and texts nobody asked before, and readers' feeds.
Settings are the defaults, unless the fault says otherwise. A call fails when it is not answered OK within its deadline.
An answer is wrong when papers, their order or anything told of them differ from what a stage without faults answers to
the same request, and it does not say `degraded`. Latencies count from when a call was due, and are compared with those
before the fault in the same run. A measurement that misses its promise is repeated twice and the median counts, with
every measurement's figure in brackets.
"""


def page(rows: dict[tuple[str, str], dict[str, Any]]) -> str:
    """The text of the page, a table for each transport."""
    tables = [
        TABLE.format(transport=transport) + "".join(_row(rows[row]) for row in alike)
        for transport, alike in groupby(sorted(rows), key=lambda row: row[0])
    ]
    return HEAD + "".join(tables) + FOOT


def _row(row: dict[str, Any]) -> str:
    checks = row.get("checks", [])
    verdict = "not measured" if not checks else "met" if all(check["met"] for check in checks) else "**missed**"
    control = row.get("control")
    broken = "not measured" if control is None else "; ".join(control) or "**kept all the same**"
    cells = [
        row["what"],
        row["promise"],
        "; ".join(_figure(check) for check in checks),
        f"{row['guard']}: {broken}",
        verdict,
        f"`{_command(row)}`",
        f"{row['day']}, {row['commit']}",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _command(row: dict[str, Any]) -> str:
    chosen = "" if row["transport"] == "grpcio" else f" TRANSPORT={row['transport']}"
    return f'make chaos{chosen} ARGS="-k {row["key"]}"'


def _figure(check: dict[str, Any]) -> str:
    unit = f" {check['unit']}" if check["unit"] else ""
    figure = f"{check['what']} {check['measured']:.4g}{unit}"
    if len(set(check["each"])) > 1:
        figure += f" ({', '.join(f'{one:.4g}' for one in check['each'])})"
    return figure if check["met"] else f"**{figure}**"


def write(path: Path = PAGE) -> None:
    """Write it anew."""
    path.write_text(page(read_results()))


if __name__ == "__main__":
    write()
