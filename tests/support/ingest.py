"""Small files to ingest, and what became of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cocite.catalogue.store import Catalogue
from cocite.core.paper import Paper

Write = Callable[[str, bytes | str], Path]


def jsonl(*values: Any) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def only(catalogue: Catalogue, name: str) -> Paper:
    return catalogue.get_papers([name])[name]
