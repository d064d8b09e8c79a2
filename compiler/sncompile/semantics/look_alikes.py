"""Names that look alike: two that differ only in blanks at their ends, in case, or in how Unicode writes a letter."""

from __future__ import annotations

import unicodedata

_BLANKS = {" ": "a blank", "\u00a0": "a no-break space", "\t": "a tab", "\u200b": "a zero-width space"}
_EDGES = "".join(_BLANKS) + "\ufeff\u2007\u202f\u3000\r\n"


def folded(name: str) -> str:
    """What names that look alike have in common.

    >>> folded("S1\\u00a0") == folded("s1"), folded("e\\u0301") == folded("\\u00e9"), folded("s 1") == folded("s1")
    (True, True, False)
    """
    bare = name.strip(_EDGES).casefold()
    # Text of ASCII is in its normal form, and nearly all is.
    return bare if bare.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", bare).casefold())


def difference(one: str, other: str) -> str:
    """In what two names that look alike differ, for a message.

    >>> difference("s1", "s1\\u00a0"), difference("A", "a"), difference("\\u00e9", "e\\u0301")
    ('in a no-break space at the end', 'in case', 'in how Unicode writes their letters (composed or decomposed)')
    """
    for name in (other, one):
        bare = name.strip(_EDGES)
        if bare != name:
            edge, where = (name[-1], "end") if name[-1] in _EDGES else (name[0], "beginning")
            return f"in {_BLANKS.get(edge, f'the character U+{ord(edge):04X}')} at the {where}"
    if unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other):
        return "in how Unicode writes their letters (composed or decomposed)"
    return "in case"
