"""From Python arguments to requests. What is not of the right type is refused here, before anything is sent;
limits and combinations are the proto's rules, which the same validator checks here and on the server.
"""

from collections.abc import Iterable, Sequence

from cocite.client.types import TextSeed
from cocite.core.errors import InvalidArgument
from cocite.serving.interceptor import validate
from cocite.v1 import paper_pb2
from cocite.v1 import recommender_service_pb2 as pb

VIEWS: dict[str, paper_pb2.PaperView] = {
    "id": paper_pb2.PAPER_VIEW_ID,
    "basic": paper_pb2.PAPER_VIEW_BASIC,
    "full": paper_pb2.PAPER_VIEW_FULL,
}
RESOLVE_BATCH = 100  # ids a request may hold
_INT32 = 2**31


def whole_number(value: object, field: str) -> int:
    """value as int. Raises InvalidArgument for bool, float (NaN included), text and what exceeds 32 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT32 <= value < _INT32:
        raise InvalidArgument(f"{field}: must be a whole number, not {value!r}", field=field)
    return value


def number(value: object, field: str) -> float:
    """value as float. Raises InvalidArgument for bool, text and anything else that is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidArgument(f"{field}: must be a number, not {value!r:.60}", field=field)
    try:
        return float(value)
    except OverflowError:
        raise InvalidArgument(f"{field}: is too large", field=field) from None


def text(value: object, field: str) -> str:
    """value as str that UTF-8 can hold. Raises InvalidArgument otherwise."""
    if not isinstance(value, str):
        raise InvalidArgument(f"{field}: must be text, not {value!r:.60}", field=field)
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise InvalidArgument(f"{field}: holds a lone surrogate, which is no text", field=field) from None
    return value


def strings(values: str | Iterable[str], field: str) -> list[str]:
    """A list of texts; a single one counts as a list of one. Raises InvalidArgument that names the place."""
    if isinstance(values, str):
        values = [values]
    if isinstance(values, (bytes, dict)) or not isinstance(values, Iterable):
        raise InvalidArgument(f"{field}: must be a list of texts, not {values!r:.60}", field=field)
    return [text(value, f"{field}[{i}]") for i, value in enumerate(values)]


def text_seeds(texts: str | TextSeed | Iterable[str | TextSeed], field: str) -> list[pb.TextSeed]:
    """Text seeds; of a plain text the first line is the title."""
    if isinstance(texts, (str, TextSeed)):
        texts = [texts]
    if isinstance(texts, (bytes, dict)) or not isinstance(texts, Iterable):
        raise InvalidArgument(f"{field}: must be a list of texts, not {texts!r:.60}", field=field)
    seeds = []
    for i, item in enumerate(texts):
        if not isinstance(item, TextSeed):
            title, _, abstract = text(item, f"{field}[{i}]").partition("\n")
            item = TextSeed(title, abstract)
        seeds.append(
            pb.TextSeed(
                title=text(item.title, f"{field}[{i}].title"),
                abstract=text(item.abstract, f"{field}[{i}].abstract"),
            )
        )
    return seeds


def paper_filter(
    min_year: int | None,
    max_year: int | None,
    venues: str | Iterable[str],
    fields: str | Iterable[str],
    has_abstract: bool | None,
) -> pb.PaperFilter:
    """The filter; None means no bound."""
    if has_abstract is not None and not isinstance(has_abstract, bool):
        field = "filter.has_abstract"
        raise InvalidArgument(f"{field}: must be True, False or None, not {has_abstract!r:.60}", field=field)
    return pb.PaperFilter(
        min_year=None if min_year is None else whole_number(min_year, "filter.min_year"),
        max_year=None if max_year is None else whole_number(max_year, "filter.max_year"),
        venues=strings(venues, "filter.venues"),
        fields=strings(fields, "filter.fields"),
        has_abstract=has_abstract,
    )


def paper_view(view: str) -> paper_pb2.PaperView:
    """The view of that name. Raises InvalidArgument when there is none."""
    if not isinstance(view, str) or view not in VIEWS:
        raise InvalidArgument(f"view: must be one of {', '.join(VIEWS)}, not {view!r:.60}", field="view")
    return VIEWS[view]


def recommend_request(
    seeds: str | Sequence[str] = (),
    *,
    negative: str | Sequence[str] = (),
    texts: str | TextSeed | Sequence[str | TextSeed] = (),
    negative_texts: str | TextSeed | Sequence[str | TextSeed] = (),
    library: str | Sequence[str] = (),
    references: str | Sequence[str] = (),
    reference_text: str = "",
    min_year: int | None = None,
    max_year: int | None = None,
    venues: str | Sequence[str] = (),
    fields: str | Sequence[str] = (),
    has_abstract: bool | None = None,
    exclude: str | Sequence[str] = (),
    recency: float = 0.0,
    diversity: float = 0.0,
    page_size: int = 0,
    page_token: str = "",
    view: str = "basic",
) -> pb.RecommendPapersRequest:
    """A request that the server's rules accept. Raises InvalidArgument that names the field at fault."""
    wanted = paper_filter(min_year, max_year, venues, fields, has_abstract)
    request = pb.RecommendPapersRequest(
        seeds=pb.Seeds(
            positive_ids=strings(seeds, "seeds.positive_ids"),
            negative_ids=strings(negative, "seeds.negative_ids"),
            texts=text_seeds(texts, "seeds.texts"),
            negative_texts=text_seeds(negative_texts, "seeds.negative_texts"),
            library_ids=strings(library, "seeds.library_ids"),
            reference_ids=strings(references, "seeds.reference_ids"),
            reference_text=text(reference_text, "seeds.reference_text"),
        ),
        filter=wanted if wanted.ListFields() else None,  # one that is there asks for more than the quickest way can
        exclude_ids=strings(exclude, "exclude_ids"),
        recency=number(recency, "recency"),
        diversity=number(diversity, "diversity"),
        page_size=whole_number(page_size, "page_size"),
        page_token=text(page_token, "page_token"),
        view=paper_view(view),
    )
    validate(request)
    return request


def resolve_requests(ids: str | Sequence[str]) -> list[pb.ResolvePapersRequest]:
    """Requests that the server's rules accept, as many as the ids take. Raises InvalidArgument for a bad id or none."""
    queries = strings(ids, "queries")
    starts = range(0, max(len(queries), 1), RESOLVE_BATCH)  # no id at all is the rules' to refuse
    requests = [pb.ResolvePapersRequest(queries=queries[start : start + RESOLVE_BATCH]) for start in starts]
    for request in requests:
        validate(request)
    return requests
