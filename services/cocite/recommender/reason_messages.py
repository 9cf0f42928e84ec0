"""Reasons on the wire: rows become ids."""

from collections.abc import Sequence

from cocite.recommender import evidence
from cocite.recommender.bundle import Bundle
from cocite.v1 import recommender_service_pb2 as pb


def reason_message(bundle: Bundle, reason: evidence.Reason, labels: list[str]) -> pb.Reason:
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
            message.text_likeness.CopyFrom(pb.TextLikeness(cosine=cosine, shared_terms=terms))
        case evidence.SharedTerms(terms):
            message.shared_terms.CopyFrom(pb.SharedTerms(terms=terms))
        case evidence.SharedReaders(count):
            message.shared_readers.CopyFrom(pb.SharedReaders(count=count))
        case evidence.Popularity(citation_count):
            message.popularity.CopyFrom(pb.Popularity(citation_count=citation_count))
        case evidence.CitedWithReferences(count, rows):
            message.cited_with_references.CopyFrom(pb.CitedWithReferences(count=count, paper_ids=_ids(bundle, rows)))
    return message


def contribution_messages(shares: Sequence[float], labels: Sequence[str]) -> list[pb.SeedContribution]:
    """The messages of one result's contributions; labels name the seeds in their order."""
    return [
        pb.SeedContribution(seed=label, share=share) for label, share in zip(labels, shares, strict=True) if share > 0.0
    ]


def _ids(bundle: Bundle, rows: tuple[int, ...]) -> list[str]:
    return [bundle.paper_id(row) for row in rows]
