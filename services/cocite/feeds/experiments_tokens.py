"""What the attribution token of a feed's item says: of which list and place, and whose merit in which experiment."""

import hashlib
from dataclasses import dataclass

from cocite.feeds.feed_lists import FeedList
from cocite.feeds.secrets import Signer

SHOWN = "shown"  # purpose of the tokens
_PAPER_BYTES = 4


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item of an interleaved answer. sequence is that of the reader's last event before it; paper a digest."""

    list_id: bytes
    rank: int
    experiment: int
    team: int
    reader_key: int
    sequence: int
    paper: bytes

    @property
    def answer(self) -> tuple[int, bytes, int]:
        """What tells the answer from all others of the experiment."""
        return self.reader_key, self.list_id, self.sequence


def plain_token(signer: Signer, shown_in: bytes | str, rank: int) -> str:
    """The token of an item that is no part of an experiment: what it was shown in, and its place from 1."""
    return signer.sign(SHOWN, shown_in, rank, 0, 0)


def shown_token(signer: Signer, ranked: FeedList, rank: int) -> str:
    """The token of the item in that place, from 1, of a list."""
    if not ranked.draft.experiment:
        return plain_token(signer, ranked.list_id, rank)
    team = ranked.draft.teams[rank - 1]
    paper = digest_of_paper(ranked.answer.items[rank - 1].paper.paper_id)
    made_for = (ranked.reader_key, ranked.sequence, paper)
    return signer.sign(SHOWN, ranked.list_id, rank, ranked.draft.experiment, team, *made_for)


def read_shown_token(signer: Signer, token: str) -> ShownItem | None:
    """The item that a token was made for; None for one that was not made here, or outside of experiments."""
    match signer.verify(SHOWN, token):
        case (bytes(i), int(rank), int(experiment), int(team), int(reader), int(sequence), bytes(paper)):
            return ShownItem(i, rank, experiment, team, reader, sequence, paper)
    return None


def digest_of_paper(paper_id: str) -> bytes:
    """Stands for a paper in a token, which is short."""
    return hashlib.blake2b(paper_id.encode(), digest_size=_PAPER_BYTES).digest()
