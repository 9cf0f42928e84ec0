"""ListFeed: a page of a reader's feed, with what its papers are about."""

from dataclasses import dataclass

from cocite.catalogue.event_records import ReaderName
from cocite.catalogue.readers import Readers
from cocite.core.errors import InvalidArgument, Unavailable
from cocite.feeds.contents import Contents, PaperContents
from cocite.feeds.experiments_tokens import shown_token
from cocite.feeds.feed_lists import FeedList, FeedLists
from cocite.feeds.feed_source import FeedSource
from cocite.feeds.reader_refs import FeedTokens, name_of
from cocite.feeds.reader_tags import ReaderTags, digest_of
from cocite.feeds.recommending import ModelWatch
from cocite.feeds.secrets import Signer
from cocite.serving.answer_memory import AnswerMemory
from cocite.serving.deadline import Deadline
from cocite.serving.wire_cache import Cacheable
from cocite.v1 import feed_service_pb2 as pb

DEFAULT_PAGE_SIZE = 20
PAGE = "feed page"  # purpose of page tokens; the reader follows, whose name they do not show
RETRY_AFTER_S = 1.0
_KEPT_BYTES = 400  # of a KeptPage beside its answer
_METHOD = "ListFeed"
_FIELD = "page_token"


@dataclass(frozen=True, slots=True)
class KeptPage:
    """An encoded answer, which holds while the reader's tag is this one.

    Without that tag it holds while the catalogue knows the reader by this key and no event after this sequence.
    """

    reader: str
    tag: bytes | None
    reader_key: int
    sequence: int
    body: bytes

    def __len__(self) -> int:
        return len(self.reader) + len(self.body) + _KEPT_BYTES


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a page begins: in a list known by its id and the sequence behind it."""

    list_id: bytes
    sequence: int
    offset: int


class FeedPages:
    """Answers ListFeed. Thread-safe."""

    def __init__(
        self,
        source: FeedSource,
        lists: FeedLists,
        tags: ReaderTags,
        readers: Readers,
        tokens: FeedTokens,
        signer: Signer,
        contents: PaperContents,
        model: ModelWatch,
        memory: AnswerMemory[KeptPage],
    ) -> None:
        self._source = source
        self._lists = lists
        self._tags = tags
        self._readers = readers
        self._tokens = tokens
        self._signer = signer
        self._contents = contents
        self._model = model
        self._memory = memory

    def at_once(self, data: bytes) -> Cacheable | None:
        """The answer to an encoded request that was answered before, if nothing happened to the reader since.

        Asks Redis alone: this is no place to wait for a catalogue.
        """
        kept = self._memory.get(_METHOD, data)
        if kept is None or kept.tag is None or self._tags.peek(kept.reader) != kept.tag:
            return None
        return Cacheable(kept.body, "")

    def page(self, request: pb.ListFeedRequest, deadline: Deadline) -> pb.ListFeedResponse:
        """See feed_service.proto.

        Raises Unauthenticated for a feed token that is void, InvalidArgument for a page token that does not fit,
        Unavailable when the catalogue does not answer.
        """
        name = name_of(request.reader) or self._tokens.open(request.reader.feed_token)
        reader, model, encoded = digest_of(name), self._memory.model, request.SerializeToString()
        tag = self._tags.get(reader)  # before anything is read of the reader
        kept = self._memory.get(_METHOD, encoded)  # its tag is lost, or another
        if kept is not None and self._is_last(kept, name):
            return pb.ListFeedResponse.FromString(kept.body)
        start = self._start(request.page_token, reader) if request.page_token else None
        ranked = self._source.feed(name, tag, deadline) if start is None else self._list_of(start, name, deadline)
        answer = self._shown(ranked, start.offset if start else 0, request, reader, deadline)
        if not answer.degraded:
            body = answer.SerializeToString(deterministic=True)
            made = KeptPage(reader, tag, ranked.reader_key, ranked.sequence, body)
            self._memory.put(model, _METHOD, encoded, made)
        return answer

    def _is_last(self, kept: KeptPage, name: ReaderName) -> bool:
        """Whether the catalogue says that it has nothing newer of the reader than what an answer goes by."""
        try:
            found = self._readers.find(name)
        except Unavailable:
            return False
        return (kept.reader_key, kept.sequence) == ((found.reader_key, found.last_sequence) if found else (0, 0))

    def _start(self, token: str, reader: str) -> _Start:
        match self._signer.verify(f"{PAGE} {reader}", token):
            case (bytes(list_id), int(sequence), int(offset)):
                return _Start(list_id, sequence, offset)
        raise InvalidArgument(
            "page_token is no token of this reader's feed", hint="pass next_page_token as it came", field=_FIELD
        )

    def _list_of(self, start: _Start, name: ReaderName, deadline: Deadline) -> FeedList:
        """The list of the pages before."""
        ranked = self._lists.get(digest_of(name), start.list_id)
        if ranked is None:
            ranked = self._source.feed_as_of(name, start.sequence, deadline)
            if ranked.list_id != start.list_id and ranked.answer.degraded:
                raise Unavailable(
                    "a service that the page before was made with does not answer",
                    hint="try again, or ask for the first page again",
                    retry_after_s=RETRY_AFTER_S,
                )
        serving = self._model.version
        if ranked.list_id != start.list_id or (serving and serving != ranked.answer.model_version):
            raise InvalidArgument(
                "page_token belongs to an earlier feed, of another model or before new papers came",
                hint="ask for the first page again",
                field=_FIELD,
            )
        return ranked

    def _shown(
        self, ranked: FeedList, offset: int, request: pb.ListFeedRequest, reader: str, deadline: Deadline
    ) -> pb.ListFeedResponse:
        end = offset + (request.page_size or DEFAULT_PAGE_SIZE)
        items = ranked.answer.items[offset:end]
        named = [reason.acted_on.paper_id for item in items for reason in item.reasons if reason.HasField("acted_on")]
        contents = self._contents.get([*(item.paper.paper_id for item in items), *named], request.view, deadline)
        token = self._signer.sign(f"{PAGE} {reader}", ranked.list_id, ranked.sequence, end)
        return pb.ListFeedResponse(
            items=[self._item(item, rank, ranked, contents) for rank, item in enumerate(items, offset + 1)],
            next_page_token=token if end < len(ranked.answer.items) else "",
            model_version=ranked.answer.model_version,
            personal=ranked.answer.personal,
            degraded=[*ranked.answer.degraded, *contents.degraded],
        )

    def _item(self, item: pb.FeedItem, rank: int, ranked: FeedList, contents: Contents) -> pb.FeedItem:
        reasons = []
        for reason in item.reasons:
            told = pb.FeedReason()
            told.CopyFrom(reason)
            if told.HasField("acted_on"):
                told.acted_on.title = contents.of(told.acted_on.paper_id).title
            reasons.append(told)
        return pb.FeedItem(
            paper=contents.of(item.paper.paper_id),
            rank=rank,
            reasons=reasons,
            evidence=item.evidence,
            attribution_token=shown_token(self._signer, ranked, rank),
        )
