"""Compiled: whether a term is a function word of English, which tells nothing of what two texts share.

Such words count in retrieval as any others do, by how rare they are; among short titles that is not rare enough to keep
them from being named.
"""

import numpy as np
import numpy.typing as npt

from cocite.recommender.compiled import compiled
from cocite.recommender.machine_code import BYTES
from cocite.recommender.tokens import LONGEST_TERM

# Eight bytes at most: a word is compared as one number. "co" and its like are left of words such as co-citation.
_WORDS = """
    about above across after again against all also although always among an and another any are as at be because been
    before being below between both but by can cannot co could did do does doing down during each either et al etc even
    ever few for from further had has have having he hence her here his how however if in into is it its itself just
    least less many may me might mine more most much must my neither no non nor not now of off often on once only onto
    or other others our out over own per quite rather same shall she should since so some such than that the their them
    then there these they this those though through thus to too toward towards under until up upon us use used using
    versus very via was we were what when where whether which while who whom whose why will with within without would
    yet you your
"""
STOP_WORDS = frozenset(_WORDS.split())
_SIZE = 8
_CODES = np.array(sorted(int.from_bytes(word.encode()) for word in STOP_WORDS), dtype=np.uint64)
_COUNT = len(STOP_WORDS)


@compiled(f"boolean({BYTES}, int64)")
def is_stop_word(vocabulary: npt.NDArray[np.uint8], term: int) -> bool:
    """Whether the term in this place of the vocabulary is one of STOP_WORDS."""
    start, code, size = np.uint64(term * LONGEST_TERM), np.uint64(0), 0
    while vocabulary[start + np.uint64(size)] != 0:
        if size == _SIZE:
            return False
        code = (code << np.uint64(8)) | np.uint64(vocabulary[start + np.uint64(size)])
        size += 1
    low, high = 0, _COUNT
    while low < high:
        middle = (low + high) >> 1
        if _CODES[middle] < code:
            low = middle + 1
        else:
            high = middle
    return bool(low < _COUNT and _CODES[low] == code)
