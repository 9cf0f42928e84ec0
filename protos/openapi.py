"""The OpenAPI document of the gateway: routes by google.api.http in the protos, and those of openapi_others.yaml.

Each has a command from openapi_curls.yaml.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from google.protobuf.descriptor_pb2 import (
    FieldDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    MethodOptions,
    ServiceDescriptorProto,
)
from openapi_schemas import Protos, Schema, component

OTHERS = Path(__file__).with_name("openapi_others.yaml")
CURLS = Path(__file__).with_name("openapi_curls.yaml")
_FIRST = ("RecommenderService", "FeedService")  # what most who read the document look for
_WHOLE = {"type": "integer", "format": "int64"}  # in a query nothing is a string of digits


def write(image: Path, out: Path) -> None:
    """Write the document of the protos in a descriptor image with source information."""
    from google.api import annotations_pb2

    from cocite.v1.validate_rules import DESCRIPTOR as rules

    files = FileDescriptorSet.FromString(image.read_bytes()).file
    document = OpenApi(Protos(files, rules.extensions_by_name), annotations_pb2.http).document(
        [(f".{file.package}", service) for file in files for service in file.service]
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


class OpenApi:
    """http: the extension that google.api.http is."""

    def __init__(self, protos: Protos, http: Any) -> None:
        self._protos = protos
        self._http = http

    def document(self, services: list[tuple[str, ServiceDescriptorProto]]) -> dict[str, Any]:
        """The whole document, from the services and their packages."""
        document: dict[str, Any] = yaml.safe_load(OTHERS.read_text())
        paths: dict[str, Any] = {}
        requests, responses, queried, tags = [], [], [], []
        for package, service in sorted(services, key=_place):
            before = len(paths)
            for method in service.method:
                routes = list(self._routes(method))
                if routes:
                    responses.append(method.output_type)
                requests += [method.input_type for verb, _ in routes if verb == "post"]
                queried += [each for verb, _ in routes if verb == "get" for each in self._enums(method.input_type)]
                for verb, path in routes:
                    name = method.name + (f"By{verb.capitalize()}" if len(routes) > 1 else "")
                    comment = self._protos.comment(f"{package}.{service.name}.{method.name}")
                    demands = self._demands(method.input_type) if verb == "get" else ()
                    told = {"operationId": name, "tags": [service.name], **_summary(comment, *demands)}
                    paths.setdefault(path, {})[verb] = told | self._operation(verb, method)
            if len(paths) > before:
                name = f"{package}.{service.name}"
                tags.append({"name": service.name, "description": self._protos.comment(name)})
        document["tags"] = tags + document["tags"]
        document["paths"] = paths | document["paths"]
        _add_curls(document["paths"])
        schemas = self._protos.schemas([*responses, *queried], closed=False) | self._protos.schemas(
            requests, closed=True
        )
        components = document["components"]
        components["schemas"] = dict(sorted((components["schemas"] | schemas).items()))
        return document

    def _routes(self, method: MethodDescriptorProto) -> Iterator[tuple[str, str]]:
        rule = method.options.Extensions[self._http]
        for each in (rule, *rule.additional_bindings):
            if verb := each.WhichOneof("pattern"):
                yield verb, getattr(each, verb)

    def _operation(self, verb: str, method: MethodDescriptorProto) -> dict[str, Any]:
        answer = {"$ref": f"#/components/schemas/{component(method.output_type)}"}
        others = ["400", "401", "403", "429", "500", "503", "504"]
        others += ["408", "413", "415"] if verb == "post" else ["304"]
        if method.options.idempotency_level != MethodOptions.NO_SIDE_EFFECTS:  # what is to be changed may not be there
            others.append("404")
        operation: dict[str, Any] = {
            "parameters": [{"$ref": "#/components/parameters/requestTimeoutMs"}],
            "responses": {
                "200": {
                    "description": self._protos.comment(method.output_type),
                    "headers": {
                        "ETag": {"$ref": "#/components/headers/ETag"},
                        "Cache-Control": {"$ref": "#/components/headers/CacheControl"},
                    },
                    "content": {"application/json": {"schema": answer}},
                },
                **{status: {"$ref": f"#/components/responses/{status}"} for status in sorted(others)},
            },
        }
        if verb == "post":
            body = {"schema": {"$ref": f"#/components/schemas/{component(method.input_type)}"}}
            return operation | {"requestBody": {"required": True, "content": {"application/json": body}}}
        operation["parameters"] = [
            *self._query(method.input_type, ""),
            {"$ref": "#/components/parameters/ifNoneMatch"},
            *operation["parameters"],
        ]
        return operation

    def _query(self, name: str, prefix: str) -> Iterator[dict[str, Any]]:
        """A parameter for each field that a query can tell."""
        for field in self._protos.message(name).field:
            repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
            if field.type == FieldDescriptorProto.TYPE_MESSAGE:
                if not repeated:
                    yield from self._query(field.type_name, f"{prefix}{field.json_name}.")
                continue
            schema = self._protos.property(name, field)
            if field.type == FieldDescriptorProto.TYPE_INT64:
                schema = {key: value for key, value in schema.items() if key != "pattern"} | _WHOLE
            needed = repeated and not prefix and schema.get("minItems", 0) > 0
            yield {
                "name": f"{prefix}{field.json_name}",
                "in": "query",
                "description": schema.pop("description"),
                **({"required": True} if needed else {}),
                "schema": _of_query(schema),
            }

    def _enums(self, name: str) -> Iterator[str]:
        """Types of the fields that a query names by a word."""
        for field in self._protos.message(name).field:
            if field.type == FieldDescriptorProto.TYPE_ENUM:
                yield field.type_name
            elif field.type == FieldDescriptorProto.TYPE_MESSAGE and field.label != FieldDescriptorProto.LABEL_REPEATED:
                yield from self._enums(field.type_name)

    def _demands(self, name: str) -> Iterator[str]:
        """What the message and those that it always has inside must hold beyond their fields."""
        yield from self._protos.demands(name)
        for field in self._protos.message(name).field:
            if field.type == FieldDescriptorProto.TYPE_MESSAGE and field.label != FieldDescriptorProto.LABEL_REPEATED:
                yield from self._demands(field.type_name)


def _place(service: tuple[str, ServiceDescriptorProto]) -> int:
    name = service[1].name
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)


def _add_curls(paths: dict[str, dict[str, Any]]) -> None:
    """Give each operation its command, by the name that many tools show such by."""
    curls = yaml.safe_load(CURLS.read_text())
    for operation in (each for verbs in paths.values() for each in verbs.values()):
        operation["x-codeSamples"] = [{"lang": "Shell", "source": curls.pop(operation["operationId"])}]
    if curls:
        raise ValueError(f"{CURLS.name} has commands for no operation: {', '.join(curls)}")


def _of_query(schema: Schema) -> Schema:
    """An array may be repeated in a query as often as it says, but never be empty there."""
    return schema | {"minItems": 1} if schema.get("type") == "array" else schema


def _summary(comment: str, *demands: str) -> dict[str, str]:
    """The first sentence, and where there is more, all of it."""
    first, _, rest = comment.partition(". ")
    told = {"summary": first.removesuffix(".")}
    return told | {"description": " ".join([comment, *demands])} if rest or demands else told
