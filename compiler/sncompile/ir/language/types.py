"""The types of the spec language."""

from __future__ import annotations

from typing import NamedTuple

READ = ("integer", "number", "boolean")
"""Types whose values are read from what was written (`written.py`); those of all others stay the text that they are."""


class Type(NamedTuple):
    """A type: a base, and whether it is a list of it, may be absent, and which formats its files have.

    `gaps`: items of the list may be absent (`string?[]`). `unknown` is the type of what could not be understood;
    nothing more is said of it. What is `written` is text inside, as it stands in the spec, and reads as the base (a
    number or boolean) where that is wanted: see `written.py`.
    """

    base: str
    many: bool = False
    optional: bool = False
    formats: tuple[str, ...] = ()
    gaps: bool = False
    written: bool = False

    def __str__(self) -> str:
        return type_text(self.base, self.many, self.optional, self.gaps)

    @property
    def one(self) -> Type:
        """The type of a single value of it."""
        return self._replace(many=False, gaps=False, optional=self.optional or self.gaps)

    @property
    def as_text(self) -> Type:
        """The type of what was written, where text is wanted."""
        return self._replace(base="string", written=False) if self.written else self

    @property
    def of_files(self) -> bool:
        """Whether it stands for files or directories."""
        return self.base in ("file", "directory")

    @property
    def of_paths(self) -> bool:
        """Whether its values are paths."""
        return self.base in ("file", "directory", "path")

    @property
    def textual(self) -> bool:
        """Whether its values are text inside."""
        return self.base in ("string", "path", "file", "directory")


def type_text(base: str, many: bool, optional: bool, gaps: bool) -> str:
    """A type as it is written: `string`, `string?`, `string[]`, `string?[]`, `string[]?`, `string?[]?`."""
    return f"{base}{'?' if gaps else ''}{'[]' if many else ''}{'?' if optional else ''}"


STRING = Type("string")
INTEGER = Type("integer")
NUMBER = Type("number")
BOOLEAN = Type("boolean")
PATH = Type("path")
NULL = Type("null", optional=True)
UNKNOWN = Type("unknown", optional=True)


def type_of_constant(value: object) -> Type:
    """The type of a literal."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return INTEGER
    if isinstance(value, float):
        return NUMBER
    return STRING


def unify(left: Type, right: Type) -> Type | None:
    """The type of `a if c else b`; None where there is none that serves both.

    What was written serves as text beside text.
    """
    if "unknown" in (left.base, right.base):
        if left.many and right.many:
            return right if left.base == "unknown" else left
        # An empty list is one, whatever its items would be; of a value that is at fault nothing is known.
        single = {left.many, right.many} == {False, True} and (left if right.many else right)
        return None if single and single.base not in ("unknown", "null") else UNKNOWN
    if left.base == "null":
        return right._replace(optional=True)
    if right.base == "null":
        return left._replace(optional=True)
    optional, gaps = left.optional or right.optional, left.gaps or right.gaps
    if left.many != right.many:
        return None
    written = left.written and right.written
    if left.base == right.base:
        formats = left.formats if left.formats == right.formats else ()
        return Type(left.base, left.many, optional, formats, gaps, written)
    if {left.base, right.base} == {"integer", "number"}:
        return Type("number", left.many, optional, (), gaps, written)
    if written or (left.written and right.textual) or (right.written and left.textual):
        return Type("string", left.many, optional, (), gaps)
    if left.textual and right.textual:
        base = "file" if left.base == "file" or right.base == "file" else "string"
        return Type(base, left.many, optional, gaps=gaps)
    return None
