"""A repository that somebody made, read by git without git's ever being in it.

We look for it ourselves, and copy what says where its branches, tags and commits are to a repository of our own, whose
objects are those of the other. Its settings, hooks and attributes are never read; of its files only plain ones are, and
none that a link leads to. Worktrees, submodules, shallow and partial clones are repositories as any other.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sncompile.lazy_regex import regex
from sncompile.semantics.repositories.git import Git, GitError, NoGit, TooMuch

_HASH = regex(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHALLOW = regex(rb"(?:[0-9a-f]{40}(?:[0-9a-f]{24})?\n)*")
_PSEUDO = regex(r"[A-Z_]*HEAD")
_REF = regex(rb"ref: refs/[^\x00-\x20\x7f]+\s*")
_OF_SETTINGS = regex(r"@\{(?:u|upstream|push)\}", re.IGNORECASE)

_SMALL = 64 * 2**10
_LARGE = 2**30
_MOST_FILES = 500_000
_MOST_ALTERNATES = 64


class RevisionError(ValueError):
    """There is no git, no repository, or no such revision."""


class Refused(Exception):
    """A repository that is not read: the message says why, `help` what to do."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


class NotOwned(Refused):
    """A repository that belongs to somebody else."""


_DAMAGED = "look at it with `git fsck`; a fresh `git clone` mends what is damaged"


class Found(NamedTuple):
    """A repository: its working tree, its own folder, and the one that worktrees share. `link` is a `.git` file."""

    top: Path
    folder: Path
    common: Path
    link: Path | None

    @property
    def objects(self) -> Path:
        """Where its objects are."""
        return self.common / "objects"


def find(folder: Path) -> Found:
    """The repository whose working tree a folder lies in. Raises `RevisionError`, or `Refused` for a broken one.

    What lies in a working tree and looks like a repository by itself is none, for it came with the other's files.
    """
    if not folder.is_dir():
        raise RevisionError(f"there is no folder `{folder}`")
    start = folder.resolve()
    for top in (start, *start.parents):
        place = top / ".git"
        if os.path.isdir(place):
            found = _opened(top, place, None)
            if found is not None:
                return found
        elif os.path.lexists(place):
            found = _opened(top, _linked(place), place)
            if found is None:
                raise Refused(f"`{place}` leads to no repository", "mend it: `git worktree repair`, or clone anew")
            return found
    raise RevisionError(f"`{folder}` is in no git repository")


def _linked(file: Path) -> Path:
    """Where the `.git` file of a worktree or a submodule leads."""
    text = read_plain(file, _SMALL)
    if not text.startswith(b"gitdir: "):
        raise Refused(f"`{file}` is no folder, and names none", "mend it: `git worktree repair`, or clone anew")
    return file.parent / os.fsdecode(text.removeprefix(b"gitdir: ").rstrip(b"\r\n"))


def _opened(top: Path, place: Path, link: Path | None) -> Found | None:
    """The repository in a folder; None where there is none."""
    try:
        folder = place.resolve(strict=True)
        common = folder
        if os.path.lexists(folder / "commondir"):
            named = os.fsdecode(read_plain(folder / "commondir", _SMALL).rstrip(b"\r\n"))
            common = (folder / named).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return None
    whole = os.path.lexists(folder / "HEAD") and (common / "objects").is_dir() and os.path.lexists(common / "refs")
    return Found(top, folder, common, link) if whole else None


def check_owner(found: Found, git: Git) -> None:
    """Git reads no repository of somebody else's unless the user's settings say so (`safe.directory`), nor do we.

    `git` is one with the user's settings. Raises `NotOwned`.
    """
    if not hasattr(os, "geteuid"):
        return
    ours = {os.geteuid()}
    if 0 in ours and os.environ.get("SUDO_UID", "").isdecimal():
        ours.add(int(os.environ["SUDO_UID"]))
    places = [place for place in (found.top, found.link, found.folder, found.common) if place is not None]
    strange = next((place for place in places if os.lstat(place).st_uid not in ours), None)
    if strange is None or _is_trusted(found.top, git):
        return
    command = f"git config --global --add safe.directory {found.top}"
    raise NotOwned(f"`{strange}` belongs to another user", f"if you trust whoever it belongs to: `{command}`")


def _is_trusted(top: Path, git: Git) -> bool:
    try:
        told = git.run("config", "-z", "--type=path", "--get-all", "safe.directory", most=_LARGE)
    except GitError:
        return False
    trusted = False
    for place in map(os.fsdecode, told.split(b"\0")[:-1]):
        if place in ("", "*"):
            trusted = place == "*"
        elif place.endswith("/*"):
            trusted |= top.is_relative_to(os.path.realpath(place[:-2]))
        else:
            trusted |= os.path.realpath(place) == str(top)
    return trusted


def read_plain(path: Path, most: int, *, cut: bool = False) -> bytes:
    """The bytes of a plain file, at most so many; with `cut` its first ones. Raises `Refused`, also for a link."""
    try:
        # A pipe that nobody writes to would have us wait for ever.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        raise Refused(f"`{path}` cannot be read: {error.strerror}", _DAMAGED) from None
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise Refused(f"`{path}` is no plain file", _DAMAGED)
    with open(number, "rb") as file:
        found = file.read(most if cut else most + 1)
    if len(found) > most:
        raise Refused(f"`{path}` is larger than {most / 2**20:,.2f} MB", _DAMAGED)
    return found


class Mirror:
    """Git's view of a repository, in a folder of ours: `git` answers as it would in the repository itself.

    Raises `Refused` for what cannot be read without following links, waiting for pipes, or knowing its settings.
    """

    def __init__(self, found: Found, folder: Path) -> None:
        if (found.common / "reftable").is_dir():
            hint = f"have them in files: `git -C {found.top} refs migrate --ref-format=files`"
            raise Refused(f"`{found.top}` keeps its branches and tags as a reftable, which is not read", hint)
        self._found, self._folder = found, folder
        _check_objects(found.objects)
        texts = dict(self._refs())
        packed = self._packed()
        head = self._head()
        self.object_format = _object_format(head, *texts.values(), packed)
        self.git = Git(folder, objects=found.objects, object_format=self.object_format)
        self._put("HEAD", head)
        for name, text in texts.items():
            self._put(name, text)
        if packed:
            self._put("packed-refs", packed)
        if os.path.lexists(found.common / "shallow"):
            shallow = read_plain(found.common / "shallow", _LARGE)
            if not _SHALLOW.fullmatch(shallow):
                raise Refused(f"`{found.common / 'shallow'}` is no list of commits", _DAMAGED)
            self._put("shallow", shallow)

    def _put(self, name: str, text: bytes) -> None:
        place = self._folder / name
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text)
        except OSError as error:  # Such as a branch that is the folder of another.
            raise Refused(f"`{name}` cannot be copied: {error.strerror}", _DAMAGED) from None

    def _head(self) -> bytes:
        head = _ref(self._found.folder / "HEAD")
        if head is None:
            raise Refused(f"`{self._found.folder / 'HEAD'}` names no branch and no commit", _DAMAGED)
        return head

    def _packed(self) -> bytes:
        place = self._found.common / "packed-refs"
        return read_plain(place, _LARGE) if os.path.lexists(place) else b""

    def _refs(self) -> Iterator[tuple[str, bytes]]:
        """Branches, tags and what else refers to commits, each with the text of its file."""
        for above in dict.fromkeys((self._found.common, self._found.folder)):
            for name, path in _files(above, "refs"):
                text = _ref(path)
                if text is not None:
                    yield name, text
        for entry in os.scandir(self._found.folder):
            if entry.name != "HEAD" and _PSEUDO.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                # `FETCH_HEAD` has a line for every branch that was fetched, and stands for the first.
                first = _HASH.match(read_plain(Path(entry.path), _SMALL, cut=True))
                if first is not None:
                    yield entry.name, first[0] + b"\n"

    def tree_of(self, revision: str) -> str:
        """The tree of a revision, by its hash. Raises `RevisionError`, and `Refused` for what settings would say."""
        wrong = RevisionError(f"`{revision}` is no revision of the repository `{self._found.top}`")
        # What starts with a dash would be an option to git.
        if not revision or revision.startswith("-") or "\x00" in revision:
            raise wrong
        if _OF_SETTINGS.search(revision) and not revision.startswith(":/"):
            hint = "name the branch itself, such as `origin/main`"
            raise Refused(f"`{revision}` follows the settings of the repository, which are not read", hint)
        if "@{" in revision:
            self._take_logs()
        try:
            found = self._parsed(revision)
            return self._parsed(f"{found}^{{tree}}")
        except NoGit:
            raise RevisionError("git is not installed") from None
        except TooMuch:
            raise
        except (GitError, ValueError):
            raise wrong from None

    def _parsed(self, revision: str) -> str:
        told = self.git.run("rev-parse", "--verify", "--quiet", revision).strip()
        if not _HASH.fullmatch(told):
            raise ValueError(revision)
        return told.decode()

    def _take_logs(self) -> None:
        """What branches were before, for `main@{1}` and the like."""
        for above in dict.fromkeys((self._found.common, self._found.folder)):
            for name, path in _files(above, "logs"):
                self._put(name, read_plain(path, _LARGE))

    def tracked(self) -> frozenset[str]:
        """The files that the repository keeps track of now, as paths below its working tree.

        Raises `GitError`, and `Refused`.
        """
        index = self._found.folder / "index"
        if not os.path.lexists(index):
            return frozenset()
        self._put("index", read_plain(index, _LARGE))
        for entry in os.scandir(self._found.folder):  # What several indexes have in common.
            if entry.name.startswith("sharedindex.") and entry.is_file(follow_symlinks=False):
                self._put(entry.name, read_plain(Path(entry.path), _LARGE))
        listed = self.git.run("ls-files", "-z").split(b"\0")
        return frozenset(map(os.fsdecode, listed[:-1]))


def _ref(path: Path) -> bytes | None:
    """The text of a branch, a tag or the like; None where it is none. Older versions of git made links of some."""
    try:
        text = b"ref: " + os.fsencode(os.readlink(path)) + b"\n"
    except OSError:
        text = read_plain(path, _SMALL)
    return text if _REF.fullmatch(text) or _HASH.fullmatch(text.strip()) else None


def _object_format(*texts: bytes) -> str:
    """The kind of hash that objects have, by the first that is named; the settings would say it too."""
    for text in texts:
        for line in text.splitlines()[:8]:
            found = _HASH.match(line)
            if found is not None:
                return "sha1" if len(found[0]) == 40 else "sha256"
    return "sha1"


def _files(above: Path, name: str) -> Iterator[tuple[str, Path]]:
    """The files and links below a folder of a repository, by their names in it. No link to a folder is followed."""
    pending, seen = [name], 0
    while pending:
        here = pending.pop()
        try:
            entries = list(os.scandir(above / here))
        except OSError:
            continue
        seen += len(entries)
        if seen > _MOST_FILES:
            raise Refused(f"`{above / name}` has more than {_MOST_FILES:,} files", "pack them: `git pack-refs --all`")
        for entry in entries:
            inner = f"{here}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                pending.append(inner)
            elif not entry.name.endswith(".lock"):
                yield inner, Path(entry.path)


def _check_objects(folder: Path) -> None:
    """See that git would wait for no pipe where objects are; they may be those of other repositories too."""
    pending, seen = [folder], {folder}
    while pending:
        here = pending.pop()
        try:
            for place in [entry.path for entry in os.scandir(here) if entry.is_dir()]:
                for entry in os.scandir(place):
                    # A link that leads nowhere is as good as no file.
                    if not entry.is_file() and not entry.is_dir() and os.path.exists(entry.path):
                        raise Refused(f"`{entry.path}` is no plain file", _DAMAGED)
        except OSError as error:
            raise Refused(f"`{here}` cannot be read: {error.strerror}", _DAMAGED) from None
        if not os.path.lexists(here / "info" / "alternates"):
            continue
        for line in read_plain(here / "info" / "alternates", _SMALL).splitlines():
            other = Path(os.path.normpath(here / os.fsdecode(line)))
            if line and not line.startswith(b"#") and other not in seen and other.is_dir():
                seen.add(other)
                pending.append(other)
        if len(seen) > _MOST_ALTERNATES:
            raise Refused(f"`{folder}` has its objects in more than {_MOST_ALTERNATES} places", _DAMAGED)
