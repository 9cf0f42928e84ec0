"""The recommendations API of Semantic Scholar, and its paper data, so that clients of it work with another base URL.

https://api.semanticscholar.org/api-docs/recommendations. Its paper ids are 40 digits of its own; ours are canonical ids
of this catalogue, which every request takes as well as its prefixes (DOI:, ARXIV:, CorpusId:, PMID:, ACL:, URL:). The
pool of papers ("from") is the whole catalogue whichever is named.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cocite.core.errors import CociteError, InvalidArgument, NotFound, Overloaded
from cocite.core.ids import normalise_id, try_normalise_id
from cocite.gateway.answering import answering
from cocite.gateway.asking import Asker
from cocite.gateway.bodies import read_json
from cocite.gateway.http_errors import error_headers, status_of
from cocite.gateway.json_codec import decoded
from cocite.gateway.json_faults import unknown_name
from cocite.gateway.methods import Method
from cocite.gateway.semantic_scholar_fields import Fields
from cocite.gateway.timeouts import timeout_of
from cocite.serving.deadline import Deadline
from cocite.v1 import feature_service_pb2, recommender_service_pb2
from cocite.v1.paper_pb2 import PAPER_VIEW_BASIC, PAPER_VIEW_FULL, PaperView

RECOMMENDATIONS, GRAPH = "/recommendations/v1", "/graph/v1"
_POOLS = ("recent", "all-cs")
_LIMIT, _MOST = 100, 500
_MOST_BATCH = 500
_PAGE = 300  # results or papers that one call of ours is asked for
_URL = "URL:"
_OFFERED = (
    *(f"GET {RECOMMENDATIONS}/papers/forpaper/ID", f"POST {RECOMMENDATIONS}/papers"),
    *(f"GET {GRAPH}/paper/ID", f"POST {GRAPH}/paper/batch"),
)
_ELSEWHERE = ("search", "autocomplete", "batch")  # names of theirs where a paper's id stands in a path
_PARTS = ("/citations", "/references", "/authors")  # and behind it
_THEIRS = re.compile(r"[0-9a-fA-F]{40}")  # their own ids come without a prefix


def routes(asker: Asker, methods: dict[str, Method], most_bytes: int) -> list[Route]:
    """Its routes that we serve; bodies are read up to most_bytes."""
    api = SemanticScholar(asker, methods)

    def deadline(request: Request) -> Deadline:
        return asker.deadline(timeout_of(request))

    async def for_paper(request: Request) -> Any:
        _check_names(request, "from", "limit", "fields")
        if request.query_params.get("from", _POOLS[0]) not in _POOLS:
            raise InvalidArgument(f"from: must be one of {', '.join(_POOLS)}", field="from")
        return await api.recommended([request.path_params["paper_id"]], [], *_asked(request), deadline(request))

    async def for_lists(request: Request) -> Any:
        _check_names(request, "limit", "fields")
        body = decoded(await read_json(request, most_bytes))
        liked, disliked = _ids(body, "positivePaperIds"), _ids(body, "negativePaperIds")
        return await api.recommended(liked, disliked, *_asked(request), deadline(request))

    async def paper(request: Request) -> Any:
        paper_id = request.path_params["paper_id"]
        if paper_id.partition("/")[0] in _ELSEWHERE or paper_id.endswith(_PARTS):
            raise not_offered()
        _check_names(request, "fields")
        return await api.paper(paper_id, _fields(request), deadline(request))

    async def batch(request: Request) -> Any:
        _check_names(request, "fields")
        ids = _ids(decoded(await read_json(request, most_bytes)), "ids")
        if not 0 < len(ids) <= _MOST_BATCH:
            raise InvalidArgument(f"ids: from 1 to {_MOST_BATCH} can be asked for", field="ids")
        return await api.papers(ids, _fields(request), deadline(request))

    answers = partial(answering, failed=error_response)
    return [
        Route(f"{RECOMMENDATIONS}/papers/forpaper/{{paper_id:path}}", answers(for_paper), methods=["GET"]),
        Route(f"{RECOMMENDATIONS}/papers", answers(for_lists), methods=["POST"]),
        Route(f"{RECOMMENDATIONS}/papers/", answers(for_lists), methods=["POST"]),
        Route(f"{GRAPH}/paper/batch", answers(batch), methods=["POST"]),
        Route(f"{GRAPH}/paper/{{paper_id:path}}", answers(paper), methods=["GET"]),
    ]


class SemanticScholar:
    """Answers in its terms, from our services."""

    def __init__(self, asker: Asker, methods: dict[str, Method]) -> None:
        named = {method.descriptor.name: method for method in methods.values()}
        self._asker = asker
        self._recommend, self._papers = named["RecommendPapers"], named["BatchGetPapers"]
        self._references = named["BatchGetReferences"]

    async def recommended(
        self, positive: Sequence[str], negative: Sequence[str], limit: int, fields: Fields, deadline: Deadline
    ) -> dict[str, Any]:
        """At most limit papers related to the positive ones. Raises NotFound when one of them is unknown."""
        asked = recommender_service_pb2.RecommendPapersRequest(
            seeds=recommender_service_pb2.Seeds(
                positive_ids=[_our(each) for each in positive], negative_ids=[_our(each) for each in negative]
            ),
            view=_view(fields),
        )
        found: list[dict[str, Any]] = []
        while True:
            asked.page_size = min(limit - len(found), _PAGE)
            answer = await self._asker.ask_within(deadline, self._recommend, asked)
            if missing := [each.id for each in answer.unresolved_seeds]:
                raise NotFound(f"Paper with id {missing[0]} not found")
            found += [fields.of(result.paper) for result in answer.results]
            asked.page_token = answer.next_page_token
            if len(found) >= limit or not asked.page_token:
                return {"recommendedPapers": found}

    async def paper(self, paper_id: str, fields: Fields, deadline: Deadline) -> dict[str, Any]:
        """One paper. Raises NotFound when it is unknown."""
        (told,) = await self.papers([normalise_id(_our(paper_id), field="paper_id")], fields, deadline)
        if told is None:
            raise NotFound(f"Paper with id {paper_id} not found")
        if fields.references is not None:
            told["references"] = await self._cited(told["paperId"], fields.references, deadline)
        return told

    async def papers(self, ids: Sequence[str], fields: Fields, deadline: Deadline) -> list[dict[str, Any] | None]:
        """The papers in the order of their ids, None for one that is unknown, or no id."""
        wanted = [try_normalise_id(_our(each)) for each in ids]
        known = [each for each in dict.fromkeys(wanted) if each]
        if not known:
            raise InvalidArgument("No valid paper ids given", field="ids")
        found: dict[str, Any] = {}
        for start in range(0, len(known), _PAGE):
            asked = feature_service_pb2.BatchGetPapersRequest(
                paper_ids=known[start : start + _PAGE], view=_view(fields)
            )
            answer = await self._asker.ask_within(deadline, self._papers, asked)
            found |= {each.requested_id: each.paper for each in answer.papers}
        return [fields.of(found[each]) if each and each in found else None for each in wanted]

    async def _cited(self, paper_id: str, fields: Fields, deadline: Deadline) -> list[dict[str, Any]]:
        asked = feature_service_pb2.BatchGetReferencesRequest(paper_ids=[paper_id])
        answer = await self._asker.ask_within(deadline, self._references, asked)
        ids = [each for references in answer.references for each in references.reference_ids]
        return [each for each in (await self.papers(ids, fields, deadline) if ids else []) if each is not None]


def not_offered() -> NotFound:
    """That a route of theirs is none of ours."""
    return NotFound("not offered here", hint=f"offered: {', '.join(_OFFERED)}")


def _check_names(request: Request, *known: str) -> None:
    for name in request.query_params:
        if name not in known:
            raise unknown_name(name, "parameter", known, known)


def _our(paper_id: str) -> str:
    """An id of theirs as our id grammar takes it: all their prefixes but URL: are ours, too."""
    if _THEIRS.fullmatch(paper_id):
        return f"s2:{paper_id}"
    return paper_id[len(_URL) :] if paper_id.upper().startswith(_URL) else paper_id


def _asked(request: Request) -> tuple[int, Fields]:
    limit = request.query_params.get("limit", str(_LIMIT))
    if not (limit.isascii() and limit.isdigit() and len(limit) <= len(str(_MOST)) and 1 <= int(limit) <= _MOST):
        raise InvalidArgument(f"limit: must be from 1 to {_MOST}", field="limit")
    return int(limit), _fields(request)


def _fields(request: Request) -> Fields:
    return Fields(request.query_params.get("fields", ""))


def _view(fields: Fields) -> PaperView:
    return PAPER_VIEW_FULL if fields.full else PAPER_VIEW_BASIC


def _ids(body: Any, name: str) -> list[str]:
    found = body.get(name) if isinstance(body, dict) else None
    if found is None:
        found = []
    if not (isinstance(found, list) and all(isinstance(each, str) for each in found)):
        raise InvalidArgument(f"{name}: must be a list of paper ids", field=name)
    return found


def error_response(error: CociteError) -> Response:
    """An error in the form of their API: {"error": ...}, and {"message": ...} where they have that."""
    told = {"error" if status_of(error) < 500 and not isinstance(error, Overloaded) else "message": str(error)}
    return Response(orjson.dumps(told), status_of(error), error_headers(error), "application/json")
