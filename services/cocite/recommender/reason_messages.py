"""Reasons on the wire: rows become ids."""

from cocite.recommender import reasons
from cocite.recommender.bundle import Bundle
from cocite.v1 import recommender_service_pb2 as pb


def reason_message(bundle: Bundle, reason: reasons.Reason, labels: list[str]) -> pb.Reason:
    """The message of a reason; labels name the seeds in their order."""
    message = pb.Reason(seed=labels[reason.seed] if reason.seed >= 0 else "")
    match reason.evidence:
        case reasons.SharedReferences(count, rows):
            message.shared_references.CopyFrom(pb.SharedReferences(count=count, paper_ids=_ids(bundle, rows)))
        case reasons.CoCitation(count, rows):
            message.co_citation.CopyFrom(pb.CoCitation(count=count, paper_ids=_ids(bundle, rows)))
        case reasons.DirectCitation(seed_cites_result):
            message.direct_citation.CopyFrom(pb.DirectCitation(seed_cites_result=seed_cites_result))
        case reasons.TextLikeness(cosine):
            message.text_likeness.CopyFrom(pb.TextLikeness(cosine=cosine))
        case reasons.Popularity(citation_count):
            message.popularity.CopyFrom(pb.Popularity(citation_count=citation_count))
        case reasons.CitedWithReferences(count, rows):
            message.cited_with_references.CopyFrom(pb.CitedWithReferences(count=count, paper_ids=_ids(bundle, rows)))
    return message


def _ids(bundle: Bundle, rows: tuple[int, ...]) -> list[str]:
    return [bundle.paper_id(row) for row in rows]
