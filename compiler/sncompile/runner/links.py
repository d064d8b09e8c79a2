"""Where links among the inputs lead, so that a container sees that too.

A container sees folders of this machine, each at its own place. A link in one of them that leads elsewhere leads
nowhere inside, unless what it names is shown as well. `templates/support/container.sh` does the same when a job starts.

Decision 0065.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import NamedTuple

MOST_FILES = 20
"""So many files that links lead to are shown one by one; of more, their folder."""

_OF_IMAGES = frozenset((
    "/", "/bin", "/boot", "/lib", "/lib32", "/lib64", "/run", "/sbin", "/tmp", "/usr", "/usr/bin", "/usr/lib",
    "/usr/lib64", "/usr/libexec", "/usr/local", "/usr/sbin", "/usr/share", "/var", "/var/lib", "/var/tmp",
))  # fmt: skip
_KERNEL = ("/dev", "/etc", "/proc", "/sys")

_MOST_HOPS = 40


class Mount(NamedTuple):
    """That a container is shown a file or folder (`source`) at a place (`target`), to be read."""

    source: str
    target: str


class Lost(NamedTuple):
    """A link that a container cannot follow, and why."""

    link: str
    why: str


def of_images(folder: str) -> bool:
    """Whether images have something of their own in a folder, which would be hidden."""
    return folder in _OF_IMAGES or any(folder == each or folder.startswith(f"{each}/") for each in _KERNEL)


def followed(paths: Iterable[str], shown: Collection[str]) -> tuple[list[Mount], list[Lost]]:
    """What has to be shown beside `shown` for links among `paths` to lead somewhere, and those that cannot.

    All are absolute. Of a folder its own entries are looked at, and not what lies deeper.
    """
    found = _Following(shown)
    for path in paths:
        found.follow(path)
        if os.path.isdir(path):
            with os.scandir(path) as entries:
                links = sorted(entry.path for entry in entries if entry.is_symlink())
            for link in links:
                found.follow(link)
    found.show_files()
    return [Mount(source, target) for target, source in sorted(found.mounts.items())], list(found.lost)


class _Following:
    def __init__(self, shown: Collection[str]) -> None:
        self._shown = set(shown)
        self._plain: set[str] = set()
        self._files: dict[str, str] = {}
        """What links lead to that is no folder, with the link."""
        self.mounts: dict[str, str] = {}
        self.lost: dict[Lost, None] = {}

    def _is_inside(self, path: str) -> bool:
        """Whether a path lies below something that is shown: what is shown itself is no link to a container."""
        while path != "/":
            path = os.path.dirname(path)
            if path in self._shown:
                return True
        return False

    def follow(self, path: str) -> None:
        """See that a path leads somewhere."""
        for _ in range(_MOST_HOPS):
            link = self._first_link(path)
            if link is None:
                return
            target = os.path.normpath(os.path.join(os.path.dirname(link), os.readlink(link)))
            if not self._is_inside(target) and target not in self._shown and not self._show(target, link):
                return
            path = f"{target.rstrip('/')}{path[len(link) :]}"
        self.lost[Lost(path, "is a ring of links")] = None

    def _first_link(self, path: str) -> str | None:
        """The first part of a path that is a link, as a container sees it."""
        at = ""
        for part in path.strip("/").split("/"):
            at = f"{at}/{part}"
            if at in self._plain:
                continue
            if os.path.islink(at) and self._is_inside(at):
                return at
            self._plain.add(at)
        return None

    def _show(self, target: str, link: str) -> bool:
        """Show what a link leads to; gives whether that is a folder, in which the path goes on."""
        if os.path.isfile(link):
            self._files[target] = link
            return False
        if not os.path.isdir(link):
            self.lost[Lost(link, f"leads to `{target}`, where no file is")] = None
            return False
        return self._show_folder(target, link)

    def _show_folder(self, target: str, link: str) -> bool:
        if of_images(target):
            self.lost[Lost(link, f"leads to `{target}`, a folder that images have of their own")] = None
            return False
        self.mounts[target] = os.path.realpath(link)
        self._shown.add(target)
        self._plain.clear()
        return True

    def show_files(self) -> None:
        """Show the files that links lead to, or their folders where there are many."""
        while self._files:
            files, self._files = self._files, {}
            if len(files) <= MOST_FILES:
                self.mounts |= {target: os.path.realpath(link) for target, link in files.items()}
                return
            folders = {os.path.dirname(target) for target in files}
            common = os.path.commonpath(folders)
            for folder in sorted({common} if not of_images(common) else folders):
                first = next(link for target, link in files.items() if target.startswith(f"{folder.rstrip('/')}/"))
                if of_images(folder):
                    why = f"leads to `{folder}`, which images have of their own, with others of {len(files)}"
                    self.lost[Lost(first, why)] = None
                elif not os.path.isdir(folder):
                    self.lost[Lost(first, f"leads to `{folder}` by a way that only this machine knows")] = None
                else:
                    self.mounts[folder] = os.path.realpath(folder)
                    self._shown.add(folder)
            self._plain.clear()
            # In a folder there may be links again.
            for target in files:
                self.follow(target)
