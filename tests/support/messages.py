"""Answers built message by message, as protobuf has it: what the bytes of assembly.py are held against."""

from collections.abc import Sequence
from dataclasses import replace

import grpc
import numpy as np

from cocite.recommender import evidence
from cocite.recommender.answer import _basis, _query, request_key
from cocite.recommender.attribution import attribution_token
from cocite.recommender.bundle import Bundle
from cocite.recommender.clients import FeatureClient
from cocite.recommender.evidence import SeedEvidence
from cocite.recommender.explaining import explain
from cocite.recommender.paging import make_token, read_token
from cocite.recommender.reload import Model
from cocite.recommender.seeds import resolve_seeds
from cocite.serving.deadline import Deadline
from cocite.serving.papers import paper_to_proto
from cocite.v1 import paper_pb2
from cocite.v1 import recommender_service_pb2 as pb
from support.bundles import Corpus, bag_vector


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


def slow_answer(model: Model, corpus: Corpus, request: pb.RecommendPapersRequest) -> pb.RecommendPapersResponse:
    """The answer to a request for papers of the corpus, ranked live; texts are embedded as support.bundles does it."""
    nobody = FeatureClient(grpc.insecure_channel("unix:nowhere"))  # never asked: every id is known
    bundle, key = model.bundle, request_key(request)
    seeds = resolve_seeds(request, bundle, nobody, Deadline.after(60))
    positives, negatives = (
        [SeedEvidence(seed.row, bag_vector(seed.text) if seed.text else None, seed.text) for seed in some]
        for some in (seeds.positives, seeds.negatives)
    )
    query, basis = _query(seeds, positives, negatives, request), _basis(seeds, [*positives, *negatives])
    ranking, start = model.engine.rank(query), read_token(request.page_token, key, model.name).offset
    end = start + (request.page_size or 20)
    told = explain(model.engine, query, seeds, positives, ranking, start, end)
    rows = ranking.rows[start:end].astype(np.int32)
    results = []
    for place, (row, score) in enumerate(zip(rows.tolist(), ranking.scores[start:end], strict=True)):
        result = pb.Recommendation(paper=_shown(corpus, row, request.view), rank=start + place + 1)
        result.score = float(np.float32(score))
        result.reasons.extend(reason_message(bundle, reason, told.labels) for reason in told.reasons[place])
        for share, label in zip(told.shares[place].tolist(), told.sharing, strict=True):
            if share > 0.0:
                result.contributions.add(seed=told.labels[label], share=share)
        results.append(result)
    return pb.RecommendPapersResponse(
        results=results,
        next_page_token="" if end >= ranking.rows.size else make_token(key, model.name, basis, end),
        model_version=bundle.version,
        unresolved_seeds=seeds.unresolved,
        attribution_token=attribution_token(
            request.SerializeToString(deterministic=True), bundle.version, bundle.key_of(rows)
        ),
        fallback=pb.FALLBACK_POPULARITY if ranking.fallback else None,
    )


def _shown(corpus: Corpus, row: int, view: paper_pb2.PaperView) -> paper_pb2.Paper:
    """A paper as support.recommender.Features has it in full; in basic view with its links counted."""
    paper = corpus.papers[row]
    if view == paper_pb2.PAPER_VIEW_FULL:
        return paper_to_proto(paper, view)
    citing = sum(each == row for each, _ in corpus.citations)
    cited = sum(each == row for _, each in corpus.citations)
    return paper_to_proto(replace(paper, citation_count=cited, reference_count=citing), view)


def _ids(bundle: Bundle, rows: Sequence[int]) -> list[str]:
    return [bundle.paper_id(row) for row in rows]
