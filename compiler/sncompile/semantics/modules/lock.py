"""The files of modules against what the lock file has of them."""

from __future__ import annotations

import hashlib

from sncompile.diagnostics import Diagnostic, Report
from sncompile.faults.names import CHANGED_MODULE
from sncompile.semantics.modules.library import Library
from sncompile.semantics.modules.lock_file import LOCK
from sncompile.semantics.program import UsedFile


def content_of(file: UsedFile) -> str:
    """`sha256:` and the SHA-256 of what a file holds. Raises `OSError` where it cannot be read."""
    with open(file.path, "rb") as opened:
        return f"sha256:{hashlib.file_digest(opened, 'sha256').hexdigest()}"


def check_modules(library: Library, must: bool, report: Report) -> None:
    """Tell of files that are not as they were locked: of all of them with `must`, else of those that were fetched."""
    for name, file in library.used.items():
        if not (must or file.checkout is not None):
            continue
        known = library.lock.modules.get(name)
        try:
            found = content_of(file)
        except OSError as error:
            found = f"not readable: {error.strerror}"
        if known is None:
            message = f"`{LOCK}` has not `{name}`"
            report.add(CHANGED_MODULE.at(file.span, message, help="record it: sncompile lock SPEC"))
        elif known != found:
            report.add(changed(name, file))


def changed(name: str, file: UsedFile) -> Diagnostic:
    """What is told of a file that is not as the lock file has it."""
    again = f"somebody altered what was fetched: remove `{file.checkout}`, and fetch it again: sncompile lock SPEC"
    help = "see what has changed in it, then record it: sncompile lock SPEC" if file.checkout is None else again
    return CHANGED_MODULE.at(file.span, f"`{name}` is not as `{LOCK}` has it", help=help)
