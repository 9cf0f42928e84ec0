"""Answers built message by message, as protobuf has it: what the bytes of assembly.py are held against."""

from collections.abc import Sequence
from dataclasses import replace

from cocite.recommender import evidence
from cocite.recommender.bundle import Bundle
from cocite.v1 import recommender_service_pb2 as pb


def spoken(bundle: Bundle, terms: Sequence[int]) -> tuple[str, ...]:
    """Terms as they are shown."""
    return tuple(bundle.words.term(place).replace("_", "-") for place in terms)


def in_words(bundle: Bundle, found: evidence.Evidence) -> evidence.Evidence:
    """The same with terms instead of their places."""
    if isinstance(found, evidence.TextLikeness | evidence.SharedTerms):
        return replace(found, terms=spoken(bundle, found.terms))
    return found


def reason_message(bundle: Bundle, reason: evidence.Reason, labels: Sequence[str]) -> pb.Reason:
    """The message of a reason; labels name the seeds in their order."""
    message = pb.Reason(seed=labels[reason.seed] if reason.seed >= 0 else "")
    match reason.evidence:
        case evidence.SharedReferences(count, rows):
            message.shared_references.CopyFrom(pb.SharedReferences(count=count, paper_ids=_ids(bundle, rows)))
        case evidence.CoCitation(count, rows):
            message.co_citation.CopyFrom(pb.CoCitation(count=count, paper_ids=_ids(bundle, rows)))
        case evidence.DirectCitation(seed_cites_result):
            message.direct_citation.CopyFrom(pb.DirectCitation(seed_cites_result=seed_cites_result))
        case evidence.TextLikeness(cosine, terms):
            message.text_likeness.CopyFrom(pb.TextLikeness(cosine=cosine, shared_terms=spoken(bundle, terms)))
        case evidence.SharedTerms(terms):
            message.shared_terms.CopyFrom(pb.SharedTerms(terms=spoken(bundle, terms)))
        case evidence.SharedReaders(count):
            message.shared_readers.CopyFrom(pb.SharedReaders(count=count))
        case evidence.Popularity(citation_count):
            message.popularity.CopyFrom(pb.Popularity(citation_count=citation_count))
        case evidence.CitedWithReferences(count, rows):
            message.cited_with_references.CopyFrom(pb.CitedWithReferences(count=count, paper_ids=_ids(bundle, rows)))
    return message


def _ids(bundle: Bundle, rows: Sequence[int]) -> list[str]:
    return [bundle.paper_id(row) for row in rows]
