"""BibTeX, of files that are ingested and of drafts that are pasted: rows are records, or rejected for a reason."""

from cocite.catalogue.ingest import bibtex
from cocite.recommender.references_text import MOST_ENTRIES, entries_of
from fuzz.sources import take_all

SEEDS = [
    b"@article{a, title={A {Title} of \\'e}, author={Ann Lee and {The Group} and others}, year=2020, doi={10.1000/1}}",
    b'@string{j = "Journal"}\n@inproceedings(b, booktitle = j # " x", eprint = "1706.03762", archiveprefix=arXiv)',
    b"@comment{x}\n@book{c,\n  url = {https://doi.org/10.1000/a\\_b},\n  date = {2020-02-30/..}, keywords={a; b,c}\n}",
    b"@misc{d, title={one, year=1}\n@misc{e, pmid=17, title = {$x^2$ -- ``q''}}",
    b"References\n\n[1] A. Lee. A title. doi:10.1000/1\n[2] arXiv:1706.03762v2",
]


def check(data: bytes) -> None:
    take_all(data, bibtex.detect, None)
    take_all(data, bibtex.detect, "local")
    entries = entries_of(data.decode("utf-8", "replace"))
    assert len(entries) <= MOST_ENTRIES
    for entry in entries:
        entry.shown.encode()
