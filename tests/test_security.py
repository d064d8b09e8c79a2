"""The promises of `docs/security.md`: compiling a spec runs nothing, asks nobody, and writes only below `-o`.

Every page of `cases/` and of `attacks/`, the examples, the library and the corpus of attacks are compiled in a process
whose audit hooks tell of every process, connection, file that is written, import and piece of code.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .attacks.corpus import Attack, as_yaml, combined, places, texts_for
from .attacks.outcome import read_outcomes
from .test_cases import CASES, blocks_of, lay_out, options_of

ROOT = Path(__file__).parents[1]
ATTACKS = Path(__file__).parent / "attacks" / "pages"
EXAMPLES = ROOT / "specs"
LEVELS = (("snakemake", 1), ("snakemake", 2), ("cwl", 1))
STRACE = shutil.which("strace")

TRAP = "open('pwned', 'w').close()\n"
TRAPS = ("json.py", "sitecustomize.py", "jinja2.py", "duckdb.py", "networkx/__init__.py", "conftest.py", "setup.py")
"""Files that Python would import, were the spec's folder a place to import from."""


def audited(wanted: list[dict[str, Any]], folder: Path, *before: str) -> list[tuple[str, str, list[str]]]:
    """Compile in a child whose hooks watch: spec, how it ended, and what it did that it must not."""
    listed = folder / "list.json"
    listed.write_text(json.dumps(wanted), "utf-8")
    # `-P`, as the shell command has it: the folder where one stands is no place to import from.
    command = [*before, sys.executable, "-P", "-m", "tests.attacks.audit", str(listed)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def everywhere(spec: Path, folder: Path, number: int, **more: Any) -> list[dict[str, Any]]:
    """A spec for each target; each has an output folder of its own, away from the spec."""
    return [
        {"spec": str(spec), "folder": str(spec.parent), "target": target, "level": level,
         "out": str(folder / "outs" / f"{number}-{target}-{level}"), **more}
        for target, level in LEVELS
    ]  # fmt: skip


def set_traps(folder: Path) -> None:
    """Put files beside a spec that must never be run."""
    for name in TRAPS:
        place = folder / name
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(TRAP)


def nothing_happened(found: list[tuple[str, str, list[str]]], wanted: int, folder: Path) -> None:
    """All compiles came to their end, none did what it must not."""
    assert {spec: told for spec, _, told in found if told} == {}
    assert len(found) == wanted
    assert not [p for p in folder.rglob("*") if p.name == "pwned"]


def test_every_page(tmp_path: Path) -> None:
    """Each page of the language, and each page of attacks."""
    wanted = []
    for number, page in enumerate(sorted((*CASES.rglob("*.md"), *ATTACKS.rglob("*.md")))):
        folder = tmp_path / "pages" / str(number)
        folder.mkdir(parents=True)
        blocks = blocks_of(page.read_text("utf-8"))
        spec = folder / lay_out(blocks, folder)
        set_traps(spec.parent)
        options = options_of(blocks, folder)
        wanted += everywhere(spec, tmp_path, number, data=dict(options.data), set=dict(options.sets))
    found = audited(wanted, tmp_path)
    assert sum(ended == "compiled" for _, ended, _ in found) > 80
    nothing_happened(found, len(wanted), tmp_path / "pages")


def test_the_examples_and_the_library(tmp_path: Path) -> None:
    """All documents that are shipped; modules alone are checked, as they are no pipelines."""
    shutil.copytree(EXAMPLES, tmp_path / "specs", ignore=shutil.ignore_patterns("__pycache__"))
    documents = sorted(p for p in (tmp_path / "specs").rglob("*.yaml") if "sncompile: 1" in p.read_text("utf-8"))
    for name in ("A01_s1", "A01_s2", "B02_s1"):
        place = tmp_path / "specs" / "examples" / "illumination" / "images" / f"{name}.tif"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    wanted = [w for n, d in enumerate(documents) for w in everywhere(d, tmp_path, n)]
    found = audited(wanted, tmp_path)
    assert any(ended == "compiled" for _, ended, _ in found)
    nothing_happened(found, len(wanted), tmp_path / "specs")


def attack_specs(folder: Path) -> list[Path]:
    """One spec for each place with all texts that are taken there, and those that are refused each alone."""
    found = []
    for place, about in places().items():
        recorded = read_outcomes().get(place, {})
        texts = dict(texts_for(about))
        together = [] if about.get("alone") else [t for name, t in texts.items() if name not in recorded]
        for number, text in enumerate(t for t in texts.values() if t not in together):
            here = folder / place / str(number)
            here.mkdir(parents=True)
            try:
                found.append(Attack(place, text).lay_out(here))
            except (OSError, ValueError):
                continue  # There is no file of that name.
        if together:
            attacks = [Attack(place, text, f"s{n}") for n, text in enumerate(together)]
            here = folder / place
            here.mkdir(parents=True, exist_ok=True)
            for attack in attacks:
                attack.lay_out(here)
            (here / "spec.yaml").write_text(as_yaml(combined(attacks)), "utf-8")
            found.append(here / "spec.yaml")
    return found


def test_the_corpus_of_attacks(tmp_path: Path) -> None:
    """Every text in every place."""
    specs = attack_specs(tmp_path / "specs")
    wanted = [w for n, spec in enumerate(specs) for w in everywhere(spec, tmp_path, n)]
    # Most that stand alone are refused before any target is asked: one is enough for those.
    wanted = [
        w
        for w in wanted
        if w["level"] == 1 and (w["target"] == "snakemake" or "attacks" in Path(w["spec"]).read_text())
    ]
    found = audited(wanted, tmp_path)
    assert any(ended == "compiled" for _, ended, _ in found)
    nothing_happened(found, len(wanted), tmp_path)


@pytest.mark.skipif(STRACE is None, reason="needs strace, which sees what libraries do below Python")
def test_the_kernel_sees_the_same(tmp_path: Path) -> None:
    """No library below Python opens a connection or writes elsewhere; the one process is that of DuckDB."""
    wanted = []
    for number, name in enumerate(("valid/sql", "valid/parquet", "valid/infer", "valid/glob")):
        folder = tmp_path / "pages" / str(number)
        folder.mkdir(parents=True)
        blocks = blocks_of((CASES / f"{name}.md").read_text("utf-8"))
        wanted += everywhere(folder / lay_out(blocks, folder), tmp_path, number)
    assert STRACE is not None
    trace = tmp_path / "trace"
    calls = "trace=execve,execveat,fork,vfork,clone,clone3,socket,connect,bind,open,openat,creat,unlink,rename,mkdir"
    found = audited(wanted, tmp_path, STRACE, "-f", "-y", "-s", "4096", "-o", str(trace), "-e", calls)
    assert {ended for _, ended, _ in found} == {"compiled"}
    lines = trace.read_text("utf-8", "replace").splitlines()
    begins = next(n for n, line in enumerate(lines) if "list.json" in line and "openat(" in line)
    told = []
    children, programs = 0, []
    for line in lines[begins:]:
        call = re.sub(r"^\d+\s+", "", line)
        if re.match(r"(v?fork|clone3?)\(", call) and "CLONE_THREAD" not in call and "resumed" not in call:
            children += 1
        elif call.startswith("execve("):
            programs.append(call)
        elif re.match(r"(execveat|socket|connect|bind)", call):
            told.append(line)
        elif re.search(r"O_(WRONLY|RDWR|CREAT)", call) or re.match(r"(creat|unlink|rename|mkdir)", call):
            paths = re.findall(r'"((?:[^"\\]|\\.)*)"', call)
            told += [line for path in paths if path.startswith("/") and not path.startswith(f"{tmp_path}/outs")]
    assert told == []
    # Each compile of a page with queries or Parquet files has one, and it starts none.
    assert children == len(programs) == len([w for w in wanted if "/3/" not in w["spec"]])
    assert all(re.search(r'\["[^"]*", "-I", "-S", "-B", "[^"]*/duckdb_child\.py"', call) for call in programs)


def test_the_hook_sees(tmp_path: Path) -> None:
    """The watch itself: each kind of deed is told, so that silence means something."""
    deeds = {
        "process": "import subprocess; subprocess.run(['true'])",
        "system": "import os; os.system('true')",
        "connection": "import socket; socket.socket()",
        "write": f"open({str(tmp_path / 'elsewhere')!r}, 'w')",
        "low write": f"import os; os.open({str(tmp_path / 'low')!r}, os.O_WRONLY | os.O_CREAT)",
        "rename": f"import os; os.rename({str(tmp_path / 'elsewhere')!r}, {str(tmp_path / 'other')!r})",
        "text as code": "eval(\"'pwned'\")",
        "import": f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import trap",
        "pickle": "import pickle; pickle.loads(pickle.dumps(print))",
        "database of none": (
            "from sncompile.semantics.queries.databases import Databases; Databases().open().run('SELECT 1')"
        ),
    }
    (tmp_path / "trap.py").write_text("")
    code = (
        "import json, sys; from pathlib import Path; from tests.attacks.audit import Watch\n"
        f"import pickle, socket, subprocess; watch = Watch(); sys.addaudithook(watch.hook); found = {{}}\n"
        f"for name, deed in {deeds!r}.items():\n"
        "    code = compile(deed, 'deed', 'exec')\n"
        f"    watch.begin(Path({str(tmp_path)!r}), Path({str(tmp_path / 'out')!r}))\n"
        "    exec(code, {}); found[name] = bool(watch.end())\n"
        "print(json.dumps(found))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert json.loads(done.stdout) == dict.fromkeys(deeds, True)
