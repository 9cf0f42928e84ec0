"""The papers of a benchmark, in whatever form its corpus has them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cocite.core.errors import InvalidArgument
from cocite.core.paper import Paper
from cocite.training.bench_lines import read_lines

_YEAR = re.compile(r"\s*([1-9]\d{3})(?!\d)")
_BREAKS = re.compile(r"[\t\r\n]")
_WORD_LISTS = ("keywords", "tags", "words")
_MOST_REPEATS = 100  # of one word of a bag; keeps a wrong count from filling the memory


@dataclass(frozen=True, slots=True)
class BenchPaper:
    """A paper, and its sentences as (label, text), where the corpus has them one by one; "" for no label."""

    paper: Paper
    sentences: tuple[tuple[str, str], ...] = ()

    def facet(self, label: str) -> str:
        """What its sentences of a label say, "" where none bears it."""
        return " ".join(text for other, text in self.sentences if label and other == label).strip()


def read_papers(path: Path) -> dict[str, BenchPaper]:
    """Papers by id, from one JSON object a line. Ids are opaque strings, and all else may be absent or null.

    Text comes as title and abstract; as title and sentences, [[facet, sentence], ...]; as text; or as a bag of words
    in keywords, tags or words: a list of words, a list of [word, count], an object of counts, or a string. A year
    that is no number of four digits is unknown. Raises InvalidArgument with file and line for what is no paper, or
    is there twice.
    """
    papers: dict[str, BenchPaper] = {}
    for number, line in read_lines(path):
        try:
            found = _paper(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise InvalidArgument(f"{path}, line {number}: not a paper ({error!r})", field="bench_dir") from error
        paper_id = found.paper.paper_id
        if paper_id in papers:
            raise InvalidArgument(f"{path}, line {number}: {paper_id!r} is there twice", field="bench_dir")
        papers[paper_id] = found
    return papers


def _paper(raw: dict[str, Any]) -> BenchPaper:
    sentences = _sentences(raw.get("sentences") or ())
    year = _YEAR.match(str(raw.get("year")))
    paper = Paper(
        paper_id=_id(raw["id"]),
        title=_text(raw.get("title")),
        abstract=_text(raw.get("abstract")) or _text(raw.get("text")) or " ".join(text for _, text in sentences),
        year=int(year[1]) if year else None,
        venue=_text(raw.get("venue")),
        keywords=tuple(word for name in _WORD_LISTS for word in _words(raw.get(name) or ())),
    )
    return BenchPaper(paper, sentences)


def _id(value: Any) -> str:
    if value is None or isinstance(value, (list, dict)) or not str(value) or _BREAKS.search(str(value)):
        raise ValueError(f"{value!r} is no id")
    str(value).encode()  # an id with half a character in it could not be written
    return str(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value).encode(errors="replace").decode()


def _sentences(sentences: Any) -> tuple[tuple[str, str], ...]:
    pairs = (("", each) if isinstance(each, str) else each for each in sentences)
    return tuple((_text(label), _text(sentence)) for label, sentence in pairs)


def _words(bag: Any) -> Iterator[str]:
    if isinstance(bag, str):
        yield _text(bag)
        return
    for each in bag.items() if isinstance(bag, dict) else bag:
        word, count = each if isinstance(each, (list, tuple)) else (each, 1)
        yield from [_text(word)] * max(1, min(int(count), _MOST_REPEATS))
