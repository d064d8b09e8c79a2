"""Types by themselves: how they are written, what a literal is, and what serves both sides of a choice."""

from __future__ import annotations

import re

import pytest

from sncompile.ir.language.types import NULL, UNKNOWN, Type, type_of_constant, unify
from sncompile.ir.values.model import gathered
from sncompile.syntax.schema import load_schema
from sncompile.syntax.type_names import OF_FILES, OF_PARAMS, OF_VALUES, TYPES

WRITTEN = ["string", "string?", "string[]", "string?[]", "string[]?", "string?[]?", "integer", "file[]"]


def read(text: str) -> Type:
    """A type as it is written; with a `'` behind it, what is written in the spec and reads as it."""
    said = text.removesuffix("'")
    optional, many = said.endswith("?"), said.removesuffix("?").endswith("[]")
    inner = said.removesuffix("?").removesuffix("[]") if many else said.removesuffix("?")
    gaps = many and inner.endswith("?")
    return Type(inner.removesuffix("?"), many, optional, gaps=gaps, written=text.endswith("'"))


@pytest.mark.parametrize("text", WRITTEN)
def test_types_are_written_as_they_are_read(text: str) -> None:
    assert str(read(text)) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "null?"), (True, "boolean"), (1, "integer"), (0.5, "number"), ("x", "string"), ("1", "string")],
)
def test_types_of_literals(value: object, expected: str) -> None:
    assert str(type_of_constant(value)) == expected


@pytest.mark.parametrize(
    ("text", "one", "list_of_such"),
    [
        ("string", "string", "string[]"),
        ("string?", "string?", "string?[]"),
        ("string[]", "string", "string[]"),
        ("string?[]", "string?", "string?[]"),
        ("string[]?", "string?", "string[]"),
    ],
)
def test_items_and_lists(text: str, one: str, list_of_such: str) -> None:
    """The type of an item, and of the list of what several instances have."""
    assert (str(read(text).one), str(gathered(read(text)))) == (one, list_of_such)


@pytest.mark.parametrize(
    ("left", "right", "both"),
    [
        ("string", "string", "string"),
        ("string", "string?", "string?"),
        ("string[]", "string?[]", "string?[]"),
        ("string[]?", "string[]", "string[]?"),
        ("string", "string[]", None),
        ("integer", "number", "number"),
        ("integer[]", "number?[]", "number?[]"),
        ("integer?", "number", "number?"),
        ("integer", "string", None),
        ("boolean", "integer", None),
        ("boolean", "string", None),
        ("null?", "integer", "integer?"),
        ("null?", "string[]", "string[]?"),
        ("null?", "null?", "null?"),
        ("file", "string", "file"),
        ("file", "path", "file"),
        ("file", "directory", "file"),
        ("directory", "directory", "directory"),
        ("directory", "string", "string"),
        ("path", "string", "string"),
        ("path", "path", "path"),
        ("file[]", "string[]", "file[]"),
        # What is written in the spec is text beside text, and else what it reads as.
        ("integer'", "string", "string"),
        ("integer'", "integer", "integer"),
        ("integer'", "number'", "number'"),
        ("integer'", "boolean'", "string"),
        ("integer'", "boolean", None),
        ("number'", "integer", "number"),
        ("integer'", "integer'", "integer'"),
        ("integer[]'", "string[]", "string[]"),
    ],
)
def test_what_serves_both(left: str, right: str, both: str | None) -> None:
    """Whichever side stands first."""
    for one, other in ((left, right), (right, left)):
        found = unify(read(one), read(other))
        assert found == (None if both is None else read(both))


def test_what_serves_both_where_one_is_at_fault() -> None:
    """Of what was not understood nothing more is said; but a list is no single value."""
    assert unify(UNKNOWN, read("string")) == UNKNOWN
    assert unify(UNKNOWN._replace(many=True), UNKNOWN._replace(many=True)) == UNKNOWN._replace(many=True)
    assert unify(UNKNOWN._replace(many=True), read("string")) is None
    assert unify(UNKNOWN._replace(many=True), UNKNOWN) == UNKNOWN
    assert unify(UNKNOWN._replace(many=True), NULL) == UNKNOWN


def test_an_empty_list_serves_as_a_list_of_anything() -> None:
    """A choice between some and none is still a list, of what the some are."""
    for one, other in (
        (read("string[]"), UNKNOWN._replace(many=True)),
        (UNKNOWN._replace(many=True), read("string[]")),
    ):
        assert unify(one, other) == read("string[]")


def test_formats_of_both() -> None:
    """They are kept where both have the same."""
    png, tiff = Type("file", formats=("png",)), Type("file", formats=("tiff",))
    assert unify(png, png) == png
    assert unify(png, tiff) == Type("file")
    assert unify(png, Type("string")) == Type("file")


@pytest.mark.parametrize(
    ("kind", "where", "names"),
    [
        ("module", "$defs/output/properties/type", {*OF_FILES, *OF_VALUES}),
        ("module", "$defs/param/properties/type", {*OF_PARAMS, "map"}),
        ("pipeline", "$defs/column/properties/type", set(TYPES)),
        ("pipeline", "$defs/infer/properties/type", set(OF_PARAMS)),
    ],
)
def test_schemas_name_the_types_that_there_are(kind: str, where: str, names: set[str]) -> None:
    """What a port, a parameter, a column or an inferred value may be is declared in `syntax/type_names.py`."""
    schema = load_schema(kind)
    for part in where.split("/"):
        schema = schema[part]
    assert set(re.findall(r"[a-z]+", schema["pattern"])) == names, f"`{where}` of {kind}.schema.json names other types"
