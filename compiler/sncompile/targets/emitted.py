"""Emitted files: written all or nothing, and compared byte for byte."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.diagnostics.system_errors import reason, remedy
from sncompile.faults import targets as faults
from sncompile.ir.graph.own_names import MANIFEST
from sncompile.targets.replacing import folder_beside, take_place

if TYPE_CHECKING:
    from sncompile.diagnostics import Span
    from sncompile.ir.graph.files import ModuleFile


class _HasFiles(Protocol):
    """A graph, or its lowered model."""

    @property
    def files(self) -> Mapping[str, ModuleFile]: ...
    @property
    def span(self) -> Span: ...


def module_files(graph: _HasFiles) -> dict[str, bytes]:
    """The modules' files by their emitted names. Raises `CompileError` for one that is gone."""
    found = {}
    for name, file in graph.files.items():
        try:
            found[name] = file.read()
        except OSError as error:
            message = f"the file `{name}` of a module cannot be read any more: {error.strerror}"
            told = faults.LOST_FILE.at(graph.span, message, help="see that it is there, and compile again")
            raise CompileError([told]) from None
    return found


def executables(graph: _HasFiles) -> frozenset[str]:
    """Those of the modules' files that may be run as programs, by their emitted names below `files/`."""
    return frozenset(f"files/{name}" for name, file in graph.files.items() if file.executable)


@dataclass(frozen=True, slots=True)
class Emitted:
    """Files of a target by their names below the output folder. `summary` is a line for people.

    `warnings` tell what the target leaves out although it compiles; `executable` are the files that may be run.
    """

    files: Mapping[str, bytes]
    summary: str
    warnings: tuple[Diagnostic, ...] = ()
    executable: frozenset[str] = frozenset()

    def describe(self) -> str:
        """What was made, in a line."""
        return self.summary

    def _manifest(self) -> bytes:
        sums = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(self.files.items())}
        return (json.dumps({"files": sums}, indent=1, ensure_ascii=False) + "\n").encode()

    def write(self, folder: Path) -> None:
        """Put the files into `folder`, all or nothing.

        They are written to a new folder beside it, which then takes its place in one step. A file that stands there
        already with the same bytes keeps its time, so that nothing is run again because of it; files that sncompile
        did not write stay. Raises `CompileError` where that cannot be done.
        """
        try:
            self._write(without_ups(folder))
        except OSError as error:
            message = f"the files cannot be written: {reason(error, folder)}"
            help = f"{remedy(error, 'look at it')}, or choose another folder with `-o`"
            raise CompileError([_bad_folder(folder, message, help)]) from None

    def _write(self, folder: Path) -> None:
        if folder.exists():
            if not folder.is_dir():
                raise CompileError([_bad_folder(folder, "it is a file", "choose another folder with `-o`")])
            if not (folder / MANIFEST).exists() and any(folder.iterdir()):
                raise CompileError(
                    [
                        _bad_folder(
                            folder, "it holds files that sncompile did not write", "choose an empty folder with `-o`"
                        )
                    ]
                )
        with folder_beside(folder, MANIFEST) as fresh:
            # A folder made for a moment is private; this one is to be like any other.
            fresh.chmod(0o777 & ~_umask())
            for name, data in {MANIFEST: self._manifest(), **self.files}.items():
                _put(fresh / name, data, folder / name, executable=name in self.executable)
            _carry_over(folder, fresh)
            take_place(folder, fresh)

    def compare(self, folder: Path) -> None:
        """Raises `CompileError` with every file that differs, is missing or is one too many in `folder`."""
        if not folder.exists():
            raise CompileError([_differs(f"`{folder}` is missing")])
        found: list[Diagnostic] = []
        for name, data in self.files.items():
            place = folder / name
            if not place.is_file():
                found.append(_differs(f"`{place}` is missing"))
            elif place.read_bytes() != data:
                found.append(_differs(f"`{place}` differs from what would be written"))
            elif name in self.executable and not place.stat().st_mode & stat.S_IXUSR:
                found.append(_differs(f"`{place}` may not be run as a program, and would be written so that it may"))
        for name in read_manifest(folder):
            if name not in self.files and (folder / name).exists():
                found.append(_differs(f"`{folder / name}` would not be written any more"))
        if found:
            raise CompileError(found)


def without_ups(folder: Path) -> Path:
    """A folder by a path without `..`: where what stands before one is not there yet, it would lead elsewhere later."""
    return Path(os.path.realpath(folder)) if ".." in folder.parts else folder


def leads_out(name: str) -> bool:
    """Whether the name of an emitted file would lead out of the output folder."""
    return os.path.isabs(name) or ".." in Path(name).parts


def read_manifest(folder: Path) -> dict[str, str]:
    """The files that sncompile wrote to a folder, with their sums; empty where there is no manifest."""
    try:
        data = json.loads((folder / MANIFEST).read_text("utf-8"))
        return dict(data["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _bad_folder(folder: Path, message: str, help: str) -> Diagnostic:
    return faults.BAD_OUTPUT_FOLDER.at(None, f"`{folder}`: {message}", help=help)


def _differs(message: str) -> Diagnostic:
    return faults.OUT_OF_DATE.at(None, message, help="compile again without `--check`")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _put(place: Path, data: bytes, before: Path, *, executable: bool) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    with contextlib.suppress(OSError):
        if before.is_file() and before.read_bytes() == data:
            shutil.copystat(before, place)
    if executable:
        # Who may read it may run it.
        mode = place.stat().st_mode
        place.chmod(mode | (mode & 0o444) >> 2)


def _carry_over(folder: Path, fresh: Path) -> None:
    """Keep what somebody else put into the folder: files, links wherever they lead, and folders; no pipes."""
    ours = {*read_manifest(folder), MANIFEST}
    for here, folders, files in os.walk(folder):
        at = Path(here).relative_to(folder)
        kept = [name for name in files if (at / name).as_posix() not in ours]
        links = [name for name in folders if Path(here, name).is_symlink()]
        if not files and not folders:
            (fresh / at).mkdir(parents=True, exist_ok=True)
        for name in kept + links:
            whole = Path(here, name).is_symlink() or Path(here, name).is_file()
            if whole and not os.path.lexists(fresh / at / name):
                (fresh / at).mkdir(parents=True, exist_ok=True)
                shutil.copy2(Path(here, name), fresh / at / name, follow_symlinks=False)
