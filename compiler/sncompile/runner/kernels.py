"""The kernels that notebooks name, looked for before anything has begun."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from sncompile.diagnostics import Diagnostic, did_you_mean
from sncompile.faults import names as faults
from sncompile.ir.graph.files import ModuleFile
from sncompile.ir.graph.model import Family
from sncompile.ir.values.model import Const, Local, Record
from sncompile.ir.values.model import ModuleFile as FileValue
from sncompile.semantics.scratch import tool_of
from sncompile.semantics.scripts.notebooks import NotebookError, read_notebook

_PATIENCE = 60


class Kernels:
    """The kernels of the papermill that jobs will find on the `PATH`; they are asked for where a notebook is run."""

    @cached_property
    def known(self) -> frozenset[str] | None:
        """Their names; None where nobody tells."""
        papermill = shutil.which("papermill")
        # Jupyter's own program beside it belongs to the same Python, and knows where that looks.
        asked = shutil.which("jupyter-kernelspec", path=str(Path(papermill).parent)) if papermill else None
        if asked is None:
            return None
        try:
            done = subprocess.run(
                [asked, "list", "--json"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=True
            )
            return frozenset(json.loads(done.stdout)["kernelspecs"])
        except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
            return None

    def fault(self, family: Family, files: Mapping[str, ModuleFile]) -> Diagnostic | None:
        """A fault where the notebook of a family names a kernel that is not installed; `files` are the graph's."""
        file = notebook_of(family)
        # A job's own variables may have it find others.
        elsewhere = any(variable.name == "PATH" or variable.name.startswith("JUPYTER_") for variable in family.env)
        if file is None or file.emitted not in files or elsewhere:
            return None
        try:
            wanted = read_notebook(files[file.emitted].source).kernel
        except (NotebookError, OSError):
            return None  # It has changed since it was checked; papermill will tell.
        if not wanted or self.known is None or wanted.lower() in self.known:
            return None
        hint = did_you_mean(wanted, sorted(self.known), what="this machine has") or "none is installed"
        hint = (
            f"{hint}; install it (`python -m ipykernel install --user --name {wanted}` in its environment, for Python)"
        )
        message = f"the notebook of `{family.name}` names the kernel `{wanted}`, which is not installed"
        return faults.UNKNOWN_KERNEL.at(file.span, message, help=hint)


def notebook_of(family: Family) -> FileValue | None:
    """The notebook of a family that is made of a `notebook` module; None for others."""
    match tuple(tool_of(family.command or ())[0]):
        case (Const(value="papermill"), FileValue() as file, _, Const(), Record() | Local()):
            return file
        case _:
            return None
