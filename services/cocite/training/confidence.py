"""How sure it is that a reader wants a paper, by what was done with it: the one place that says so.

Hu, Koren and Volinsky (2008) give each observation a confidence 1 + alpha r, where r says how much was observed, and
say nothing of which act says how much. r is 1 for what is kept, as an entry of an ingested library is; the others are
less as they ask less of a reader. The numbers are fitted to no data set: docs/decisions/0028-learning-from-events.md.
"""

from collections.abc import Mapping

from cocite.catalogue.event_records import EventKind

CONFIDENCE: Mapping[EventKind, float] = {
    EventKind.SAVE: 1.0,
    EventKind.SUBMIT: 1.0,
    EventKind.UPVOTE: 0.7,
    EventKind.CLICK: 0.2,
}
KEPT = (
    0.5  # from here on a paper counts as kept where lists know no more or less: who keeps what, and what goes with it
)
MOST_PAPERS_A_READER = 300  # by events, the surest; as many as a feed is made from
