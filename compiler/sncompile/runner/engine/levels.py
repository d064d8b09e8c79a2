"""Numbers in a row of which many are raised at once, and of which the highest of a stretch is asked for.

Both take a time that grows with the logarithm of how many there are (a segment tree).
"""

from __future__ import annotations

from collections.abc import Sequence


class Levels:
    """Numbers in a row.

    >>> levels = Levels([3, 1, 4, 1])
    >>> levels.lift(1, 4, 10)
    >>> levels.highest(0, 2), levels.highest(0, 4), levels.highest(3, 4)
    (11, 14, 11)
    """

    def __init__(self, numbers: Sequence[int]) -> None:
        self._size = 1 << max(0, (len(numbers) - 1)).bit_length()
        lowest = min(numbers, default=0)
        self._most = [lowest] * self._size + [*numbers, *[lowest] * (self._size - len(numbers))]
        self._lifted = [0] * (2 * self._size)
        """By how much all below a node are higher than these say."""
        for node in reversed(range(1, self._size)):
            self._most[node] = max(self._most[2 * node], self._most[2 * node + 1])

    def lift(self, start: int, end: int, by: int) -> None:
        """Raise those from `start` on, before `end`."""
        self._lift(1, 0, self._size, start, end, by)

    def _lift(self, node: int, low: int, high: int, start: int, end: int, by: int) -> None:
        if end <= low or high <= start:
            return
        if start <= low and high <= end:
            self._most[node] += by
            self._lifted[node] += by
            return
        middle = (low + high) // 2
        self._lift(2 * node, low, middle, start, end, by)
        self._lift(2 * node + 1, middle, high, start, end, by)
        self._most[node] = max(self._most[2 * node], self._most[2 * node + 1]) + self._lifted[node]

    def highest(self, start: int, end: int) -> int:
        """The highest of those from `start` on, before `end`; there must be one."""
        found = self._highest(1, 0, self._size, start, end)
        assert found is not None
        return found

    def _highest(self, node: int, low: int, high: int, start: int, end: int) -> int | None:
        if end <= low or high <= start:
            return None
        if start <= low and high <= end:
            return self._most[node]
        middle = (low + high) // 2
        sides = self._highest(2 * node, low, middle, start, end), self._highest(2 * node + 1, middle, high, start, end)
        known = [side for side in sides if side is not None]
        return max(known) + self._lifted[node] if known else None
