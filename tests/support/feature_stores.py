"""What stands around the feature caches in tests: a clock, papers and where they come from."""

from collections.abc import Sequence

from cocite.core.errors import Unavailable
from cocite.core.paper import Paper
from cocite.serving.deadline import Deadline

PATIENT_S = 5.0  # longer than any pause of a busy machine: only what is truly stopped runs into it
HASTY_S = 0.05


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class MemorySource:
    """Papers from a dict, or no answer; remembers what it was asked."""

    def __init__(self, papers: dict[str, Paper]) -> None:
        self.papers = papers
        self.asked: list[list[str]] = []
        self.down = False

    def get_papers(self, ids: Sequence[str], deadline: Deadline) -> dict[str, Paper]:
        self.asked.append(list(ids))
        if self.down:
            raise Unavailable("the catalogue does not answer")
        return {paper_id: self.papers[paper_id] for paper_id in ids if paper_id in self.papers}


SMALL = Paper(
    paper_id="doi:10.1002/asi.4630240406",
    title="Co-citation in the scientific literature",
    abstract="A new form of document coupling called co-citation.",
    authors=("Henry Small",),
    year=1973,
    venue="JASIS",
    aliases=("openalex:W2018251344",),
    keywords=("bibliometrics",),
    fields=("Decision Sciences",),
    citation_count=7,
    reference_count=3,
)
KESSLER = Paper(paper_id="doi:10.1002/asi.5090140103", title="Bibliographic coupling between scientific papers")
