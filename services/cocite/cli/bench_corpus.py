"""cocite bench corpus"""

from typing import Annotated

import typer


def corpus(
    papers: Annotated[int, typer.Option(help="How many papers.")] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same corpus.")] = 0,
) -> None:
    """Fill an empty home directory with a synthetic corpus to train on, for tests of scale."""
    from cocite.cli.output import print_result, progress_bars
    from cocite.core.settings import load_settings
    from cocite.synthetic.corpus import SyntheticCorpus
    from cocite.training.synthetic_home import fill_home

    settings = load_settings()
    made = SyntheticCorpus.of(papers, seed)
    with progress_bars() as report:
        fill_home(made, settings, report)
    print_result(f"{papers:,} papers, {made.references.rows.size:,} citations in {settings.home}")
