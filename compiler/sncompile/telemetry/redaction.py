"""Keeps secrets from going out: whatever is sent passes here first."""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Iterable, Mapping
from urllib.parse import quote

SHOWN = "***"
"""What stands in a secret's place."""

_SHORTEST_LINE = 6
"""A line of a secret of several lines is one by itself if it is so long; shorter ones are braces and the like."""


class Redaction:
    """Takes the values of secrets out of texts, also quoted, escaped and encoded as tools do when they print them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        # The longest first, so that no part of one is left over.
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    @staticmethod
    def of(names: Iterable[str], environment: Mapping[str, str]) -> Redaction:
        """For the secrets of these names, with the values that they have in an environment."""
        return Redaction(environment.get(name, "") for name in names)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        return self._pattern.sub(SHOWN, text) if self._pattern is not None else text


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
