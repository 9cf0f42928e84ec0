"""Messages and enums of the protos as JSON Schema, in the JSON that protobuf defines for them.

Comments become descriptions, and the rules of buf.validate constraints; a rule in CEL is told in words.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

Schema = dict[str, Any]
Kind = DescriptorProto | EnumDescriptorProto

_SCALARS: Mapping[int, Schema] = {
    FieldDescriptorProto.TYPE_DOUBLE: {"type": "number", "format": "double"},
    FieldDescriptorProto.TYPE_FLOAT: {"type": "number", "format": "float"},
    FieldDescriptorProto.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptorProto.TYPE_INT64: {"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"},
    FieldDescriptorProto.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptorProto.TYPE_STRING: {"type": "string"},
    FieldDescriptorProto.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
}
_WELL_KNOWN: Mapping[str, Schema] = {".google.protobuf.Timestamp": {"type": "string", "format": "date-time"}}
_BOUNDS = {
    **{"gte": "minimum", "lte": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"},
    **{"min_len": "minLength", "max_len": "maxLength", "max_bytes": "maxLength", "pattern": "pattern"},
    **{"min_items": "minItems", "max_items": "maxItems"},
}
_KNOWN = {*_BOUNDS, "items", "defined_only", "not_in", "email"}
_BYTES = "At most {:,} bytes of UTF-8."


class Protos:
    """What the protos say: their messages and enums by full name (".cocite.v1.Paper"), comments, rules.

    rules: the extensions of buf.validate by name.
    """

    def __init__(self, files: Iterable[FileDescriptorProto], rules: Mapping[str, Any]) -> None:
        self._rules = rules
        self._kinds: dict[str, Kind] = {}
        self._comments: dict[str, str] = {}
        for file in files:
            prefix = f".{file.package}" if file.package else ""
            for kind in (*file.message_type, *file.enum_type):
                self._add(f"{prefix}.{kind.name}", kind)
            for location in file.source_code_info.location:
                if location.leading_comments:
                    text = " ".join(location.leading_comments.split())
                    self._comments[_named(file, location.path)] = text

    def _add(self, name: str, kind: Kind) -> None:
        self._kinds[name] = kind
        for inner in getattr(kind, "nested_type", ()):
            self._add(f"{name}.{inner.name}", inner)

    def comment(self, name: str) -> str:
        """The comment on what has that full name, with its lines joined; "" where there is none."""
        return self._comments.get(name, "")

    def message(self, name: str) -> DescriptorProto:
        """The message of that full name."""
        found = self._kinds[name]
        assert isinstance(found, DescriptorProto)
        return found

    def demands(self, name: str) -> list[str]:
        """What a message must hold beyond its fields, as sentences."""
        rules = self.message(name).options.Extensions[self._rules["message"]]
        return [f"Rule: {each.message}." for each in rules.cel]

    def rule(self, field: FieldDescriptorProto) -> Any:
        """FieldRules of a field."""
        return field.options.Extensions[self._rules["field"]]

    def schemas(self, roots: Iterable[str], closed: bool) -> dict[str, Schema]:
        """Schemas of the messages and of all that they hold, by component name; closed: no other property may be."""
        found: dict[str, Schema] = {}
        waiting = list(roots)
        while waiting:
            name = waiting.pop()
            if name in _WELL_KNOWN or component(name) in found:
                continue
            kind = self._kinds[name]
            if isinstance(kind, EnumDescriptorProto):
                found[component(name)] = self._enum(name, kind)
                continue
            found[component(name)] = self._message(name, kind, closed)
            for field in kind.field:
                if field.type_name:
                    entry = self._map_value(field)
                    waiting += [each for each in [(entry or field).type_name] if each]
        return found

    def _enum(self, name: str, kind: EnumDescriptorProto) -> Schema:
        prefix = name.rpartition(".")[0]
        values = [(value.name, self.comment(f"{prefix}.{kind.name}.{value.name}")) for value in kind.value]
        told = " ".join([self.comment(name), *(f"{value}: {text}" for value, text in values)])
        return {"type": "string", "description": told, "enum": [value for value, _ in values]}

    def _message(self, name: str, kind: DescriptorProto, closed: bool) -> Schema:
        told = [self.comment(name), *self.demands(name)]
        for number, choice in enumerate(kind.oneof_decl):
            fields = [field for field in kind.field if field.HasField("oneof_index") and field.oneof_index == number]
            if not any(field.proto3_optional for field in fields):
                told.append(f"At most one of {choice.name}: {', '.join(field.json_name for field in fields)}.")
        schema: Schema = {"type": "object", "description": " ".join(told)}
        if kind.field:
            schema["properties"] = {field.json_name: self.property(name, field) for field in kind.field}
        if required := [field.json_name for field in kind.field if self.rule(field).required]:
            schema["required"] = required
        return schema | ({"additionalProperties": False} if closed else {})

    def property(self, message: str, field: FieldDescriptorProto) -> Schema:
        """The schema of a field of the message of that full name."""
        text = self.comment(f"{message}.{field.name}")
        rule = self.rule(field)
        if entry := self._map_value(field):
            return {"type": "object", "description": text, "additionalProperties": self._one(entry, None)}
        if field.label != FieldDescriptorProto.LABEL_REPEATED:
            return _described(text, self._one(field, rule))
        schema: Schema = {"type": "array", "items": self._one(field, rule.repeated.items)}
        return _described(text, schema | _bounds(rule.repeated))

    def _one(self, field: FieldDescriptorProto, rule: Any) -> Schema:
        """One value of a field, without its comment."""
        if field.type == FieldDescriptorProto.TYPE_MESSAGE:
            return dict(_WELL_KNOWN.get(field.type_name) or _ref(field.type_name))
        chosen = rule.WhichOneof("type") if rule is not None else None
        limits = getattr(rule, chosen) if chosen not in (None, "repeated") else None
        if field.type == FieldDescriptorProto.TYPE_ENUM:
            barred = list(limits.not_in) if limits is not None else []
            kind = self._kinds[field.type_name]
            assert isinstance(kind, EnumDescriptorProto)
            schema = _ref(field.type_name)
            return schema | ({"enum": [v.name for v in kind.value if v.number not in barred]} if barred else {})
        return dict(_SCALARS[field.type]) | (_bounds(limits) if limits is not None else {})

    def _map_value(self, field: FieldDescriptorProto) -> FieldDescriptorProto | None:
        """The field of the values of a map, None for what is no map."""
        if field.type != FieldDescriptorProto.TYPE_MESSAGE:
            return None
        kind = self._kinds.get(field.type_name)
        return kind.field[1] if isinstance(kind, DescriptorProto) and kind.options.map_entry else None


def component(name: str) -> str:
    """Its name among the components: the last part of the full name."""
    return name.rpartition(".")[2]


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{component(name)}"}


def _described(text: str, schema: Schema) -> Schema:
    note = schema.pop("description", "")
    return {"description": f"{text} {note}".strip(), **schema}


def _bounds(rules: Any) -> Schema:
    """Constraints of one kind of rules. Raises NotImplementedError for a rule that would be lost."""
    schema: Schema = {}
    for field, value in rules.ListFields():
        if field.name not in _KNOWN:
            raise NotImplementedError(f"buf.validate: {field.full_name} is not told in the OpenAPI document")
        if field.name in _BOUNDS:
            schema[_BOUNDS[field.name]] = value
        if field.name == "email":
            schema["format"] = "email"
        if field.name == "max_bytes":
            schema["description"] = _BYTES.format(value)
    return schema


def _named(file: FileDescriptorProto, path: Iterable[int]) -> str:
    """The full name of what a path of source_code_info leads to; "" for what has none."""
    here: Any = file
    names = [file.package]
    steps: Iterator[int] = iter(path)
    for number in steps:
        field = here.DESCRIPTOR.fields_by_number[number]
        here = getattr(here, field.name)
        if field.is_repeated:
            here = here[next(steps, 0)]
        if not hasattr(here, "name"):
            return ""
        names.append(here.name)
    return "." + ".".join(names)
