"""The scripts of pages: our own files alone, each named in the page's policy by what it is."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from markupsafe import Markup


def script(name: str) -> Markup:
    """A script of `templates/`, as it stands in a page."""
    return Markup(files("sncompile.templates").joinpath(name).read_text("utf-8"))


def source_hash(text: str) -> str:
    """What a page's policy names a script by, so that no other one is ever run."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
