"""Everything that makes a CellProfiler pipeline. What is written says what CellProfiler's part is to do."""

from __future__ import annotations

import csv
from collections.abc import Callable

from command_line import Call

# Words → the pipeline's name, with `--sbs` and without.
_NAMES = {
    "illum calc": ("illum_calc_painting", "illum_calc_sbs"),
    "illum apply": ("illum_apply_painting", "illum_apply_sbs"),
    "presegcheck": ("presegcheck_painting", "presegcheck_sbs"),
    "segcheck": ("segcheck_painting", "segcheck_painting"),
    "align": ("align_sbs", "align_sbs"),
    "preprocess": ("preprocess_sbs", "preprocess_sbs"),
    "analysis": ("analysis", "analysis"),
}


def make(call: Call) -> None:
    """A pipeline, fitted to the first CSV of the load data; also the folder that CellProfiler wants to be there."""
    name = _NAMES[" ".join(call.words[:-1])]["--sbs" in call.flags]
    out = call.path("-o")
    out.mkdir(parents=True, exist_ok=True)
    legacy = "--use_legacy" in call.flags
    if not legacy:
        sample = next(call.path("-l").rglob("*.csv"))
        with sample.open(newline="") as file:
            next(csv.reader(file))
        call.path("-w").mkdir(parents=True, exist_ok=True)
        (out / f"{name}.json").write_text("{}")
    if "-b" in call.options:
        call.path("-b").read_text("utf-8")
    channels = {option: value for option, value in call.options.items() if option in ("-n", "--nuclei", "--cell", "-e")}
    (out / f"{name}.cppipe").write_text(f"{name}\n{channels}\n")


TOOLS: dict[tuple[str, ...], Callable[[Call], None]] = {(*words.split(), "cppipe"): make for words in _NAMES}
