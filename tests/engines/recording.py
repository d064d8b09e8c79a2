"""Makes any spec runnable: its tools become one that records what it was given, and reads and writes real files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from sncompile.testing.spec import Spec

Json = Any

TOOL = """\
#!{python} -SE
# Writes what it was told and the sums of what it read to every output.
import hashlib, json, os, sys
words = sys.argv[1:]
cut = words.index("@@in"), words.index("@@file"), words.index("@@dir")
argv, inputs, files, folders = words[:cut[0]], words[cut[0]+1:cut[1]], words[cut[1]+1:cut[2]], words[cut[2]+1:]
def read(path):
    if os.path.isdir(path):
        # Snakemake puts a mark of its own into folders.
        names = sorted(n for n in os.listdir(path) if n != ".snakemake_timestamp")
        return [(name, read(os.path.join(path, name))) for name in names]
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
told = json.dumps([argv, [(path, read(path)) for path in inputs], files, folders], indent=1)
for path in files:
    with open(path, "x") as file:
        file.write(told + path)
for path in folders:
    os.makedirs(os.path.join(path, "deep er"))
    for name in ("a", "deep er/it's"):
        with open(os.path.join(path, name), "x") as file:
            file.write(told + name)
"""


def install(folder: Path) -> dict[str, str]:
    """Put the tool into `folder/bin`; gives the environment in which it is found first."""
    place = folder / "bin" / "tool"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(TOOL.replace("{python}", sys.executable))
    place.chmod(0o755)
    return {"PATH": f"{place.parent}:{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}


def recorded(spec: Spec) -> Spec:
    """The spec with the recording tool in the place of every command and script, and without GPUs, which CWL lacks."""
    for document in (spec.pipeline, *spec.documents.values()):
        modules = [document] if "module" in document and "steps" not in document else []
        for step in document.get("steps", {}).values():
            step.get("resources", {}).pop("gpus", None)
            if isinstance(step["module"], dict):
                modules.append(step["module"])
        for module in modules:
            _record(module)
    return spec


def _record(module: Json) -> None:
    if "@@in" in str(module):
        return  # Several steps share it.
    module.get("resources", {}).pop("gpus", None)
    outputs = module.get("outputs", {})
    files = ["${outputs.%s}" % name for name, port in outputs.items() if port["type"] != "directory"]
    folders = ["${outputs.%s}" % name for name, port in outputs.items() if port["type"] == "directory"]
    inputs = ["${inputs.%s}" % name for name in module.get("inputs", {})]
    tail = ["@@in", *inputs, "@@file", *files, "@@dir", *folders]
    if "command" in module:
        module["command"] = ["tool", *module["command"][1:], *tail]
        return
    params = ["${params.%s}" % name for name in module.get("params", {})]
    texts = [f'"a {hole} $HOMELESS"' for hole in (*inputs, *params)] + [f"'b {hole} $(c)'" for hole in params]
    script = f"HOMELESS='it''s'; n=$(printf %s x)\ntool \"$n\" $${{n}} {' '.join((*inputs, *params, *texts))} \\\n"
    module["shell"] = script + "  " + " ".join(tail) + "\n"
