"""Entries of a pasted reference list or of BibTeX: the ids in each, and where its title is to be found.

A list is cut where its numbers stand ([1], 1. or 1)), else at blank lines, else at the end of each line; BibTeX at
each @entry. Nothing is refused: what is no reference has no id and no title that is known.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cocite.core.ids import MAX_ID_LENGTH, try_normalise_id
from cocite.recommender.bundle import Bundle
from cocite.recommender.titles import find_title, places_of, title_hash

MOST_ENTRIES = 500
LONGEST_ENTRY = 4000  # characters read of an entry
_SHOWN = 120  # characters of it that an answer repeats
_MOST_IDS = 4

_BIBTEX = re.compile(r"^[ \t]*@[ \t]*([A-Za-z]+)[ \t]*[{(]", re.MULTILINE)
_NO_ENTRY = ("comment", "preamble", "string")
_NUMBERS = tuple(  # what numbered entries begin with; only brackets are told from other text within a line
    re.compile(pattern, re.MULTILINE)
    for pattern in (r"(?:^|(?<=\s))\[[0-9]{1,3}\](?=\s|[A-Z])", r"^[ \t]*\(?[0-9]{1,3}[.)](?=\s)")
)
_BLANK = re.compile(r"\n[ \t]*\n")
_HEADING = re.compile(  # possessive: a heading with a text's worth of spaces behind it is told in one pass
    r"\A\s*+(?:references|bibliography|literature|works cited)[^\S\n]*+:?[^\S\n]*+(?:\n|\Z)", re.IGNORECASE
)
_ID = re.compile(
    r"""https?://[^\s"<>{}|\\^`]+ | (?:\bdoi:\s*)?\b10\.[0-9]{4,9}(?:\.[0-9]{1,9}){0,4}/[^\s"<>{}|\\^`]+
    | \barxiv:\s*[\w./-]+ | \bpmid:?\s*[0-9]+ | \b(?:openalex|s2|acl|local):[^\s"<>{}|\\^`,;]+""",
    re.IGNORECASE | re.VERBOSE,
)
_FIELD = r"(?:^|[\s,{{]){}\s*=\s*[{{\"]?\s*([^\s}}\",]+)"
_DOI = re.compile(_FIELD.format("doi"), re.IGNORECASE)
_EPRINT = re.compile(_FIELD.format("eprint"), re.IGNORECASE)
_PMID = re.compile(_FIELD.format("pmid"), re.IGNORECASE)
_ARCHIVE = re.compile(_FIELD.format("(?:archiveprefix|eprinttype)"), re.IGNORECASE)
_TITLE = re.compile(r"(?:^|[\s,{])title\s*=\s*(?=[{\"])", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([_%&#~$])")
_TEX_LETTERS = {"ss": "ss", "o": "o", "O": "O", "ae": "ae", "AE": "AE", "oe": "oe", "aa": "a", "AA": "A", "l": "l"}
_PAIRS = {")": "(", "]": "["}
_TEX = re.compile(r"\\(?:([A-Za-z]+)\s*|.)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A reference. ids are canonical, in its order; title is that of a BibTeX entry, None where it is in the text."""

    text: str
    ids: tuple[str, ...]
    title: str | None = None

    @property
    def shown(self) -> str:
        """The entry on one line, cut short."""
        line = " ".join(self.text[: 4 * _SHOWN].split())
        return line if len(line) <= _SHOWN else line[: _SHOWN - 3].rstrip() + "..."


def entries_of(text: str) -> list[Entry]:
    """The entries of a reference list or of BibTeX, at most MOST_ENTRIES."""
    bibtex = list(_BIBTEX.finditer(text))
    if bibtex:
        ends = [*(found.start() for found in bibtex[1:]), len(text)]
        blocks = [
            text[found.start() : end][:LONGEST_ENTRY]
            for found, end in zip(bibtex, ends, strict=True)
            if found.group(1).lower() not in _NO_ENTRY
        ]
        return [_bibtex_entry(block) for block in blocks[:MOST_ENTRIES]]
    lines = (block.strip()[:LONGEST_ENTRY] for block in _cut(_HEADING.sub("", text)))
    return [Entry(line, _ids(line)) for line in list(filter(None, lines))[:MOST_ENTRIES]]


def rows_of_entries(entries: Sequence[Entry], bundle: Bundle) -> list[int]:
    """The bundle's row of each entry, by the first of its ids that is known, else by its title; -1 for none."""
    ids = list(dict.fromkeys(name for entry in entries for name in entry.ids))
    row_of = dict(zip(ids, bundle.rows_of(ids).tolist(), strict=True))
    named = [[row_of[name] for name in entry.ids if row_of[name] >= 0] for entry in entries]
    return [rows[0] if rows else _row_of_title(entry, bundle) for entry, rows in zip(entries, named, strict=True)]


def _row_of_title(entry: Entry, bundle: Bundle) -> int:
    hashes = bundle.title_hashes
    if entry.title is None:
        place = find_title(entry.text, hashes)
    else:
        place = int(places_of(hashes, [title_hash(entry.title)])[0])
    return int(bundle.title_rows[place]) if place >= 0 else -1


def _cut(text: str) -> list[str]:
    for number in _NUMBERS:
        if number.match(text.lstrip()):
            return number.split(text)
    blocks = _BLANK.split(text.strip())
    return blocks if len(blocks) > 1 else text.splitlines()


def _ids(text: str) -> tuple[str, ...]:
    found = (try_normalise_id(_trimmed(match.group())) for match in _ID.finditer(text))
    return tuple(dict.fromkeys(name for name in found if name))[:_MOST_IDS]


def _trimmed(found: str) -> str:
    """An id without the punctuation after it: a bracket belongs to it only where it was opened in it."""
    trimmed = found[: MAX_ID_LENGTH + 1]
    while trimmed:
        last = trimmed[-1]
        opening = _PAIRS.get(last)
        if last not in ".,;:'’”" and not (opening and trimmed.count(last) > trimmed.count(opening)):
            break
        trimmed = trimmed[:-1]
    return trimmed


def _bibtex_entry(block: str) -> Entry:
    plain = _ESCAPED.sub(r"\1", block)
    title = _TITLE.search(block)
    ids = dict.fromkeys((*_bibtex_ids(plain), *_ids(plain)))  # its own first: a note may name another paper
    shown = _plain(_value(block[title.end() :])) if title else ""
    return Entry(shown or block, tuple(ids), shown)


def _bibtex_ids(block: str) -> Iterator[str]:
    archive, eprint, pmid = _ARCHIVE.search(block), _EPRINT.search(block), _PMID.search(block)
    if (doi := _DOI.search(block)) and (found := try_normalise_id(doi.group(1))):
        yield found
    if eprint and (archive is None or archive.group(1).lower() == "arxiv"):
        number = re.sub(r"(?i)^arxiv:", "", eprint.group(1))
        if found := try_normalise_id(f"arxiv:{number}"):
            yield found
    if pmid and (found := try_normalise_id(f"pmid:{pmid.group(1)}")):
        yield found


def _value(text: str) -> str:
    """What stands between the brace or quote that the text begins with and the one that ends it."""
    quoted, depth = text[0] == '"', 0
    for place, char in enumerate(text):
        if text[place - 1 : place] == "\\":
            continue
        depth += (char == "{") - (char == "}")
        if depth == 0 and place and (char == '"' if quoted else char == "}"):
            return text[1:place]
    return text[1:]


def _plain(value: str) -> str:
    """A value without TeX's accents, commands and braces; a title is known by its letters anyway."""
    letters = _TEX.sub(lambda found: _TEX_LETTERS.get(found[1], "") if found[1] else "", value)
    return " ".join(letters.replace("{", "").replace("}", "").split())
