"""manifest.json to a Manifest and back, every field checked."""

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cocite.core.errors import CorruptData
from cocite.recommender.layout import FILES, MANIFEST, SCHEMA, AlsParameters, FileEntry, Manifest

MODEL_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def manifest_json(manifest: Manifest) -> str:
    """The text of manifest.json."""
    return json.dumps(dataclasses.asdict(manifest), indent=2, sort_keys=True) + "\n"


def parse_manifest(text: str) -> Manifest:
    """The manifest in text. Raises CorruptData that names the field at fault, or the schema when it is too new."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raise _corrupt("is not JSON") from None
    if not isinstance(raw, dict):
        raise _corrupt("is not a JSON object")
    schema = _take(raw, "schema", int)
    if schema != SCHEMA:
        age = "newer" if schema > SCHEMA else "older"
        raise CorruptData(
            f"{MANIFEST} has schema {schema}, {age} than the schema {SCHEMA} this release reads",
            hint="upgrade cocite" if schema > SCHEMA else "train again with this release",
        )
    return Manifest(
        schema=schema,
        model_version=_matching(raw, "model_version", MODEL_VERSION),
        created_at=_time(raw, "created_at"),
        paper_count=_at_least(raw, "paper_count", 1),
        citation_count=_at_least(raw, "citation_count", 0),
        text_dimension=_at_least(raw, "text_dimension", 1),
        embedding_model_version=_matching(raw, "embedding_model_version", MODEL_VERSION),
        data_fingerprint=_take(raw, "data_fingerprint", str),
        catalogue_cursor=_at_least(raw, "catalogue_cursor", 0),
        seed=_take(raw, "seed", int),
        als=_als(_take(raw, "als", dict)),
        files=_files(_take(raw, "files", dict)),
        metrics=_metrics(_take(raw, "metrics", dict)),
        rankers={str(name): str(kind) for name, kind in _take(raw, "rankers", dict).items()},
        venues=tuple(str(venue) for venue in _take(raw, "venues", list)),
        fields=tuple(str(name) for name in _take(raw, "fields", list)),
    )


def _metrics(raw: Mapping[str, Any]) -> dict[str, float]:
    numbers = {name: _float(name, value) for name, value in raw.items() if isinstance(value, int | float)}
    return {name: number for name, number in numbers.items() if math.isfinite(number)}


def _als(raw: Mapping[str, Any]) -> AlsParameters:
    names = ("alpha", "regularization", "k1", "b", "average_length", "scale", "term_weight")
    numbers = {name: _take(raw, name, float) for name in names}
    for name, number in numbers.items():
        if not math.isfinite(number) or number < 0 or (number == 0 and name in ("alpha", "average_length")):
            raise _corrupt(f"has als.{name} = {number}")
    return AlsParameters(factors=_at_least(raw, "factors", 1), **numbers)


def _files(raw: Mapping[str, Any]) -> dict[str, FileEntry]:
    entries = {}
    for name in FILES:
        entry = _take(raw, name, dict)
        entries[name] = FileEntry(size=_at_least(entry, "size", 0), sha256=_matching(entry, "sha256", _SHA256))
    return entries


def _take(raw: Mapping[str, Any], name: str, kind: type) -> Any:
    value = raw.get(name)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = _float(name, value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _corrupt(f"has no {name} of type {kind.__name__}")
    return value


def _float(name: str, value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise _corrupt(f"has a {name} too large for a number") from None


def _time(raw: Mapping[str, Any], name: str) -> str:
    value: str = _take(raw, name, str)
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise _corrupt(f"has a {name} that is no ISO 8601 time") from None
    return value


def _at_least(raw: Mapping[str, Any], name: str, least: int) -> int:
    value: int = _take(raw, name, int)
    if value < least:
        raise _corrupt(f"has {name} = {value}")
    return value


def _matching(raw: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value: str = _take(raw, name, str)
    if not pattern.fullmatch(value):
        raise _corrupt(f"has a malformed {name}")
    return value


def _corrupt(what: str) -> CorruptData:
    return CorruptData(f"{MANIFEST} {what}")
