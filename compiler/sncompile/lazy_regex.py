"""Regular expressions that are compiled when they are first used.

There are some three hundred in the compiler. A command needs a few dozen of them, and compiling all took a tenth of
the time that a small spec is checked in. A faulty one is found by `tests/test_lazy_regex.py`, which compiles each.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class LazyRegex:
    """Looks like the compiled regular expression that it becomes at its first use."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = re.compile(self.pattern, self._flags)
        # From now on the methods are found at once, and are those of the expression itself.
        self.__dict__.update({each: getattr(made, each) for each in dir(made) if not each.startswith("__")})
        return getattr(made, name)


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """A regular expression for a module to keep; it is compiled when it is first used.

    >>> regex("a+").fullmatch("aaa").span()
    (0, 3)
    """
    return cast("re.Pattern[AnyStr]", LazyRegex(pattern, flags))
