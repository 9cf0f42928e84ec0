from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csr_array

from cocite.core.errors import InvalidArgument
from cocite.core.paper import Paper
from cocite.recommender import layout
from cocite.training.display import display_arrays
from cocite.training.fitting import loaded
from cocite.training.model import Model
from cocite.training.options import TrainingOptions
from cocite.training.related import related_arrays
from cocite.v1 import paper_pb2


def test_threads_change_no_list(model: Model):
    one, three = (related_arrays(loaded(model), 15, threads) for threads in (1, 3))
    assert one.keys() == three.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, three[name])
    assert one[layout.RELATED_OFFSETS][-1] == 40 * 15


def test_progress_ends_a_run_between_two_blocks(model: Model):
    def stop(phase: str, done: int, total: int) -> None:
        assert (phase, done, total) == ("Related lists", 32, 40)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        related_arrays(loaded(model), 5, 2, stop)


def test_papers_come_in_any_order_and_may_be_missing():
    citations = csr_array((np.ones(2), ([0, 2], [1, 1])), shape=(3, 3))
    papers = [(2, Paper("local:c", title="third")), (0, Paper("local:renamed", title="first", abstract="told"))]
    arrays = display_arrays(["local:a", "local:b", "local:c"], papers, citations)
    offsets, encoded = arrays[layout.DISPLAY_OFFSETS], arrays[layout.DISPLAY]
    shown = [paper_pb2.Paper.FromString(encoded[a:b].tobytes()) for a, b in pairwise(offsets)]
    assert shown == [
        paper_pb2.Paper(paper_id="local:a", title="first", reference_count=1, has_abstract=True),
        paper_pb2.Paper(paper_id="local:b"),
        paper_pb2.Paper(paper_id="local:c", title="third", reference_count=1),
    ]


@pytest.mark.parametrize("related", [-1, 1001])
def test_lists_are_no_longer_than_answers(related: int):
    with pytest.raises(InvalidArgument, match="related"):
        replace(TrainingOptions(), related=related)
