from cocite.core.paper import Paper, content_hash, text_of


def test_text_is_title_and_abstract() -> None:
    assert text_of(Paper("doi:10.1000/a", title=" T ", abstract="A.")) == "T\nA."


def test_keywords_stand_in_for_a_missing_abstract() -> None:
    assert text_of(Paper("doi:10.1000/a", title="T", keywords=("k1", "k2"))) == "T\nk1 k2"
    assert text_of(Paper("doi:10.1000/a", title="T", abstract="A", keywords=("k1",))) == "T\nA"


def test_a_paper_without_text_has_none() -> None:
    assert text_of(Paper("doi:10.1000/a", title="  ")) == ""


def test_content_hash_tells_texts_apart() -> None:
    assert content_hash("a") == content_hash("a") != content_hash("b")
    assert len(content_hash("")) == 32
