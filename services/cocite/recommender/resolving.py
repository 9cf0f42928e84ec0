"""ResolvePapers: what ids, URLs and other spellings mean."""

from collections.abc import Sequence

from cocite.core.ids import try_normalise_id
from cocite.recommender.asked_ids import rows_of_paper
from cocite.recommender.bundle import Bundle
from cocite.recommender.clients import FeatureClient, Lookup
from cocite.serving.deadline import Deadline
from cocite.serving.papers import in_view
from cocite.v1 import paper_pb2
from cocite.v1 import recommender_service_pb2 as pb


def resolve_papers(
    queries: Sequence[str], bundle: Bundle, features: FeatureClient, deadline: Deadline
) -> pb.ResolvePapersResponse:
    """One result for each query, the feature service asked once."""
    canonical = [try_normalise_id(query) for query in queries]
    ids = list(dict.fromkeys(each for each in canonical if each))
    rows = {name: int(row) for name, row in zip(ids, bundle.rows_of(ids), strict=True)}
    # Asked by the id the model knows it by, in full for the aliases that may lead back into the bundle.
    asked = dict.fromkeys(bundle.paper_id(row) if row >= 0 else name for name, row in rows.items())
    lookup = features.papers(list(asked), paper_pb2.PAPER_VIEW_FULL, deadline)
    results = [
        _resolved(query, name, rows.get(name, -1) if name else -1, bundle, lookup)
        for query, name in zip(queries, canonical, strict=True)
    ]
    return pb.ResolvePapersResponse(results=results, degraded=lookup.degraded, model_version=bundle.version)


def _resolved(query: str, name: str | None, row: int, bundle: Bundle, lookup: Lookup) -> pb.ResolvedPaper:
    if name is None:
        return pb.ResolvedPaper(query=query, status=pb.RESOLVE_STATUS_MALFORMED)
    known = lookup.papers.get(name)
    if row < 0 and known is None:
        status = pb.RESOLVE_STATUS_UNKNOWN if lookup.complete else pb.RESOLVE_STATUS_UNAVAILABLE
        return pb.ResolvedPaper(query=query, status=status)
    if row < 0 and known is not None:
        row = next(iter(rows_of_paper(bundle, known)), -1)
    paper = paper_pb2.Paper()
    if found := known or lookup.papers.get(bundle.paper_id(row)):
        paper.CopyFrom(found)
    else:
        paper.ParseFromString(bundle.display.of(row))
    if row >= 0:
        paper.paper_id = bundle.paper_id(row)
    return pb.ResolvedPaper(
        query=query,
        status=pb.RESOLVE_STATUS_FOUND,
        paper=in_view(paper, paper_pb2.PAPER_VIEW_BASIC),
        in_model=row >= 0,
    )
