"""Everything that makes a CellProfiler pipeline. What is written says what CellProfiler's part is to do."""

from __future__ import annotations

import csv
import json
from pathlib import Path


def write(
    name: str, load: str, out: str, workspace: str, legacy: bool, channels: tuple[str, ...] = (), json_name: str = ""
) -> None:
    """A pipeline: made by hand, or fitted to the first CSV of the load data."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    columns: list[str] = []
    if not legacy:
        sample = next(Path(load).rglob("*.csv"))
        Path(workspace).mkdir(parents=True, exist_ok=True)
        with sample.open(newline="") as file:
            columns = next(csv.reader(file))
    told = {"kind": name, "legacy": legacy, "channels": channels, "columns": columns}
    (folder / f"{name}.cppipe").write_text(json.dumps(told))
    if not legacy:
        (folder / f"{json_name or name}.json").write_text("{}")


def illum_calc(loaddata: str, out: str, workspace: str, sbs: bool, use_legacy: bool) -> None:
    """For the illumination functions."""
    write(f"illum_calc_{'sbs' if sbs else 'painting'}", loaddata, out, workspace, use_legacy)


def illum_apply(
    loaddata: str, out: str, workspace: str, nuclei: str | None, cell: str | None, sbs: bool, use_legacy: bool
) -> None:
    """For the correction."""
    if not use_legacy and not sbs:
        assert cell
    if not use_legacy:
        assert nuclei is not None
    channels = tuple(c for c in (nuclei, cell) if c)
    name = f"illum_apply_{'sbs' if sbs else 'painting'}"
    write(name, loaddata, out, workspace, use_legacy, channels, "illum_apply_painting")


def segcheck(
    loaddata: str, out: str, workspace: str, nuclei: str | None, cell: str | None, sbs: bool, use_legacy: bool
) -> None:
    """For the check of the segmentation."""
    if not use_legacy:
        assert cell
        assert nuclei is not None
    write("segcheck_painting", loaddata, out, workspace, use_legacy, tuple(c for c in (nuclei, cell) if c))


def preprocess(loaddata: str, out: str, workspace: str, barcode: str, nuclei: str | None, use_legacy: bool) -> None:
    """For the barcodes, whose file is named and not read."""
    if not use_legacy:
        assert nuclei is not None
    channels = (nuclei,) if nuclei else ()
    write("preprocess_sbs", loaddata, out, workspace, use_legacy, channels, "illum_apply_painting")


def analysis(
    loaddata: str, out: str, workspace: str, barcode: str, nuclei: str | None, cell: str | None, mito: str | None,
    use_legacy: bool,
) -> None:  # fmt: skip
    """For the measurements."""
    if not use_legacy:
        assert nuclei
        assert cell
        assert mito is not None
    write("analysis", loaddata, out, workspace, use_legacy, tuple(c for c in (nuclei, cell, mito) if c))


def _of_folders(loaddata: str, out: str, **_: object) -> None:
    """Modules whose load data cannot be made: they look for it in folders of batches."""
    Path(out).mkdir(parents=True, exist_ok=True)
    raise IndexError("list index out of range")


TOOLS = {
    "illum calc cppipe": illum_calc,
    "illum apply cppipe": illum_apply,
    "segcheck cppipe": segcheck,
    "preprocess cppipe": preprocess,
    "analysis cppipe": analysis,
    "presegcheck cppipe": _of_folders,
    "align cppipe": _of_folders,
}
