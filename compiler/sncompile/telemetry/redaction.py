"""Keeps secrets from going out: whatever is sent, kept in a record or shown passes here first."""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

SHOWN = "***"
_SHOWN = SHOWN.encode()
"""What stands in a secret's place."""

SHORTEST = 4
"""A shorter secret is left in what stays here: its letters stand everywhere, and the gaps in a text would tell it."""

_SHORTEST_LINE = 6
"""A line of a secret of several lines is one by itself if it is so long; shorter ones are braces and the like."""


class Redaction:
    """Takes the values of secrets out of texts, also quoted, escaped and encoded as tools do when they print them."""

    def __init__(self, secrets: Iterable[str], *, shortest: int = SHORTEST) -> None:
        forms = {form for secret in secrets if len(secret.strip()) >= shortest for form in _forms(secret)}
        # The longest first, so that no part of one is left over.
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._raw = [form.encode("utf-8", "surrogateescape") for form in ordered]
        self._raw_pattern = re.compile(b"|".join(map(re.escape, self._raw))) if ordered else None

    @staticmethod
    def of(names: Iterable[str], environment: Mapping[str, str], *, shortest: int = SHORTEST) -> Redaction:
        """For the secrets of these names, with the values that they have in an environment."""
        return Redaction((environment.get(name, "") for name in names), shortest=shortest)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        return self._pattern.sub(SHOWN, text) if self._pattern is not None else text

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self._raw)

    def in_bytes(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The bytes of a long text without secrets, also where one is cut in two by the pieces that it comes in."""
        stream = self.stream()
        for piece in pieces:
            yield stream.feed(piece)
        yield stream.flush()

    def is_in(self, pieces: Iterable[bytes]) -> bool:
        """Whether a secret stands in the bytes of a long text."""
        held = b""
        for piece in pieces:
            text = held + piece
            if any(form in text for form in self._raw):
                return True
            held = text[1 - len(self._raw[0]) :] if self._raw and len(self._raw[0]) > 1 else b""
        return False

    def stream(self) -> RedactedStream:
        """Takes secrets out of bytes that come in pieces."""
        return RedactedStream(self._raw, self._raw_pattern)


class RedactedStream:
    """Bytes that come in pieces, without secrets. What may be the beginning of one is held back until more has come."""

    def __init__(self, forms: Sequence[bytes], pattern: re.Pattern[bytes] | None) -> None:
        self._forms, self._pattern = forms, pattern
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """What can be told once this piece has come."""
        if self._pattern is None:
            return piece
        text = self._held + piece
        cut = len(text) - self._open(text)
        told = text[:cut]
        # Searching for plain texts is much faster than for a pattern, and mostly there is nothing to find.
        if any(form in text for form in self._forms):
            for found in self._pattern.finditer(text):
                if found.start() < cut < found.end():
                    cut = found.end()
            told = self._pattern.sub(_SHOWN, text[:cut])
        self._held = text[cut:]
        return told

    def flush(self) -> bytes:
        """What was held back, as nothing more comes."""
        held, self._held = self._held, b""
        return self._pattern.sub(_SHOWN, held) if self._pattern is not None else held

    def _open(self, text: bytes) -> int:
        """How many bytes at the end may begin a secret."""
        longest = min(len(text), len(self._forms[0]) - 1)
        tails = (count for count in range(longest, 0, -1) if any(f.startswith(text[-count:]) for f in self._forms))
        return next((count for count in tails if text[-count:] not in self._forms), 0)


def _forms(secret: str) -> Iterable[str]:
    whole = secret.strip()
    lines = whole.split("\n") if "\n" in whole else []
    for value in (secret, whole, *(line.strip() for line in lines if len(line.strip()) >= _SHORTEST_LINE)):
        if value:
            yield value
            yield shlex.quote(value)
            yield json.dumps(value)[1:-1]
            yield repr(value)[1:-1]
            yield quote(value, safe="")
            yield quote(value)
            yield base64.b64encode(value.encode()).decode().rstrip("=")


NO_SECRETS = Redaction(())
"""Leaves texts as they are."""
