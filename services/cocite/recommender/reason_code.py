"""Reasons as few bytes: what related lists keep, and what answers are written from (page_writer.py).

Of each result the number of its reasons, then each of them:

- a byte, the number of the evidence's field in cocite.v1.Reason, plus 16 for each argument at its end;
- the seed's place in the list of seeds plus one, 0 for none;
- a count; of a direct citation 1 where the seed cites the result; of likeness of texts the cosine instead, float32,
  little-endian; of shared terms nothing;
- the arguments: rows of the papers shown, or places of the terms.

Numbers are of base 128 as in protobuf. The 1,000,000th row takes three bytes, its id twenty or more.
"""

import struct
from collections.abc import Sequence

from cocite.recommender import evidence
from cocite.recommender.evidence import Reason
from cocite.recommender.wire import uvarint

SHARED_REFERENCES, CO_CITATION, DIRECT_CITATION, TEXT_LIKENESS, POPULARITY = 2, 3, 4, 5, 6
CITED_WITH_REFERENCES, SHARED_READERS, SHARED_TERMS = 7, 8, 9


def encode(reasons: Sequence[Sequence[Reason]]) -> bytes:
    """The reasons of several results, one after another."""
    parts = []
    for of_result in reasons:
        parts.append(uvarint(len(of_result)))
        parts += map(_encoded, of_result)
    return b"".join(parts)


def _encoded(reason: Reason) -> bytes:
    kind, value, arguments = _parts(reason.evidence)
    head = bytes((kind + (len(arguments) << 4),))
    return b"".join((head, uvarint(reason.seed + 1), value, *map(uvarint, arguments)))


def _parts(found: evidence.Evidence) -> tuple[int, bytes, tuple[int, ...]]:
    match found:
        case evidence.SharedReferences(count, rows):
            return SHARED_REFERENCES, uvarint(count), rows
        case evidence.CoCitation(count, rows):
            return CO_CITATION, uvarint(count), rows
        case evidence.DirectCitation(seed_cites_result):
            return DIRECT_CITATION, uvarint(seed_cites_result), ()
        case evidence.TextLikeness(cosine, terms):
            return TEXT_LIKENESS, struct.pack("<f", cosine), terms
        case evidence.SharedTerms(terms):
            return SHARED_TERMS, b"", terms
        case evidence.SharedReaders(count):
            return SHARED_READERS, uvarint(count), ()
        case evidence.Popularity(citation_count):
            return POPULARITY, uvarint(citation_count), ()
        case evidence.CitedWithReferences(count, rows):
            return CITED_WITH_REFERENCES, uvarint(count), rows
