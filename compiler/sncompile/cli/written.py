"""How a command writes a file that its user names."""

from __future__ import annotations

import errno
import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from sncompile.lazy_regex import regex


def put_file(path: Path, data: bytes) -> None:
    """Have a file hold `data`, as a whole or not at all. Raises `OSError`.

    A link that stands there is replaced, and not followed: a stranger may have laid it. What is there and no plain
    file, such as `/dev/stdout` or a pipe, is written to. A spec is replaced by nothing but a spec.
    """
    there = _mode(path)
    if there is not None and not stat.S_ISREG(there):
        path.write_bytes(data)
        return
    if there is not None and _is_spec(path.read_bytes()) and not _is_spec(data):
        raise FileExistsError(errno.EEXIST, "a spec is there", str(path))
    number, fresh = tempfile.mkstemp(prefix=f".{path.name}.new-", dir=path.parent)
    try:
        with open(number, "wb") as file:
            file.write(data)
        os.chmod(fresh, _usual_mode() if there is None or path.is_symlink() else stat.S_IMODE(there))
        os.replace(fresh, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(fresh)
        raise


_VERSION = regex(rb"""^\s*[{]?\s*["']?sncompile["']?\s*:\s*1\b""", re.MULTILINE)


def _is_spec(data: bytes) -> bool:
    """Whether a file says that it is a document of ours, as near its beginning as people put that."""
    return _VERSION.search(data[:4096]) is not None


def _mode(path: Path) -> int | None:
    """What stands at a path, once links are followed; None where that is nothing."""
    try:
        return os.stat(path).st_mode
    except OSError:
        return None


def _usual_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
