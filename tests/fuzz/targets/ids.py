"""Paper ids in any spelling: an id comes out in the one form that stays as it is, or InvalidId."""

from cocite.core.errors import InvalidId
from cocite.core.ids import MAX_ID_LENGTH, SCHEMES, normalise_id

SEEDS = [
    b"https://doi.org/10.1002/asi.4630240406",
    b"10.48550/arXiv.1706.03762v3",
    b"https://arxiv.org/pdf/hep-th/9901001v2.pdf",
    b"arXiv:math.GT/0309136",
    b"https://www.semanticscholar.org/paper/a-title/0123456789abcdef0123456789abcdef01234567",
    b"CorpusId: 17",
    b"https://aclanthology.org/2020.acl-main.1.pdf",
    b"https://dl.acm.org/doi/abs/10.1145/1%2E2?x#y",
    b"https://openalex.org/works/W12",
    b"https://www.biorxiv.org/content/10.1101/2020.01.01v2.full",
    b"doi:https://doi.org/10.1000/A",
    "local:é ".encode(),
]


def check(data: bytes) -> None:
    text = data.decode("utf-8", "surrogatepass" if data[:1] == b"\xed" else "replace") if _readable(data) else ""
    try:
        canonical = normalise_id(text, field="id")
    except InvalidId as error:
        assert len(error.message) < 2000 and error.field == "id"
        return
    assert canonical.partition(":")[0] in SCHEMES and len(canonical) <= MAX_ID_LENGTH
    assert not set(canonical) & set(" \t\r\n\0\x7f"), canonical
    canonical.encode()
    assert normalise_id(canonical) == canonical, canonical


def _readable(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data[:1] != b"\xed"
    return True
