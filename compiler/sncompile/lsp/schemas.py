"""What may stand where, by the JSON Schemas: keys, values, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sncompile.lazy_regex import regex
from sncompile.syntax.schema import KINDS, load_schema

_BASES = regex(r"\(\??:?((?:[a-z]+\|)*[a-z]+)\)")


class KeyHelp(NamedTuple):
    """A key that may stand in a mapping: what it means, the kinds of its value, and whether it has to be there."""

    name: str
    title: str
    description: str
    types: tuple[str, ...]
    required: bool


@cache
def _by_id() -> Mapping[str, Any]:
    return {load_schema(kind)["$id"]: load_schema(kind) for kind in KINDS}


def _root(kind: str) -> tuple[Any, Any]:
    schema = load_schema(kind)
    return schema, schema


def _resolved(schema: Any, root: Any) -> tuple[Any, Any]:
    """A schema behind its references, with the document that it stands in."""
    for _ in range(8):
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if reference is None:
            break
        file, _, pointer = reference.partition("#")
        if file:
            root = next(found for name, found in _by_id().items() if name.endswith(f"/{file}"))
        schema = root
        for part in pointer.strip("/").split("/"):
            schema = schema[part] if part else schema
    return (schema, root) if isinstance(schema, dict) else ({}, root)


@cache
def schema_at(kind: str, path: tuple[str | int, ...]) -> Mapping[str, Any]:
    """The schema of what stands at a path of a document; empty where nothing is said of it."""
    schema, root = _root(kind)
    for step in path:
        schema, root = _resolved(schema, root)
        # What may be a text or a module says of the latter alone what it holds (`if`, `then`).
        inner = _inner(schema, step)
        if inner is None and "then" in schema:
            schema, root = _resolved(schema["then"], root)
            inner = _inner(schema, step)
        if inner is None:
            return {}
        schema = inner
    schema, root = _resolved(schema, root)
    properties = _properties(schema, root)
    if "then" in schema:
        then, then_root = _resolved(schema["then"], root)
        schema, properties = {**then, **schema}, {**_properties(then, then_root), **properties}
    return {**schema, "properties": properties}


def _properties(schema: Any, root: Any) -> dict[str, Any]:
    return {name: _resolved(inner, root)[0] for name, inner in schema.get("properties", {}).items()}


def _inner(schema: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return schema.get("items")
    if step in schema.get("properties", {}):
        return schema["properties"][step]
    others = schema.get("additionalProperties")
    return others if isinstance(others, dict) else None


def keys_at(kind: str, path: Sequence[str | int]) -> list[KeyHelp]:
    """The keys that the schema knows of the mapping at a path."""
    schema = schema_at(kind, tuple(path))
    required = schema.get("required", ())
    return [
        KeyHelp(name, inner.get("title", ""), inner.get("description", ""), _types(inner), name in required)
        for name, inner in schema.get("properties", {}).items()
    ]


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    types = schema.get("type", ())
    return (types,) if isinstance(types, str) else tuple(types)


def key_help(kind: str, path: Sequence[str | int]) -> KeyHelp | None:
    """What the schema says of the key at the end of a path; None for names that a spec gives."""
    if not path or not isinstance(path[-1], str):
        return None
    return next((each for each in keys_at(kind, path[:-1]) if each.name == path[-1]), None)


def values_at(kind: str, path: Sequence[str | int]) -> list[str]:
    """The values that the schema names for a place: of an enumeration, true and false, the types of ports."""
    schema = schema_at(kind, tuple(path))
    if "const" in schema:
        return [str(schema["const"])]
    if "enum" in schema and isinstance(schema["enum"], list):
        return [str(value) for value in schema["enum"]]
    if schema.get("title") == "Type":
        return _type_names(schema.get("pattern", ""))
    if _types(schema) == ("boolean",):
        return ["true", "false"]
    return []


def _type_names(pattern: str) -> list[str]:
    """The types that a pattern of types takes, by trying the forms that there are."""
    bases = [base for group in _BASES.findall(pattern) for base in group.split("|")]
    if "map" in pattern:
        bases.append("map")
    forms = [base + tail for base in bases for tail in ("", "?", "[]", "[]?")]
    return [form for form in forms if re.search(pattern, form)]
