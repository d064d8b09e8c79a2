"""`pattern` of a parameter: a regular expression that the whole text must match.

Matched by an engine that takes time in proportion to the text: no pattern, however written, can hang a compile.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    """The validator of a pattern, or why there is none."""
    import jsonschema_rs

    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)
    # The validator is loaded for the schema anyway; its plain engine knows no look-around and no back-references.
    options = jsonschema_rs.RegexOptions()
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": f"^(?:{pattern})$"}, pattern_options=options)
    except ValueError:
        return "it looks around or back, or uses `\\Z`"


def wrong_pattern(pattern: str) -> str | None:
    """Why a pattern cannot be used; None if it can."""
    compiled = _compiled(pattern)
    return compiled if isinstance(compiled, str) else None


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of a text matches; a pattern that cannot be used (it is told of) matches everything."""
    compiled = _compiled(pattern)
    return isinstance(compiled, str) or bool(compiled.is_valid(text))
