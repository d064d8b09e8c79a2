"""Which run is meant: by its folder, its name, its spec, or its working folder."""

from __future__ import annotations

import os
from pathlib import Path

from sncompile.diagnostics import CompileError, did_you_mean
from sncompile.faults import runs as faults
from sncompile.runner.record import RECORD, read_record

_SPECS = (".yaml", ".yml")


def find_run(run: str | os.PathLike[str], here: Path | None = None) -> Path:
    """The run's folder, absolute. `run` may be

    - a run's folder;
    - a spec: the last run of it in its folder;
    - a working folder (or the `runs` in it): the last run there;
    - the name of a run's folder, or of a pipeline (its last run), in `runs/` below `here` (the current folder).

    Raises `CompileError` where there is none.
    """
    here = here if here is not None else Path.cwd()
    path = here / run
    if (path / RECORD).is_file():
        return path.resolve()
    if path.is_file() and path.suffix in _SPECS:
        return _last(path.parent / "runs", f"of `{run}`", spec=path)
    if path.is_dir():
        return _last(path if path.name == "runs" else path / "runs", f"in `{run}`")
    return _by_name(str(run), here / "runs")


def folder_of_runs(run: str | os.PathLike[str]) -> Path:
    """The folder with the runs of a spec or a working folder, or that is itself called `runs`."""
    path = Path(run)
    if path.is_file():
        path = path.parent
    return path if path.name == "runs" and not (path / "runs").is_dir() else path / "runs"


def runs_in(folder: Path) -> list[Path]:
    """The runs in a folder `runs`, the oldest first."""
    if not folder.is_dir():
        return []
    found = [(_started(path), path.name, path) for path in folder.iterdir() if (path / RECORD).is_file()]
    return [path for _, _, path in sorted(found)]


def _started(folder: Path) -> float:
    started = read_record(folder).get("started")
    return float(started) if isinstance(started, (int, float)) else 0.0


def _last(folder: Path, where: str, spec: Path | None = None) -> Path:
    found = runs_in(folder)
    if spec is not None:
        wanted = spec.resolve()
        found = [p for p in found if (p.parent.parent / str(read_record(p).get("spec"))).resolve() == wanted]
    if not found:
        help = "runs of a spec lie in `runs/` of its working folder; if that is another one (`--directory`), name it"
        raise CompileError([faults.NO_RUN.at(None, f"there is no run {where}", help=help)])
    return found[-1].resolve()


def _by_name(name: str, folder: Path) -> Path:
    found = runs_in(folder)
    same = [p for p in found if p.name == name] or [p for p in found if read_record(p).get("pipeline") == name]
    if same:
        return same[-1].resolve()
    hint = did_you_mean(name, [p.name for p in reversed(found)], what="there are")
    help = hint or "name a run's folder, its spec, or its working folder"
    raise CompileError([faults.NO_RUN.at(None, f"there is no run `{name}` in `{folder}`", help=help)])
