"""The base of classes that are members of a union: named tuples, of which a type checker need not know that.

A union of named tuples that hold each other is a union of recursive tuple types to a type checker. mypy compares these
item by item, and each item by its own items: of the six minutes that checking this package took, five were spent so.
Told that the members are plain classes with fields, it compares their names. While the program runs, they are what they
look like: tuples, which are made and compared faster than any other frozen class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self, dataclass_transform

if TYPE_CHECKING:

    @dataclass_transform(frozen_default=True)
    class Variant:
        """A named tuple, member of a union."""

        def _replace(self, **changes: Any) -> Self:
            """The same with other values for some fields."""
else:
    Variant = NamedTuple
