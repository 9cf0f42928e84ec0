"""From answers on the wire to the clients' types."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from cocite.client import types
from cocite.core.paper import Paper
from cocite.serving.papers import paper_from_proto
from cocite.v1 import degradation_pb2, paper_pb2
from cocite.v1 import recommender_service_pb2 as pb

_FIELDS = tuple(field.name for field in fields(Paper))


def enum_name(enum: EnumTypeWrapper, value: int, prefix: str) -> str:
    """The value's name without prefix, in lower case; "" for the zero value, digits for an unknown one."""
    if value == 0:
        return ""
    names = {number: name for name, number in enum.items()}
    return names.get(value, str(value)).removeprefix(prefix).lower()


def paper(message: paper_pb2.Paper) -> types.Paper:
    """A paper."""
    known = paper_from_proto(message)
    return types.Paper(**{name: getattr(known, name) for name in _FIELDS}, has_abstract=message.has_abstract)


def reason(message: pb.Reason) -> types.Reason | None:
    """A reason; None for a kind that this client does not know yet."""
    match message.WhichOneof("evidence"):
        case "shared_references":
            shared = message.shared_references
            return types.SharedReferences(message.seed, shared.count, tuple(shared.paper_ids))
        case "co_citation":
            both = message.co_citation
            return types.CoCitation(message.seed, both.count, tuple(both.paper_ids))
        case "direct_citation":
            return types.DirectCitation(message.seed, message.direct_citation.seed_cites_result)
        case "text_likeness":
            return types.TextLikeness(
                message.seed, message.text_likeness.cosine, tuple(message.text_likeness.shared_terms)
            )
        case "shared_terms":
            return types.SharedTerms(message.seed, tuple(message.shared_terms.terms))
        case "shared_readers":
            return types.SharedReaders(message.seed, message.shared_readers.count)
        case "popularity":
            return types.Popularity(message.popularity.citation_count)
        case "cited_with_references":
            remote = message.cited_with_references
            return types.CitedWithReferences(message.seed, remote.count, tuple(remote.paper_ids))
    return None


def degradations(messages: Iterable[degradation_pb2.Degradation]) -> tuple[types.Degradation, ...]:
    """The shortcomings of an answer."""
    return tuple(
        types.Degradation(enum_name(degradation_pb2.DegradedCause, m.cause, "DEGRADED_CAUSE_"), m.detail)
        for m in messages
    )


def recommendations(message: pb.RecommendPapersResponse) -> types.Recommendations:
    """One page of related papers."""
    return types.Recommendations(
        results=tuple(
            types.Recommendation(
                paper=paper(result.paper),
                score=result.score,
                rank=result.rank,
                reasons=tuple(known for known in map(reason, result.reasons) if known is not None),
                contributions=tuple(types.SeedContribution(each.seed, each.share) for each in result.contributions),
            )
            for result in message.results
        ),
        next_page_token=message.next_page_token,
        model_version=message.model_version,
        unresolved=tuple(
            types.UnresolvedSeed(seed.id, enum_name(pb.UnresolvedCause, seed.cause, "UNRESOLVED_CAUSE_"), seed.field)
            for seed in message.unresolved_seeds
        ),
        degraded=degradations(message.degraded),
        fallback=enum_name(pb.Fallback, message.fallback, "FALLBACK_"),
        attribution_token=message.attribution_token,
        references=tuple(types.ResolvedReference(r.entry, r.paper_id) for r in message.resolved_references),
    )


def resolution(messages: Sequence[pb.ResolvePapersResponse]) -> types.Resolution:
    """What some ids mean, of all the answers together."""
    results = tuple(
        types.ResolvedPaper(
            query=r.query,
            status=enum_name(pb.ResolveStatus, r.status, "RESOLVE_STATUS_"),
            paper=paper(r.paper) if r.HasField("paper") else None,
            in_model=r.in_model,
        )
        for message in messages
        for r in message.results
    )
    degraded = degradations({d.cause: d for m in messages for d in m.degraded}.values())
    return types.Resolution(results, degraded, messages[-1].model_version)


def model(message: pb.GetModelResponse) -> types.Model:
    """The serving model."""
    return types.Model(
        model_version=message.model_version,
        create_time=message.create_time.ToDatetime(UTC),
        paper_count=message.paper_count,
        citation_count=message.citation_count,
        embedding_model_version=message.embedding_model_version,
        metrics=dict(message.metrics),
        refused=tuple(types.RefusedModel(r.model_version, r.detail) for r in message.refused),
        fresh_paper_count=message.fresh_paper_count,
    )
