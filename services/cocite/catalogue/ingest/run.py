"""Reads files of records into a catalogue.

Records go in by the batch. Each batch is one transaction that holds its records and the checkpoint behind them, so a
run that ends at any moment, by a signal or a power cut, goes on from its last batch when it is called again with the
same files. A run over files already read leaves the catalogue as it is: it stores nothing and counts the records
unchanged, but for those that say of a paper what another of the same files contradicts; these are merged anew, the
last one wins again.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from cocite.catalogue.ingest import arxiv, bibtex, checkpoint, jsonl, openalex, s2
from cocite.catalogue.ingest.checkpoint import Checkpoint
from cocite.catalogue.ingest.files import expand
from cocite.catalogue.ingest.format import Format, Row
from cocite.catalogue.ingest.rejects import RejectsFile
from cocite.catalogue.ingest.source import Source, fingerprint, open_source
from cocite.catalogue.ingest.summary import Summary
from cocite.catalogue.ingest.taking import parse_row, take
from cocite.catalogue.records import Record
from cocite.catalogue.store import Catalogue
from cocite.core.errors import InvalidArgument

BATCH_ROWS = 1000
BATCH_BYTES = 32 << 20

_DETECT: dict[str, Callable[[Source, str | None], Format]] = {
    "openalex": openalex.detect,
    "s2": s2.detect,
    "arxiv": arxiv.detect,
    "bibtex": bibtex.detect,
    "jsonl": jsonl.detect,
}
KINDS = tuple(_DETECT)
_TAKES_LOCAL = ("jsonl", "bibtex")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: bytes of all files as they lie on disk, records so far."""

    bytes_read: int
    bytes_total: int
    records: int


def ingest(
    catalogue: Catalogue,
    kind: str,
    paths: Sequence[Path],
    *,
    rejects_path: Path | None = None,
    rejects_dir: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    scheme: str | None = None,
    batch_rows: int = BATCH_ROWS,
) -> Summary:
    """Read files and folders of one kind (KINDS) into the catalogue; what became of every record.

    rejects_path: where rejected records are listed (RejectsFile); without it a file in rejects_dir that is named by
    what is read, so that no two runs share one; without either they are only counted. A run that was cut off and
    whose list is no longer what it wrote begins anew, so that the list is whole. progress is called after each batch.
    scheme: "local" to take bare ids as local: ids (clean_id; kinds jsonl and bibtex); without it records whose ids
    fit no scheme are rejected.
    Raises InvalidArgument for files that are not what they claim, Unavailable when the catalogue does not answer.
    """
    if kind not in KINDS:
        raise InvalidArgument(f"{kind!r} is no kind of file", hint=f"kinds are {', '.join(KINDS)}", field="kind")
    if scheme is not None and (scheme != "local" or kind not in _TAKES_LOCAL):
        raise InvalidArgument(
            f"scheme {scheme!r} does not go with {kind}",
            hint=f"only local is possible, for {' and '.join(_TAKES_LOCAL)}",
            field="scheme",
        )
    files = expand(kind, paths)
    run = _Run(catalogue, kind, files, scheme, batch_rows, progress)
    if rejects_path is None and rejects_dir is not None:
        rejects_dir.mkdir(parents=True, exist_ok=True)
        rejects_path = rejects_dir / f"{kind}-{run.source[:16]}.jsonl"
    return run.go(rejects_path)


class _Run:
    def __init__(
        self,
        catalogue: Catalogue,
        kind: str,
        files: Sequence[Path],
        scheme: str | None,
        batch_rows: int,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._catalogue = catalogue
        self._detect = _DETECT[kind]
        self._files = files
        self._sizes = [file.stat().st_size for file in files]
        self._scheme = scheme
        self._batch_rows = batch_rows
        self._progress = progress
        named = "\n".join([kind, scheme or "", *map(fingerprint, files)])
        self.source = hashlib.sha256(named.encode()).hexdigest()

    def go(self, rejects_path: Path | None) -> Summary:
        with self._catalogue.reading() as connection:
            state = checkpoint.load(connection, self.source) or Checkpoint()
        # All files are looked at first: one that is not what it claims is refused before anything is stored.
        for file in self._files[state.file_count :]:
            self._format(file)
        with RejectsFile(rejects_path, self._files) as rejects:
            if not rejects.resume(state.rejects_size, state.rejects_digest):
                state = Checkpoint()
            state.summary.resumed = state.summary.read > 0
            state.summary.rejects_file = str(rejects_path or "")
            while state.file_count < len(self._files):
                self._read_file(self._files[state.file_count], state, rejects)
        with self._catalogue.writing() as connection:
            checkpoint.clear(connection, self.source)
        return state.summary

    def _format(self, file: Path) -> Format:
        with open_source(file) as source:
            return self._detect(source, self._scheme)

    def _read_file(self, file: Path, state: Checkpoint, rejects: RejectsFile) -> None:
        form = self._format(file)
        with open_source(file) as source:
            rows = islice(form.rows(source), state.row_count, None)
            for batch in _batches(rows, self._batch_rows):
                parsed = [parse_row(form.parse, row) for row in batch]
                self._store(file, batch, parsed, state, rejects)
                self._report(source.bytes_read, state)
        state.file_count += 1
        state.row_count = 0

    def _store(
        self, file: Path, batch: list[Row], parsed: list[Record | str], state: Checkpoint, rejects: RejectsFile
    ) -> None:
        with self._catalogue.writing() as connection:
            take(connection, str(file), batch, parsed, state.summary, rejects)
            state.row_count += len(batch)
            state.rejects_size, state.rejects_digest = rejects.sync()
            checkpoint.save(connection, self.source, state)

    def _report(self, bytes_read: int, state: Checkpoint) -> None:
        if self._progress is not None:
            done = sum(self._sizes[: state.file_count]) + bytes_read
            self._progress(Progress(done, sum(self._sizes), state.summary.read))


def _batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    batch: list[Row] = []
    held = 0
    for row in rows:
        batch.append(row)
        held += row.size
        if len(batch) >= size or held >= BATCH_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
