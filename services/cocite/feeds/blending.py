"""One list of several: what the recommender ranks, with new papers in every fifth place near its top."""

from collections.abc import Container, Iterable, Iterator, Sequence

from cocite.v1 import feed_service_pb2 as pb

SIZE = 300  # items of a feed
NEW_EVERY = 5  # of the places of a feed one is for a new paper,
MOST_NEW = 12  # down to the sixtieth: where no reader wants any of them, recall@300 on CiteULike is less by 0.9 %


def blended(
    ranked: Sequence[pb.FeedItem], new: Sequence[pb.FeedItem], left_out: Container[str], new_every: int = NEW_EVERY
) -> list[pb.FeedItem]:
    """ranked with the papers of new in places new_every, 2 new_every, ...; each paper once, none of left_out."""
    fresh = _once(new, left_out, MOST_NEW)
    taken = {item.paper.paper_id for item in fresh}
    others = iter([item for item in _once(ranked, left_out, SIZE) if item.paper.paper_id not in taken])
    items: list[pb.FeedItem] = []
    for item in fresh:
        items += _some(others, new_every - 1)
        items.append(item)
    return [*items, *others][:SIZE]


def one_after_another(sources: Iterable[Sequence[pb.FeedItem]], left_out: Container[str]) -> list[pb.FeedItem]:
    """The papers of the sources in their order, each once, none of left_out."""
    return _once((item for source in sources for item in source), left_out, SIZE)


def _once(items: Iterable[pb.FeedItem], left_out: Container[str], most: int) -> list[pb.FeedItem]:
    found: dict[str, pb.FeedItem] = {}
    for item in items:
        paper_id = item.paper.paper_id
        if len(found) == most:
            break
        if paper_id not in left_out:
            found.setdefault(paper_id, item)
    return list(found.values())


def _some(items: Iterator[pb.FeedItem], count: int) -> list[pb.FeedItem]:
    return [item for _, item in zip(range(count), items, strict=False)]
