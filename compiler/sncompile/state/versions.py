"""What a file holds, told shortly: its version.

    5:9f86d081…      five bytes with this content (BLAKE2b)
    7340032~17…      never read: so many bytes, changed at that time (ns)
    /4f2e…           a directory: the versions of all files in it, by their names
    c                a device, such as /dev/null
    5:etag="9f86"    what a URL names, by its ETag, by the time of its last change (`5:time=…`), or by its size and
                     the URL (`5:at=…`)
    -                nothing is there
    ?13              it cannot be read (errno); equal to nothing, not to itself either
    ?                it changed while a job read it; equal to nothing

A file whose size, times and inode are those of its *stamp* has the version that the stamp holds, and is not read again.
The time of a file is trusted only where it is older than the look at it by more than the file system can tell apart;
what is younger gets no stamp, and is read again at the next look (the "racy git" problem; git's index does the same).
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain, islice, repeat
from operator import attrgetter, itemgetter

from sncompile.ir.language.locations import is_url
from sncompile.remote.found import Found, NotThere
from sncompile.remote.servers import Servers

SMALL = 16 * 1024 * 1024
"""A file of so many bytes is read, unless something else is asked for."""

COARSE, FINE = 2_000_000_000, 20_000_000
"""What file systems can tell apart, in ns: those that keep whole seconds (FAT: two of them), and others, whose times
are those of a clock that ticks every 1 to 10 ms."""

ABSENT = "-"
CHANGING = "?"

IGNORED = frozenset((".snakemake_timestamp", ".snakemake", ".sncompile", ".DS_Store", "Thumbs.db", "desktop.ini"))
"""What engines, file managers and sncompile leave in a directory; it is no part of what the directory holds."""


def size_in(version: str) -> int:
    """The bytes of a file, as far as its version says; -1 where it does not.

    >>> size_in("5:9f86d081"), size_in("7340032~17"), size_in("/4f2e"), size_in("-")
    (5, 7340032, -1, 0)
    """
    end = version.find(":")
    size = version[: end if end >= 0 else version.find("~")]
    # A state is somebody's file: no number in it is larger than a disk.
    return int(size) if size.isdecimal() and len(size) < 19 else 0 if version == ABSENT else -1


class Hashing(StrEnum):
    """Which files are read to tell whether they have changed."""

    ALWAYS = "always"
    SMALL = "small"
    NEVER = "never"


Stamp = tuple[int, int, int, int, str]
"""By what a file is known again, and its version then: size, time, time of its last change of any kind (ctime, which
nobody can set), both in ns, inode, version. There may be millions of them, and a plain tuple is read several times as
fast as a named one."""


class Looker:
    """Looks at files. `stamps` are those of earlier looks, by absolute path; fresh ones are put into `learned`.
    `now` is the time of the file system in ns, where that is better known than by this machine's clock. `servers`
    are asked for what URLs name.

    What was looked at once is not looked at again, until `forget`.
    """

    def __init__(
        self, stamps: dict[str, Stamp], hashing: Hashing = Hashing.SMALL, now: Callable[[], int] | None = None,
        servers: Servers | None = None,
    ) -> None:  # fmt: skip
        self._stamps, self._hashing, self._now, self.servers = stamps, hashing, now, servers
        self.learned: dict[str, Stamp] = {}
        self._seen: dict[str, str] = {}
        self._read: dict[str, tuple[int, int]] = {}
        """Size and time of the files that were read."""
        self._time: int | None = None
        self._folders: dict[str, int] = {}
        """The bytes of what is in the directories that were looked at."""

    def forget(self) -> None:
        """Look at every file again."""
        self._seen.clear()
        self._time = None
        if self.servers is not None:
            self.servers.forget()

    def take_learned(self) -> dict[str, Stamp]:
        """The stamps that were learned since the last call; from now on they are as good as the others."""
        found = dict(self.learned)
        self.learned.clear()
        self._stamps.update(found)
        return found

    def version(self, path: str, known: str = "") -> str:
        """The version of the file at an absolute path. One that was `known` by its content is read again."""
        found = self._seen.get(path)
        if found is None:
            found = self._seen[path] = self._look(path, known)
        return found

    def same(self, path: str, known: str) -> bool:
        """Whether a file has the version that it is known by."""
        found = self._seen.get(path)
        if found is None:
            found = self._seen[path] = self._look(path, known)
        if "~" in found and ":" in known:
            # Looked at for a job that knew its time alone; which one is looked at first must not matter.
            found = self._seen[path] = self._look(path, known)
        if found == known:
            return found[0] != "?"
        # Known by its time alone, and read by now: what it held then nobody knows, but its time still speaks.
        if "~" in known and ":" in found:
            size, time = self._read.get(path) or (self._stamp(path) or (0, 0))[:2]
            return f"{size}~{time}" == known
        return False

    def unchanged(self, lists: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Iterator[bool]:
        """Of each of several lists of files whether all have the versions that they are known by, of which there are
        as many."""
        rest = iter(lists)
        while some := list(islice(rest, _AT_ONCE)):
            if self._as_stamped(*(list(chain.from_iterable(column)) for column in zip(*some, strict=True))):
                yield from repeat(True, len(some))
            else:
                yield from (all(map(self.same, *each)) for each in some)

    def _as_stamped(self, paths: Sequence[str], versions: Sequence[str]) -> bool:
        """Whether all of some files have the versions that they are known by, as far as their stamps say so.

        Nearly all files of a pipeline that is current go through here, of which there may be millions: no more is done
        for one that is as its stamp has it than has to be.
        """
        seen, stamps, current = self._seen, self._stamps, True
        if self.learned and not self.learned.keys().isdisjoint(paths):
            return False
        if "?" in "".join(versions):
            return False  # Perhaps one that is equal to nothing, whatever a stamp says.
        for start in range(0, len(paths), _AT_ONCE):
            known = list(zip(paths[start : start + _AT_ONCE], versions[start : start + _AT_ONCE], strict=True))
            fresh = [each for each in known if each[0] not in seen]
            current = current and (len(fresh) == len(known) or all(seen[p] == v for p, v in known if p in seen))
            try:
                found = list(map(_MARKS, map(os.stat, map(_FIRST, fresh))))
            except OSError:
                current = False
                continue
            for (path, version), marks in zip(fresh, found, strict=True):
                if stamps.get(path) == (*marks, version):
                    seen[path] = version
                else:
                    current = False
        return current

    def _stamp(self, path: str) -> Stamp | None:
        return (self.learned and self.learned.get(path)) or self._stamps.get(path)

    def _elsewhere(self, url: str) -> str:
        """The version of a file that a URL names; what no server tells apart is equal to nothing."""
        found = self.servers.found(url) if self.servers is not None else None
        return found.version or CHANGING if isinstance(found, Found) else ABSENT if isinstance(found, NotThere) else "?"

    def _look(self, path: str, known: str) -> str:
        if is_url(path):
            return self._elsewhere(path)
        try:
            found = os.stat(path)
            if stat.S_ISREG(found.st_mode):
                return self._file(path, found, known)
            if stat.S_ISDIR(found.st_mode):
                return self._directory(path)
        except FileNotFoundError:
            return ABSENT
        except OSError as error:
            return f"?{error.errno}"
        # A device such as /dev/null is the same at any time.
        return "c" if stat.S_ISCHR(found.st_mode) else f"?{stat.S_IFMT(found.st_mode)}"

    def _file(self, path: str, found: os.stat_result, known: str) -> str:
        size, time = found.st_size, found.st_mtime_ns
        stamp = self._stamp(path)
        if stamp is not None and _fits(stamp, found):
            return stamp[4]
        content = ":" in known or (stamp is not None and not known)
        if not content and not (self._hashing is Hashing.ALWAYS or (self._hashing is Hashing.SMALL and size <= SMALL)):
            return f"{size}~{time}"
        with open(path, "rb") as file:
            version = f"{size}:{hashlib.file_digest(file, _blake).hexdigest()}"
            after = os.fstat(file.fileno())
        self._read[path] = (size, time)
        same = (after.st_size, after.st_mtime_ns, after.st_ctime_ns) == (size, time, found.st_ctime_ns)
        if same and self._is_old(max(time, found.st_ctime_ns)):
            self.learned[path] = (size, time, found.st_ctime_ns, found.st_ino, version)
        return version

    def _is_old(self, time: int) -> bool:
        """Whether a file's time tells it from any that comes later."""
        if self._time is None:
            self._time = self._now() if self._now is not None else _clock()
        return self._time - time > (FINE if time % 1_000_000_000 else COARSE)

    def size(self, path: str) -> int:
        """The bytes of a file, or of all files in a directory, that was looked at; -1 where nobody knows."""
        return self._folders.get(path, -1) if (seen := self._seen.get(path, ""))[:1] == "/" else size_in(seen)

    def there(self, path: str) -> bool | None:
        """Whether a file is there; None where it was not looked at, or cannot be told apart."""
        seen = self._seen.get(path)
        return None if seen is None or seen[0] == "?" else seen != ABSENT

    def has_stamp(self, path: str) -> bool:
        """Whether a file that was looked at will be known again without being read."""
        return is_url(path) or path in self.learned or path in self._stamps or ":" not in self._seen.get(path, "")

    def _directory(self, path: str) -> str:
        found = hashlib.blake2b(digest_size=16)
        try:
            files = sorted(_within(path, "", frozenset()))
        except FileNotFoundError as error:
            return f"?{error.errno}"  # A part of it has gone while it was looked at, and not the whole.
        total = 0
        for name, place in files:
            version = f">{os.readlink(place)}" if not os.path.exists(place) else self.version(place)
            found.update(f"{name}\0{version}\0".encode("utf-8", "surrogateescape"))
            total += max(0, size_in(version))
        self._folders[path] = total
        return f"/{found.hexdigest()}"


_MARKS = attrgetter("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino")
"""By what a file is known again."""

_FIRST = itemgetter(0)

_AT_ONCE = 500
"""So many files, or lists of them, are looked at together."""


def _fits(stamp: Stamp, found: os.stat_result) -> bool:
    """Whether a file is the one that a stamp was taken of."""
    return stamp[:4] == _MARKS(found)


def _blake() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=16)


def _clock() -> int:
    import time

    return time.time_ns()


def _within(folder: str, start: str, around: frozenset[tuple[int, int]]) -> Iterator[tuple[str, str]]:
    """The name and place of every file in a folder, links to nothing among them, and of every empty folder.

    Of a folder that is inside of itself, by a link, only that is told. Raises `OSError`.
    """
    here = os.stat(folder)
    if (here.st_dev, here.st_ino) in around:
        yield f"{start}.", "/dev/null"
        return
    empty = True
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in IGNORED:
                continue
            empty = False
            if _is_folder(entry):
                yield from _within(entry.path, f"{start}{entry.name}/", around | {(here.st_dev, here.st_ino)})
            else:
                yield f"{start}{entry.name}", entry.path
    if empty and start:
        yield start, "/dev/null"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether a name leads to a folder; a link that leads to itself, or to where nobody may look, leads nowhere."""
    try:
        return entry.is_dir()
    except OSError:
        return False
