from pathlib import Path

import numpy as np
import pytest

from cocite.core.errors import CorruptData
from cocite.recommender import layout
from cocite.recommender.bundle import Bundle
from cocite.recommender.bundle_files import list_bundles, read_current
from support.bundles import Corpus, publish, reseal, rewrite_manifest


def test_a_whole_bundle_loads_and_knows_its_papers(bundle: Bundle, corpus: Corpus) -> None:
    assert bundle.paper_count == len(corpus.papers)
    for row, paper in enumerate(corpus.papers):
        assert bundle.paper_id(row) == paper.paper_id
        assert bundle.year(row) == paper.year
        assert list(bundle.rows_of([paper.paper_id, *paper.aliases])) == [row] * (1 + len(paper.aliases))


def test_ids_it_does_not_know_are_minus_one(bundle: Bundle) -> None:
    assert list(bundle.rows_of(["doi:10.1000/none", "doi:10.1000/3", "s2:1"])) == [-1, 3, -1]
    assert bundle.rows_of([]).size == 0


def test_arrays_are_mapped_not_read(bundle: Bundle) -> None:
    (factors,) = bundle.item_factors.blocks
    assert isinstance(factors.base, np.memmap)
    assert not factors.flags.writeable


@pytest.mark.parametrize("name", layout.FILES)
def test_a_flipped_byte_in_any_file_is_found(bundle_dir: Path, name: str) -> None:
    Bundle.load(bundle_dir)
    data = bytearray((bundle_dir / name).read_bytes())
    data[-1] ^= 0x01
    (bundle_dir / name).write_bytes(data)
    with pytest.raises(CorruptData, match=name):
        Bundle.load(bundle_dir)


@pytest.mark.parametrize("name", layout.FILES)
def test_a_truncated_file_is_found_even_without_checksums(bundle_dir: Path, name: str) -> None:
    data = (bundle_dir / name).read_bytes()
    (bundle_dir / name).write_bytes(data[:-3])
    with pytest.raises(CorruptData, match=name):
        Bundle.load(bundle_dir, verify=False)


@pytest.mark.parametrize("name", [*layout.FILES, layout.MANIFEST])
def test_a_missing_file_is_named(bundle_dir: Path, name: str) -> None:
    (bundle_dir / name).unlink()
    with pytest.raises(CorruptData, match=name):
        Bundle.load(bundle_dir)


def _first_nan(array: np.ndarray) -> np.ndarray:
    changed = np.array(array)
    changed.flat[0] = np.nan
    return changed


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (layout.ITEM_FACTORS, _first_nan),
        (layout.GRAM_INVERSE, _first_nan),
        (layout.GRAM_INVERSE, lambda a: -a),
        (layout.GRAM, _first_nan),
        (layout.GRAM, lambda a: a * 0),
        (layout.ITEM_IDF, _first_nan),
        (layout.TEXT_VECTORS, _first_nan),
        (layout.TEXT_VECTORS, lambda a: a * np.float16(0.5)),
        (layout.ITEM_FACTORS, lambda a: a.astype(np.float64)),
        (layout.ITEM_FACTORS, lambda a: a[:-1]),
        (layout.ITEM_FACTORS, lambda a: np.asfortranarray(a)),
        (layout.REFERENCES, lambda a: np.where(np.arange(len(a)) == 0, 9999, a).astype(np.int32)),
        (layout.CITED_BY, lambda a: np.where(np.arange(len(a)) == 0, -1, a).astype(np.int32)),
        (layout.REFERENCES, lambda a: a[::-1].copy()),
        (layout.REFERENCE_OFFSETS, lambda a: a[::-1].copy()),
        (layout.CITED_BY_OFFSETS, lambda a: np.append(a[:-1], a[-1] + 1)),
        (layout.PAPER_ID_OFFSETS, lambda a: a + 1),
        (layout.PAPER_IDS, lambda a: np.full_like(a, 0xFF)),
        (layout.ID_HASHES, lambda a: a[::-1].copy()),
        (layout.ID_ROWS, lambda a: np.zeros_like(a)),
        (layout.ID_ROWS, lambda a: a[:-1]),
        (layout.VENUE_CODES, lambda a: a + 50),
        (layout.VOCABULARY, lambda a: a[::-1].copy()),
        (layout.VOCABULARY, lambda a: np.concatenate((a[:-1], np.array([b"\xff"], dtype=a.dtype)))),
        (layout.TERM_IDF, _first_nan),
        (layout.TERM_IDF, lambda a: a[:-1]),
        (layout.PAPER_TERM_OFFSETS, lambda a: a + 1),
        (layout.PAPER_TERMS, lambda a: a + 1000),
        (layout.PAPER_TERM_WEIGHTS, _first_nan),
        (layout.PAPER_TERM_WEIGHTS, lambda a: a[:-1]),
        (layout.TERM_PAPER_OFFSETS, lambda a: a[:-1]),
        (layout.TERM_PAPERS, lambda a: a[:-1]),
        (layout.TERM_PAPERS, lambda a: -a - 1),
        (layout.TERM_PAPER_WEIGHTS, lambda a: -a),
        (layout.READER_OFFSETS, lambda a: a + 1),
        (layout.ITEM_IDF, lambda a: np.array([{"a": 1}], dtype=object)),
        (layout.WORKS, lambda a: a + 1),
        (layout.WORKS, lambda a: np.maximum(a - 1, 0)),
        (layout.WORKS, lambda a: a - 1),
        (layout.TITLE_HASHES, lambda a: np.array([2, 1], dtype=a.dtype)),
        (layout.TITLE_ROWS, lambda a: np.array([0], dtype=a.dtype)),
        (layout.FIELD_OFFSETS, lambda a: a + 1),
        (layout.FIELD_CODES, lambda a: a + 50),
        (layout.TEXT_NEIGHBOURS, lambda a: a + 24),
        (layout.TEXT_NEIGHBOURS, lambda a: np.where(a == a.min(), -2, a).astype(a.dtype)),
        (layout.TEXT_NEIGHBOURS, lambda a: a[:-1]),
        (layout.TEXT_NEIGHBOURS, lambda a: a.astype(np.int64)),
        (layout.TEXT_LIKENESS, _first_nan),
        (layout.TEXT_LIKENESS, lambda a: -a),
        (layout.TEXT_LIKENESS, lambda a: a + 1.1),
        (layout.TEXT_LIKENESS, lambda a: a[:, :-1].copy()),
        (layout.CONTEXT_OFFSETS, lambda a: a + 1),
        (layout.CONTEXT_OFFSETS, lambda a: a[:-1]),
        (layout.CONTEXT_OFFSETS, lambda a: a[::-1].copy()),
        (layout.CONTEXT_PAPERS, lambda a: a + 24),
        (layout.CONTEXT_PAPERS, lambda a: a[::-1].copy()),
        (layout.CONTEXT_WEIGHTS, _first_nan),
        (layout.CONTEXT_WEIGHTS, lambda a: a[:-1]),
        (layout.CONTEXT_WEIGHTS, lambda a: a * 3),
        (layout.CONTEXT_WEIGHTS, lambda a: a[::-1].copy()),
        (layout.TERM_PAPER_WEIGHTS, lambda a: a[::-1].copy()),
        (layout.LIBRARY_OFFSETS, lambda a: a + 1),
        (layout.LIST_IDF, _first_nan),
        (layout.LIST_NORMS, lambda a: -a - 1),
        (layout.LIST_NORMS, lambda a: a[:-1]),
        (layout.COCITATION_NORMS, _first_nan),
        (layout.NEAR, lambda a: a + 24),
        (layout.NEAR, lambda a: a[::-1].copy()),
        (layout.NEAR_OFFSETS, lambda a: a[::-1].copy()),
        (layout.NEAR_SHARES, lambda a: a[:-1]),
        (layout.NEAR_SHARES, lambda a: a * 100),
        (layout.TERM_FACTORS, _first_nan),
        (layout.TERM_FACTORS, lambda a: a[:-1]),
        (layout.TERM_FACTORS, lambda a: a[:, :-1].copy()),
        (layout.SOURCE_GRAM_INVERSE, _first_nan),
        (layout.SOURCE_GRAM_INVERSE, lambda a: a * 0),  # which has no inverse
        (layout.SOURCE_GRAM_INVERSE, lambda a: -a),
        (layout.SOURCE_GRAM_INVERSE, lambda a: a[:-1]),
        (layout.RANKERS, lambda a: a[:-1]),
        (layout.RANKERS, lambda a: np.frombuffer(b'{"papers": {"kind": "logistic"}}', dtype=a.dtype)),
        (layout.RANKERS, lambda a: a.astype(np.int8)),
    ],
)
def test_contents_that_cannot_be_are_refused_though_the_checksum_fits(bundle_dir: Path, name: str, change) -> None:  # type: ignore[no-untyped-def]  # one lambda a case
    original = np.array(np.load(bundle_dir / name))
    reseal(bundle_dir, name, original)
    Bundle.load(bundle_dir)  # resealing alone is not what is refused
    reseal(bundle_dir, name, change(original))
    with pytest.raises(CorruptData, match=name):
        Bundle.load(bundle_dir)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_no_array_may_hold_what_is_no_number(bundle_dir: Path, number: float) -> None:
    """Every array of numbers that have a point, so that one that is new is not forgotten above."""
    arrays = {name: np.array(np.load(bundle_dir / name)) for name in layout.FILES}
    with_point = {name: array for name, array in arrays.items() if array.dtype.kind == "f" and array.size}
    assert {layout.ITEM_FACTORS, layout.TEXT_VECTORS, layout.NEAR_SHARES} <= set(with_point)
    for name, original in with_point.items():
        changed = original.copy()
        changed.flat[-1] = number
        reseal(bundle_dir, name, changed)
        with pytest.raises(CorruptData, match=name):
            Bundle.load(bundle_dir)
        reseal(bundle_dir, name, original)


def test_a_newer_schema_says_upgrade(bundle_dir: Path) -> None:
    rewrite_manifest(bundle_dir, schema=layout.SCHEMA + 1)
    said = f"schema {layout.SCHEMA + 1}, newer than the schema {layout.SCHEMA}.*; upgrade cocite"
    with pytest.raises(CorruptData, match=said):
        Bundle.load(bundle_dir)


@pytest.mark.parametrize(
    "text",
    ["", "not json", "[]", "{}", '{"schema": "1"}', '{"schema": true}', "[" * 100_000, '{"schema": 1, "files": {}}'],
)
def test_a_manifest_that_is_none_is_refused(bundle_dir: Path, text: str) -> None:
    (bundle_dir / layout.MANIFEST).write_text(text)
    with pytest.raises(CorruptData, match=layout.MANIFEST):
        Bundle.load(bundle_dir)


@pytest.mark.parametrize(
    "change",
    [
        {"model_version": "../up"},
        {"paper_count": 0},
        {"citation_count": -1},
        {"files": {}},
        {"als": {"factors": 8, "alpha": float("nan"), "regularization": 0, "k1": 100, "b": 0.8, "average_length": 1}},
        {"als": {"factors": 8, "alpha": 10**400, "regularization": 0, "k1": 100, "b": 0.8, "average_length": 1}},
        {"metrics": {"fused.recall@20": 10**400}},
        {"venues": "none"},
        {"fields": "none"},
    ],
)
def test_a_manifest_with_a_field_that_cannot_be_is_refused(bundle_dir: Path, change: dict[str, object]) -> None:
    rewrite_manifest(bundle_dir, **change)
    with pytest.raises(CorruptData, match=layout.MANIFEST):
        Bundle.load(bundle_dir)


def test_current_names_the_version(bundle_dir: Path) -> None:
    home = bundle_dir.parent
    assert read_current(home) is None
    assert read_current(home / "nowhere") is None
    publish(home, "m1")
    assert read_current(home) == "m1"
    assert list_bundles(home) == ["m1"]
    assert list_bundles(home / "nowhere") == []


@pytest.mark.parametrize("name", ["", "..", "../other", "a/b", "\x00", "x" * 300, "-rf"])
def test_current_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / layout.CURRENT).write_bytes(name.encode())
    with pytest.raises(CorruptData, match="CURRENT"):
        read_current(tmp_path)
