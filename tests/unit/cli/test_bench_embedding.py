import pytest
from rich.console import Console

from cocite.cli.bench_embedding import demo_texts, print_measured
from cocite.core.settings import Settings
from support.measured_embedding import measured


def test_texts_are_different_papers_of_the_demo_corpus(fetched: Settings) -> None:
    texts = demo_texts(50, seed=1)
    assert len(set(texts)) == 50
    assert texts == demo_texts(50, seed=1) != demo_texts(50, seed=2)
    assert any(len(text) > 800 for text in texts)  # with its abstract
    assert all(text.strip() for text in texts)


def test_every_ratio_and_figure_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    found = measured()
    print_measured(Console(width=80), found)
    text = capsys.readouterr().out
    for name in (*found.rows(), *found.figures()):
        assert name in text
    assert "0.950" in text
