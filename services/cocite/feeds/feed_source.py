"""A reader's ranked feed: the one that is kept where nothing has happened since, else made anew."""

from collections.abc import Container

from cocite.catalogue.event_records import ReaderName
from cocite.catalogue.reader_history import reader_history
from cocite.catalogue.readers import Reader, Readers
from cocite.catalogue.store import Catalogue
from cocite.core.errors import CociteError, Unavailable
from cocite.feeds.experiments import ExperimentalRanking
from cocite.feeds.feed_lists import FeedList, FeedLists
from cocite.feeds.interleaving import NO_DRAFT, Draft
from cocite.feeds.ranking import GeneralRanking
from cocite.feeds.reader_profile import Profile, profile_of
from cocite.feeds.reader_tags import digest_of
from cocite.feeds.recommending import AWAY, ModelWatch
from cocite.serving.deadline import Deadline
from cocite.v1 import degradation_pb2
from cocite.v1 import feed_service_pb2 as pb
from cocite.v1.degradation_pb2 import Degradation

FORGETFUL = Degradation(
    cause=degradation_pb2.DEGRADED_CAUSE_CATALOGUE_UNAVAILABLE,
    detail="what readers did cannot be looked up; this is an older answer, or one that is not personal",
)


class FeedSource:
    """Makes and keeps feeds. Thread-safe."""

    def __init__(
        self,
        catalogue: Catalogue,
        lists: FeedLists,
        model: ModelWatch,
        personal: ExperimentalRanking,
        general: GeneralRanking,
    ) -> None:
        self._catalogue = catalogue
        self._readers = Readers(catalogue)
        self._lists = lists
        self._model = model
        self._personal = personal
        self._general = general

    def feed(self, name: ReaderName, tag: bytes | None, deadline: Deadline) -> FeedList:
        """The feed by all events so far; tag is what the reader's tag was before this call, None if unknown.

        While the catalogue does not answer it is the last one kept, or else what everybody is shown, which say so.
        Raises Unavailable where there is neither.
        """
        reader = digest_of(name)
        if tag is not None:
            kept = self._lists.current(reader, tag)
            if kept is not None and self._model.version in ("", kept.answer.model_version):
                return kept
        try:
            found = self._readers.find(name)
            made = self._made(name, found, found.last_sequence if found else 0, deadline)
        except Unavailable as error:
            return self._without_catalogue(reader, error, deadline)
        self._lists.put(reader, made, None if made.answer.degraded else tag)
        return made

    def feed_as_of(self, name: ReaderName, sequence: int, deadline: Deadline) -> FeedList:
        """The feed by the events up to a sequence, made anew. Raises Unavailable when the catalogue does not answer."""
        made = self._made(name, self._readers.find(name), sequence, deadline)
        self._lists.put(digest_of(name), made, None)
        return made

    def _without_catalogue(self, reader: str, error: Unavailable, deadline: Deadline) -> FeedList:
        last = self._lists.latest(reader) or FeedList.of(self._general.rank((), deadline), 0, 0)
        if not last.answer.items:
            raise error
        last.answer.degraded.append(FORGETFUL)
        return last

    def _made(self, name: ReaderName, found: Reader | None, sequence: int, deadline: Deadline) -> FeedList:
        profile = Profile()
        if found is not None:
            profile = profile_of(reader_history(self._catalogue, found.reader_key, sequence))
        made = self._personal_answer(name, found, profile, deadline) if profile.liked and found else None
        answer, draft = made or (self._general.rank(profile.left_out, deadline), NO_DRAFT)
        return FeedList.of(answer, found.reader_key if found else 0, sequence, draft)

    def _personal_answer(
        self, name: ReaderName, found: Reader, profile: Profile, deadline: Deadline
    ) -> tuple[pb.ListFeedResponse, Draft] | None:
        """The personal list; while nobody can rank the last one kept, or else what everybody is shown, which say so.
        None where the model knows nothing of what the reader likes.
        """
        try:
            return self._personal.rank(found.reader_key, profile, deadline)
        except CociteError:
            last = self._lists.latest(digest_of(name))
            if last is None or last.reader_key != found.reader_key or not last.answer.personal:
                return _flagged(self._general.rank(profile.left_out, deadline)), NO_DRAFT
        return _older(last.answer, frozenset(profile.left_out)), NO_DRAFT


def _flagged(answer: pb.ListFeedResponse) -> pb.ListFeedResponse:
    """An answer that says that the recommender was away."""
    if AWAY not in answer.degraded:
        answer.degraded.append(AWAY)
    return answer


def _older(answer: pb.ListFeedResponse, left_out: Container[str]) -> pb.ListFeedResponse:
    """An older list, without what the reader is not to be shown any more, that says so."""
    items = [item for item in answer.items if item.paper.paper_id not in left_out]
    return pb.ListFeedResponse(
        items=items, model_version=answer.model_version, personal=True, degraded=[*answer.degraded, AWAY]
    )
