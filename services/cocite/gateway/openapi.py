"""What the gateway offers, told to programs (/openapi.json) and to people (/docs/api).

The document is generated from the protos by `make proto`; the page is made of it here and needs nothing from elsewhere.
"""

from functools import partial
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader
from starlette.routing import Route

from cocite.gateway.answering import Handler, giving

_HERE = Path(__file__).parent
_MAX_AGE_S = 3600
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "{} or more characters",
    "maxLength": "at most {} characters",
    "minItems": "{} or more",
    "maxItems": "at most {}",
    "pattern": "like {}",
    "default": "{} by default",
}


def routes() -> list[Route]:
    """The document, the page and its style."""
    text = (_HERE / "openapi.json").read_bytes()
    return [
        Route("/openapi.json", _kept(text, "application/json")),
        Route("/docs/api", _kept(page(orjson.loads(text)).encode(), "text/html; charset=utf-8")),
        Route("/docs/api.css", _kept((_HERE / "openapi.css").read_bytes(), "text/css; charset=utf-8")),
    ]


def page(document: dict[str, Any]) -> str:
    """The document as a page of HTML."""
    environment = Environment(loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "bounds": _bounds,
        "resolve": partial(_resolved, document),
        "target": lambda schema: schema["$ref"].rpartition("/")[2],
    }
    return environment.get_template("openapi.html").render(
        document=document,
        groups=[(tag, list(_operations(document, tag["name"]))) for tag in document["tags"]],
    )


def _operations(document: dict[str, Any], tag: str) -> list[dict[str, Any]]:
    return [
        {"verb": verb.upper(), "path": path, **operation}
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
        if tag in operation["tags"]
    ]


def _resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """What a value stands for: itself, or what it refers to."""
    found: Any = value
    if "$ref" in value:
        found = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
    return dict(found)


def _bounds(schema: dict[str, Any]) -> str:
    """Constraints in words, those of an array's items after its own."""
    told = [text.format(schema[name]) for name, text in _BOUNDS.items() if name in schema]
    items = _bounds(schema["items"]) if "items" in schema else ""
    return ", ".join([*told, *([f"each {items}"] if items else [])])


def _kept(content: bytes, media_type: str) -> Handler:
    return giving(content, {"cache-control": f"public, max-age={_MAX_AGE_S}", "content-type": media_type})
