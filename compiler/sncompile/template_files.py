"""Templates from the package, compiled once: in a process, and beside them for the next one, as Python keeps modules.

To compile those of a Snakefile takes 80 ms, a seventh of what `sncompile check` of a small spec takes.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from jinja2.bccache import Bucket


class _Kept(jinja2.FileSystemBytecodeCache):
    """Compiled templates in files, where they may be written; Jinja looks whether they are those of a text."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read one that is kept; none where the file cannot be read."""
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep one, if Python keeps modules and the folder can be written."""
        if not sys.dont_write_bytecode:
            with contextlib.suppress(OSError):
                Path(self.directory).mkdir(exist_ok=True)
                super().dump_bytecode(bucket)


def environment(
    folder: str = "", *, filters: Mapping[str, Any] | None = None,
    tests: Mapping[str, Callable[..., bool]] | None = None, **settings: Any,
) -> jinja2.Environment:  # fmt: skip
    """The environment of the templates in a folder of the package's, with `settings` beyond the usual ones.

    Whoever makes it keeps it, as long as it is the same: it holds the templates that were compiled.
    """
    root = Path(str(files("sncompile.templates")))
    settings = {"undefined": jinja2.StrictUndefined, "trim_blocks": True, "lstrip_blocks": True, **settings}
    # What a template becomes depends on these as well, and not on its text alone.
    told = repr([jinja2.__version__, sys.implementation.cache_tag, sorted((k, _name(v)) for k, v in settings.items())])
    tag = hashlib.blake2b(told.encode(), digest_size=6).hexdigest()
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(root / folder)),
        bytecode_cache=_Kept(str(root / "__pycache__"), f"%s.{tag}.pyc"),
        **settings,
    )
    found.filters |= filters or {}
    found.tests |= tests or {}
    return found


def _name(setting: object) -> str:
    return getattr(setting, "__qualname__", repr(setting))
