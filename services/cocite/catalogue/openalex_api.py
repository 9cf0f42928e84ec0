"""Works from OpenAlex's API into a file that the openalex importer reads.

Polite: few requests a second, the waits the server asks for are kept, retries are few. The file is a cache: the same
question asked again takes no request. What was fetched before an interruption is kept, and the next call goes on from
the last page.
"""

import fcntl
import gzip
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from cocite.catalogue.openalex_http import Api
from cocite.core.errors import InvalidArgument, NotFound, Unavailable

PAGE = 100  # the most that the API gives at once
MAX_WORKS = 100_000
MAX_QUESTION = 2_000
SELECT = (
    "id,doi,ids,title,display_name,publication_year,publication_date,authorships,primary_location,locations,"
    "abstract_inverted_index,referenced_works,keywords,concepts,topics,cited_by_count"
)
_FILTER = re.compile(r"[a-z][a-z0-9_.]*:[^,]+(,[a-z][a-z0-9_.]*:[^,]+)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """Which works: a filter in OpenAlex's syntax (most cited first), or a topic phrase (most relevant first), or both.

    Raises InvalidArgument when neither is given or one is malformed.
    """

    filter: str = ""
    topic: str = ""
    limit: int = 3000

    def __post_init__(self) -> None:
        if not self.filter and not self.topic.strip():
            raise InvalidArgument("neither a filter nor a topic is given", field="filter")
        for name, text in (("filter", self.filter), ("topic", self.topic)):
            if len(text) > MAX_QUESTION or not all(char.isprintable() for char in text):
                raise InvalidArgument(f"the {name} is too long or holds control characters", field=name)
        if self.filter and not _FILTER.fullmatch(self.filter):
            raise InvalidArgument(
                f"{self.filter[:60]!r} is no OpenAlex filter",
                hint="write it as attribute:value,attribute:value, such as publication_year:2020,topics.id:T10102",
                field="filter",
            )
        if not 1 <= self.limit <= MAX_WORKS:
            raise InvalidArgument(f"the limit is not between 1 and {MAX_WORKS}", field="limit")

    def parameters(self) -> dict[str, str]:
        """Query parameters, the cursor apart."""
        chosen = {"select": SELECT, "per_page": str(min(PAGE, self.limit))}
        chosen["sort"] = "relevance_score:desc" if self.topic else "cited_by_count:desc"
        if self.filter:
            chosen["filter"] = self.filter
        if self.topic:
            chosen["search"] = self.topic
        return chosen


@dataclass(frozen=True, slots=True)
class _State:
    """How far an unfinished file is: cursor of the next page, works and bytes written."""

    cursor: str = "*"
    works: int = 0
    size: int = 0


def works_path(api: Api, question: Question, folder: Path) -> Path:
    """Where in folder fetch_works keeps the answer to a question."""
    asked = orjson.dumps([api.url, asdict(question), SELECT])
    return folder / f"openalex-{hashlib.sha256(asked).hexdigest()[:16]}.jsonl.gz"


def fetch_works(
    api: Api,
    question: Question,
    folder: Path,
    *,
    refresh: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Path of a gzip file in folder with the works one a line, fetched unless it is there already.

    progress is called after each page with the works so far and the most there can be. refresh asks anew; the file
    that is there stays until the new one is whole. Raises InvalidArgument when OpenAlex refuses the question, NotFound
    when no work fits it, Unavailable when the API does not answer; a later call then goes on where this one stopped.
    """
    done = works_path(api, question, folder)
    if done.is_file() and not refresh:
        return done
    folder.mkdir(parents=True, exist_ok=True)
    name = done.name.removesuffix(".jsonl.gz")
    with _locked(folder / f"{name}.lock"):
        part, state = folder / f"{name}.part", folder / f"{name}.state"
        if refresh:
            state.unlink(missing_ok=True)  # what an earlier call left unfinished is old too
        if refresh or not done.is_file():
            _fetch_pages(api, question, part, state, progress)
            if not part.stat().st_size:
                part.unlink()
                raise NotFound("OpenAlex knows no work that fits", hint="ask for something wider")
            _compress(part, done)
            part.unlink()
            state.unlink(missing_ok=True)
    return done


def _fetch_pages(
    api: Api, question: Question, part: Path, state_path: Path, progress: Callable[[int, int], None] | None
) -> None:
    state = _load(state_path)
    with part.open("r+b" if state.size and part.exists() else "wb") as output:
        if os.fstat(output.fileno()).st_size < state.size:
            state = _State()
        output.truncate(state.size)
        output.seek(state.size)
        while state.cursor and state.works < question.limit:
            page = api.get_works({**question.parameters(), "cursor": state.cursor})
            works = page.works[: question.limit - state.works]
            if page.next_cursor == state.cursor:
                raise Unavailable("OpenAlex gives the same page again and again")
            output.writelines(orjson.dumps(work) + b"\n" for work in works)
            output.flush()
            os.fsync(output.fileno())
            cursor = page.next_cursor if works else ""
            state = _State(cursor, state.works + len(works), output.tell())
            _save(state_path, state)
            if progress is not None:
                progress(state.works, min(question.limit, page.count))


def _load(path: Path) -> _State:
    try:
        value: Any = orjson.loads(path.read_bytes())
        return _State(str(value["cursor"]), int(value["works"]), int(value["size"]))
    except (OSError, ValueError, KeyError, TypeError):
        return _State()  # nothing usable: begin anew


def _save(path: Path, state: _State) -> None:
    new = path.with_suffix(".state.new")
    new.write_bytes(orjson.dumps(asdict(state)))
    new.replace(path)


def _compress(part: Path, done: Path) -> None:
    new = done.with_suffix(".new")
    with part.open("rb") as source, gzip.open(new, "wb", compresslevel=6) as packed:
        shutil.copyfileobj(source, packed, 1 << 20)
    new.replace(done)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time fetches a file."""
    with path.open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
