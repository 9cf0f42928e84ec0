import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocite.core.errors import InvalidId
from cocite.core.ids import MAX_ID_LENGTH, SCHEMES, normalise_id, try_normalise_id

SPELLINGS = {
    "doi:10.1109/tvcg.2011.185": [
        "10.1109/TVCG.2011.185",
        "doi:10.1109/tvcg.2011.185",
        "DOI: 10.1109/TVCG.2011.185",
        "https://doi.org/10.1109/TVCG.2011.185",
        "http://dx.doi.org/10.1109/tvcg.2011.185",
        "doi:https://doi.org/10.1109/tvcg.2011.185",
        " 10.1109/tvcg.2011.185. ",
        "doi.org/10.1109/tvcg.2011.185",
        "https://doi.org/10.1109/tvcg.2011.185?utm_source=x",
        "https://doi.org/10.1109/tvcg.2011.185#sec1",
        "https://doi.org/10.1109%2FTVCG.2011.185",
    ],
    "doi:10.1234/a%2541": ["10.1234/a%2541", "doi:10.1234/a%2541", "https://doi.org/10.1234/a%252541"],
    "doi:10.1007/978-3-319-10590-1_53": ["https://link.springer.com/content/pdf/10.1007/978-3-319-10590-1_53.pdf"],
    "doi:10.1080/01621459.2020.1": ["https://www.tandfonline.com/doi/full/10.1080/01621459.2020.1?src=x"],
    "doi:10.1145/133160.133216": [
        "https://dl.acm.org/doi/abs/10.1145/133160.133216?casa_token=x",
        "https://dl.acm.org/doi/epdf/10.1145/133160.133216",
        "dl.acm.org/doi/fullHtml/10.1145/133160.133216",
    ],
    "doi:10.1101/2020.01.01.123456": [
        "https://www.biorxiv.org/content/10.1101/2020.01.01.123456v2.full",
        "https://www.biorxiv.org/content/10.1101/2020.01.01.123456v1.full.pdf",
        "https://www.medrxiv.org/content/10.1101/2020.01.01.123456v1.full-text",
        "https://www.biorxiv.org/content/10.1101/2020.01.01.123456",
    ],
    "arxiv:1706.03762": [
        "1706.03762",
        "arXiv:1706.03762v5",
        "https://arxiv.org/abs/1706.03762v5",
        "arxiv.org/abs/1706.03762",
        "https://arxiv.org/pdf/1706.03762.pdf",
        "https://arxiv.org/pdf/1706.03762v1?download=1",
        "https://huggingface.co/papers/1706.03762",
        "10.48550/arXiv.1706.03762",
        "https://doi.org/10.48550/ARXIV.1706.03762",
    ],
    "arxiv:hep-th/9901001": ["hep-th/9901001v2", "arxiv:hep-th/9901001"],
    "arxiv:math/0309136": ["math.GT/0309136", "math/0309136v1"],
    "pmid:12345": ["pmid:12345", "PMID: 0012345", "https://pubmed.ncbi.nlm.nih.gov/12345/"],
    "openalex:W2741809807": ["W2741809807", "https://openalex.org/W2741809807", "openalex:w2741809807"],
    "s2:13756489": ["CorpusID:13756489", "s2:13756489"],
    "s2:204e3073870fae3d05bcbc2f6a8e263d9b72e776": [
        "https://www.semanticscholar.org/paper/Attention/204e3073870fae3d05bcbc2f6a8e263d9b72e776",
    ],
    "acl:P19-1001": ["acl:p19-1001", "P19-1001", "https://aclanthology.org/P19-1001.pdf"],
    "acl:2020.acl-main.1": ["https://aclanthology.org/2020.acl-main.1/", "ACL:2020.ACL-main.1"],
    "local:42": ["local:42"],
}


@pytest.mark.parametrize(("canonical", "spelling"), [(c, s) for c, all_ in SPELLINGS.items() for s in all_])
def test_spellings_of_one_id_have_one_form(canonical: str, spelling: str) -> None:
    assert normalise_id(spelling) == canonical


@pytest.mark.parametrize(
    "text",
    ["", " ", "hello", "doi:", "doi:10.1/x", "doi:11.1109/x", "arxiv:17.03762", "pmid:x", "pmid:٣", "W", "s2:xyz",
     "local:", "local:a b", "42", "https://example.org/paper", "javascript:alert(1)", "10.1109/\x00", "x" * 600,
     "10.1007/978{\\_}53", "10.1109/" + "a" * MAX_ID_LENGTH],
)  # fmt: skip
def test_what_is_no_id_is_refused_with_the_field_named(text: str) -> None:
    assert try_normalise_id(text) is None
    with pytest.raises(InvalidId) as caught:
        normalise_id(text, field="seeds.positive_ids[0]")
    assert caught.value.field == "seeds.positive_ids[0]"
    assert "doi:" in caught.value.hint


@given(
    st.text(max_size=80)
    | st.from_regex(r"(https?://)?(doi:|doi.org/|arxiv:|s2:|local:|W|10[.]1234/)[ -~]{0,40}", fullmatch=True)
    | st.from_regex(r"(doi:|https://doi[.]org/)?10[.]1234/(%|2|5|4|1|F|a|/|[?]|#){1,12}", fullmatch=True)
)
def test_normalising_is_idempotent_and_bounded(text: str) -> None:
    canonical = try_normalise_id(text)
    if canonical is not None:
        assert normalise_id(canonical) == canonical
        assert canonical.split(":")[0] in SCHEMES
        assert len(canonical) <= MAX_ID_LENGTH
        assert not any(c.isspace() or not c.isprintable() for c in canonical)
