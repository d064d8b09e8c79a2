"""Sequences that are made when somebody looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class Lazy(Sequence[T], Generic[T]):
    """A sequence of `size` items that is made when the first of them is asked for; None where nobody knows how many."""

    __slots__ = ("_found", "_make", "_size")

    def __init__(self, size: int | None, make: Callable[[], Sequence[T]]) -> None:
        self._size, self._make = size, make
        self._found: Sequence[T] | None = None

    def __len__(self) -> int:
        return self._size if self._size is not None else len(self._items())

    @overload
    def __getitem__(self, number: int) -> T: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[T]: ...
    def __getitem__(self, number: int | slice) -> T | Sequence[T]:
        return self._items()[number]

    def __iter__(self) -> Iterator[T]:
        return iter(self._items())

    def _items(self) -> Sequence[T]:
        if self._found is None:
            self._found = self._make()
        return self._found
