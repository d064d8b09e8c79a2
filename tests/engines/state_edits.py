"""Random small pipelines, random edits between their runs, and an own model of which jobs these make run.

The model knows nothing of the compiler. It computes by itself what every job writes, remembers what each job last saw,
and so says which jobs `plan` has to name, which `run` has to do, and what lies in the workspace afterwards.

Steps may be renamed together with their results (`moved`), runs may be killed on their way (`--kills 0.3`), and may
follow one of a part of the pipeline (`--parts 0.3`).

By hand: `python -m tests.engines.state_edits FOLDER --seeds 1-20 --rounds 8`.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import yaml

Content = bytes | dict[str, bytes]
NOTES = (".snakemake_timestamp", ".sncompile")


# ---- what a pipeline is -------------------------------------------------------------------------------------------


@dataclass
class Step:
    """One step. `sources` are `row`, `common`, `refs` (a directory) or names of steps."""

    name: str
    by: tuple[str, ...]
    sources: list[str]
    lang: str = "shell"  # shell, command, bash, py, python
    op: str = "cat"  # cat: everything comes out; count: only how many lines there are
    temp: bool = False
    directory: bool = False
    effect: bool = False
    nested: str = ""  # the pipeline that it stands in
    p: int = 1
    unused: int = 1
    const: int = 1
    env: str = ""
    cell: bool = False
    level: bool = False
    cfg: bool = False
    cpus: int = 1
    takes_cpus: bool = False
    batch: int = 0
    noise: dict[str, int] = field(default_factory=Counter)
    label: str = ""
    """What its files and its jobs in the log are called, whatever the step is called by now."""

    def __post_init__(self) -> None:
        self.label = self.label or self.full

    @property
    def full(self) -> str:
        return f"{self.nested}.{self.name}" if self.nested else self.name

    @property
    def hands_all_over(self) -> bool:
        return self.lang in ("bash", "py", "python")


@dataclass
class Model:
    steps: list[Step]
    rows: list[dict[str, str]]
    optimize: int = 1
    level: int = 1
    salt: int = 1
    noise: dict[str, int] = field(default_factory=Counter)

    def step(self, full: str) -> Step:
        return next(s for s in self.steps if s.full == full)

    def readers(self, step: Step) -> list[Step]:
        return [s for s in self.steps if step.full in s.sources]


@dataclass
class Job:
    id: str
    step: Step
    meaning: tuple
    inputs: list[tuple[str, str]]  # ("job", id) or ("file", path)
    output: str | None


class Record(NamedTuple):
    meaning: tuple
    inputs: list[Content]
    output: Content | None


# ---- the pipeline as files ----------------------------------------------------------------------------------------

_FILES = 'find -L "$i" -type f ! -name .snakemake_timestamp | LC_ALL=C sort'
_WALK = f'for i in %s; do {_FILES} | while read -r f; do cat "$f"; done; done'

_PY_BODY = """\
def contents(paths):
    found = []
    for path in paths:
        if os.path.isdir(path):
            names = [os.path.join(d, f) for d, _, fs in os.walk(path, followlinks=True) for f in fs]
        else:
            names = [path]
        for name in sorted(names):
            if not name.endswith(".snakemake_timestamp"):
                found.append(open(name).read())
    return "".join(found)


def write(out, head, text, op, directory):
    result = head + text if op == "cat" else f"{text.count(chr(10))}\\n"
    if directory:
        os.makedirs(os.path.join(out, "sub"), exist_ok=True)
        open(os.path.join(out, "sub", "y"), "w").write("y\\n")
        out = os.path.join(out, "x")
    open(out, "w").write(result)


def log(id):
    with open(os.environ["ORACLE_LOG"], "a") as file:
        file.write(id + "\\n")
"""


class World:
    """A folder with a pipeline in it, the model of it, and what its jobs last saw."""

    def __init__(self, base: Path, model: Model, rng: random.Random) -> None:
        self.base, self.model, self.rng = base, model, rng
        self.folder = base / "work"
        self.log = base / "log"
        self.records: dict[str, Record] = {}
        self.options: list[str] = []
        self.written: dict[str, str] = {}
        self.moves = 0
        self.eager: set[str] = set()  # makers of temporary files that readers need which may run, and will not
        self.eagerly = 0  # how often such a maker ran
        self.extra = 0  # how often a file stayed of an output that has become temporary
        self.tampered: set[str] = set()  # jobs whose results an edit has deleted
        self.moves_said: list[tuple[str, str]] = []  # entries of `moved`, in the pipeline and in the nested one
        self.inner_moves: list[tuple[str, str]] = []
        self.renamed: dict[str, str] = {}  # jobs whose results have to be moved: what they were called
        self.unsure: set[str] = set()  # jobs that were at work when a run was killed
        self.names = 0
        self.kills = 0
        self.parts = 0
        for k, row in enumerate(model.rows):
            self.write(row["f"], f"row {k}\n" * (k % 2 + 1))
        self.write("data/common.txt", "common\n")
        self.write("data/cfg.txt", "cfg\n")
        self.write("data/refs/a.txt", "ref a\n")
        self.write("data/refs/n/b.txt", "ref b\n")
        self.render()

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def put(self, name: str, text: str) -> None:
        if self.written.get(name) != text:
            self.write(name, text)
            self.written[name] = text

    # What a step's module says.

    def ports(self, step: Step) -> dict[str, str]:
        types = {}
        for n, source in enumerate(step.sources):
            kind = (
                "directory"
                if source == "refs" or (source in self.by_name() and self.model.step(source).directory)
                else "file"
            )
            many = len(self.feeding(step, source, self.keys(step)[0])[1]) != 1 or not self.single(step, source)
            types[f"i{n}"] = kind + ("[]" if many else "")
        return types

    def by_name(self) -> set[str]:
        return {s.full for s in self.model.steps}

    def single(self, step: Step, source: str) -> bool:
        if source in ("common", "refs"):
            return True
        keys = ("g", "k") if source == "row" else self.model.step(source).by
        return set(keys) <= set(step.by)

    def params(self, step: Step) -> dict[str, tuple[str, object]]:
        """Name -> type, value."""
        found: dict[str, tuple[str, object]] = {
            "id": ("string", "/".join([step.label, *("${%s}" % k for k in step.by)])),
            "p": ("integer", step.p),
            "unused": ("integer", step.unused),
        }
        if step.cell:
            found["cell"] = ("string", "${t.v}")
        if step.level:
            found["level"] = ("integer", "${params.level}")
        if step.cfg:
            found["cfg"] = ("path", "${data.src}/cfg.txt")
        return found

    def module(self, step: Step) -> dict:
        ports, params = self.ports(step), self.params(step)
        module: dict = {
            "inputs": {n: {"type": t} for n, t in ports.items()},
            "params": {n: {"type": t} for n, (t, _) in params.items()},
            "resources": {
                "cpus": step.cpus,
                "memory": f"{100 + step.noise['memory']}MB",
                "time": f"{1 + step.noise['time']}m",
            },
        }
        if step.noise["text"]:
            module["title"] = f"Title {step.noise['text']}"
            module["description"] = f"Words {step.noise['text']}"
        if not step.effect:
            module["outputs"] = {
                "out": {"type": "directory", "create": True} if step.directory else {"type": "file", "format": "txt"}
            }
        self.tool(step, module, list(ports))
        return module

    def tool(self, step: Step, module: dict, ports: list[str]) -> None:
        comment = "".join(f"# comment {i}\n" for i in range(step.noise["comment"]))
        blank = "\n" * step.noise["blank"]
        name = step.label.replace(".", "_")
        if step.lang == "shell":
            used = ["P", "${params.p}", f"c{step.const}"]
            used += ["${params.cell}"] if step.cell else []
            used += ["${params.level}"] if step.level else []
            used += ["${resources.cpus}"] if step.takes_cpus else []
            used += ["$ORACLE_ENV"] if step.env else []
            head = f"echo {' '.join(used)}"
            if step.cfg:
                head = f"{head}; cat ${{params.cfg}}"
            text = "; ".join(_WALK % ("${inputs.%s}" % p) for p in ports) or ":"
            body = (
                f"{{ {head}; {text}; }}"
                if step.op == "cat"
                else f"{{ {{ {head}; }} > /dev/null; {{ {text}; }} | wc -l; }}"
            )
            out = "cat > /dev/null" if step.effect else "cat > ${outputs.out}"
            if step.directory:
                out = "mkdir -p ${outputs.out}/sub; echo y > ${outputs.out}/sub/y; cat > ${outputs.out}/x"
            module["shell"] = f'{comment}echo ${{params.id}} >> "$ORACLE_LOG"\n{blank}{comment}{body} | {{ {out}; }}\n'
            return
        takes = [n for n in ("cell", "level", "cfg") if getattr(step, n)]
        if step.lang == "command":
            self.put(f"modules/{name}.py", self.python(step, comment, blank, helper=False) + _COMMAND_MAIN)
            module["command"] = [
                "python3", "${file('%s.py')}" % name, "${params.id}",
                "" if step.effect else "${outputs.out}", "${params.p}",
                *(f"{n}=${{params.{n}}}" for n in takes), *(["cpus=${resources.cpus}"] if step.takes_cpus else []),
                "--", *("${inputs.%s}" % p for p in ports),
            ]  # fmt: skip
        elif step.lang == "py":
            self.put(f"modules/{name}.py", self.python(step, comment, blank, helper=False) + _SCRIPT_MAIN)
            module["script"] = f"{name}.py"
        elif step.lang == "python":
            self.put(f"tools/f_{name}.py", self.python(step, comment, blank, helper=True) + _FUNCTION)
            helper_comment = "".join(f"# comment {i}\n" for i in range(self.model.noise["helper"]))
            self.put("tools/__init__.py", "")
            self.put("tools/helper.py", f"{helper_comment}SALT = {self.model.salt}\n")
            module["python"] = f"tools.f_{name}:work"
        else:
            self.put(f"modules/{name}.sh", self.bash(step, comment, blank))
            module["script"] = f"{name}.sh"

    def python(self, step: Step, comment: str, blank: str, helper: bool) -> str:
        quoted = '"""Words %d."""\n' % step.noise["docstring"] if step.noise["docstring"] else ""
        const = f"CONST = ({step.const})" if step.noise["layout"] % 2 else f"CONST = {step.const}"
        lines = [
            quoted + comment + "import os",
            "import sys",
            *(["from tools import helper"] if helper else []),
            blank,
            const,
        ]
        salt = "helper.SALT" if helper else "0"
        return "\n".join(lines) + (
            f"\nSALT = {salt}\nOP, DIRECTORY, EFFECT = {step.op!r}, {step.directory}, {step.effect}\n"
            f"{blank}{comment}\n{_PY_BODY}"
        )

    def bash(self, step: Step, comment: str, blank: str) -> str:
        shebang = "#!/bin/bash\n"
        extra = "".join(f" $({cmd})" for cmd in ['printf %s "$cell"'] * step.cell + ['printf %s "$level"'] * step.level)
        extra += " $ORACLE_ENV" if step.env else ""
        text = _WALK % '"${ins[@]}"'
        head = f'echo P "$p" c{step.const}{extra}' + ('; cat "$cfg"' if step.cfg else "")
        body = f"{{ {head}; {text}; }}" if step.op == "cat" else f"{{ {text}; }} | wc -l"
        sink = "cat > /dev/null" if step.effect else 'cat > "$out"'
        if step.directory:
            sink = 'mkdir -p "$out/sub"; echo y > "$out/sub/y"; cat > "$out/x"'
        return shebang + comment + (
            'ins=(); name=\nfor a in "$@"; do\n  case "$a" in\n    --*) name="${a#--}";;\n    *) case "$name" in\n'
            '      i[0-9]*) ins+=("$a");;\n      out) out="$a";;\n      p) p="$a";;\n      cell) cell="$a";;\n'
            '      level) level="$a";;\n      cfg) cfg="$a";;\n      id) id="$a";;\n    esac;;\n  esac\ndone\n'
        ) + f'{blank}{comment}echo "$id" >> "$ORACLE_LOG"\n{body} | {{ {sink}; }}\n'  # fmt: skip

    # The documents.

    def reference(self, source: str) -> str:
        fixed = {"row": "${t.f}", "common": "${data.src}/common.txt", "refs": "${data.src}/refs"}
        return fixed.get(source) or "${%s%s}" % (source, "" if "." in source else ".out")

    def step_entry(self, step: Step, inner: bool = False) -> dict:
        entry: dict = {} if inner or not step.by else {"by": list(step.by)}
        given = {}
        for n, source in enumerate(step.sources):
            given[f"i{n}"] = "${inputs.x}" if inner and not source.startswith(f"{step.nested}.") else (
                "${%s.out}" % source.split(".")[1] if inner else self.reference(source)
            )  # fmt: skip
        for n, (_, value) in self.params(step).items():
            given[n] = value
        module = self.module(step)
        if inner:
            given["id"] = "${params.id_%s}" % step.name
        if step.env:
            entry["env"] = {"ORACLE_ENV": step.env}
        if step.lang == "shell" and not step.noise["file"]:
            entry["module"] = module
        else:
            name = step.label.replace(".", "_")
            self.put(f"modules/{name}.yaml", self.text({"sncompile": 1, "module": name, **module}, step.noise["yaml"]))
            entry["module"] = f"./modules/{name}.yaml"
        entry["with"] = given
        if step.temp:
            entry["outputs"] = {"out": {"temp": True}}
        if step.noise["tags"]:
            entry["tags"] = [f"tag{step.noise['tags']}"]
        if step.noise["priority"]:
            entry["priority"] = step.noise["priority"]
        if step.noise["retries"]:
            entry["retries"] = step.noise["retries"] % 3
        if step.batch:
            entry["batch"] = step.batch
        return entry

    def text(self, document: dict, style: int) -> str:
        head = "".join(f"# words {i}\n" for i in range(style))
        if style % 3 == 1:
            return head + json.dumps(document, indent=2)
        return head + yaml.safe_dump(
            document, sort_keys=False, width=70 + style, default_flow_style=None if style % 3 == 2 else False
        )

    def render(self) -> None:
        model = self.model
        steps: dict = {}
        for step in model.steps:
            if not step.nested:
                steps[step.name] = self.step_entry(step)
            elif step.nested not in steps:
                inner = [s for s in model.steps if s.nested == step.nested]
                by = list(step.by)
                outer = inner[0].sources[0]
                kind = self.ports(inner[0])["i0"]
                ids = {f"id_{s.name}": "/".join([s.label, *("${%s}" % k for k in by)]) for s in inner}
                document = {
                    "sncompile": 1,
                    "pipeline": step.nested,
                    "inputs": {"x": {"type": kind}},
                    "params": {n: {"type": "string"} for n in ids},
                    "steps": {s.name: self.step_entry(s, inner=True) for s in inner},
                    "outputs": {s.name: "${%s.out}" % s.name for s in inner},
                }
                if self.inner_moves:
                    document["moved"] = [{"from": old, "to": new} for old, new in self.inner_moves]
                self.put(f"{step.nested}.yaml", self.text(document, 0))
                steps[step.nested] = {**({"by": by} if by else {}), "module": f"./{step.nested}.yaml",
                                      "with": {"x": self.reference(outer), **ids}}  # fmt: skip
        if model.noise["order"] % 2:
            steps = dict(reversed(steps.items()))
        document = {
            "sncompile": 1,
            "pipeline": "edits",
            "data": {"src": "data", "workspace": "results"},
            "params": {"level": {"type": "integer", "default": model.level}},
            "tables": {"t": {"key": ["g", "k"], "file": "rows.tsv" if model.noise["tsv"] % 2 else "rows.csv"}},
            "steps": steps,
        }
        if model.noise["text"]:
            document["title"] = f"Title {model.noise['text']}"
        if self.moves_said:
            document["moved"] = [{"from": old, "to": new} for old, new in self.moves_said]
        self.put("pipeline.yaml", self.text(document, model.noise["yaml"]))
        columns = ["g", "k", "f", "v", "note"]
        if model.noise["columns"] % 2:
            columns.reverse()
        lines = [columns, *([r.get(c, "") for c in columns] for r in model.rows)]
        name, delimiter = ("rows.tsv", "\t") if model.noise["tsv"] % 2 else ("rows.csv", ",")
        quote = csv.QUOTE_ALL if model.noise["quotes"] % 2 and delimiter == "," else csv.QUOTE_MINIMAL
        path = self.folder / name
        with path.open("w", newline="") as file:
            csv.writer(file, delimiter=delimiter, quoting=quote, lineterminator="\n").writerows(lines)

    # The jobs, and what they write.

    def keys(self, step: Step) -> list[tuple[str, ...]]:
        return list(dict.fromkeys(tuple(r[k] for k in step.by) for r in self.model.rows))

    def feeding(self, step: Step, source: str, key: tuple[str, ...]) -> tuple[str, list[str]]:
        """What an instance takes from a source: files, or ids of jobs, in order."""
        if source == "common":
            return "file", ["data/common.txt"]
        if source == "refs":
            return "file", ["data/refs"]
        rows = [r for r in self.model.rows if tuple(r[k] for k in step.by) == key]
        if source == "row":
            return "file", [r["f"] for r in rows]
        other = self.model.step(source)
        return "job", list(dict.fromkeys("/".join([source, *(r[k] for k in other.by)]) for r in rows))

    def jobs(self) -> dict[str, Job]:
        found = {}
        for step in self.ordered():
            for key in self.keys(step):
                job_id = "/".join([step.full, *key])
                inputs, shape = [], []
                for source in step.sources:
                    kind, items = self.feeding(step, source, key)
                    inputs += [(kind, i) for i in items]
                    shape.append((kind, tuple(items)))
                row = next(r for r in self.model.rows if tuple(r[k] for k in step.by) == key)
                meaning = (
                    step.lang, step.op, step.directory, step.effect, step.p,
                    None if step.lang == "bash" and step.op == "count" else step.const, step.env, tuple(shape),
                    row["v"] if step.cell else None, self.model.level if step.level else None, step.cfg,
                    step.cpus if step.takes_cpus else None, step.unused if step.hands_all_over else None,
                    self.model.salt if step.lang == "python" else None, tuple(self.ports(step).values()),
                )  # fmt: skip
                if step.cfg:
                    inputs.append(("file", "data/cfg.txt"))
                output = (
                    None if step.effect else "/".join(["results", job_id, "out" + ("" if step.directory else ".txt")])
                )
                found[job_id] = Job(job_id, step, meaning, inputs, output)
        return found

    def ordered(self) -> list[Step]:
        done: list[Step] = []
        rest = list(self.model.steps)
        while rest:
            ready = [
                s
                for s in rest
                if all(x in ("row", "common", "refs") or any(d.full == x for d in done) for x in s.sources)
            ]
            assert ready, "the steps are a ring"
            done += ready
            rest = [s for s in rest if s not in ready]
        return done

    def on_disk(self, name: str) -> Content | None:
        path = self.folder / name
        if path.is_dir():
            return {
                str((Path(d) / f).relative_to(path)): (Path(d) / f).read_bytes()
                for d, _, files in os.walk(path, followlinks=True) for f in files if f not in NOTES
            }  # fmt: skip
        return path.read_bytes() if path.exists() else None

    def there(self, job: Job) -> Content | None:
        """What a job has written, where it is now or where it will be moved from."""
        assert job.output is not None
        found = self.on_disk(job.output)
        old = self.renamed.get(job.id)
        if old is None or job.id not in self.records:
            return found
        return self.on_disk(job.output.replace(f"results/{job.id}/", f"results/{old}/", 1))

    def then(self, job: Job, meaning: tuple) -> tuple:
        """What a record says a job does, if the step that it is of was renamed: with today's names of what it reads."""
        if job.id not in self.renamed:
            return meaning
        now = {old: new for new, old in self.renamed.items()}
        shape = tuple((kind, tuple(now.get(i, i) if kind == "job" else i for i in items)) for kind, items in meaning[7])
        return (*meaning[:7], shape, *meaning[8:])

    def written_by(self, jobs: dict[str, Job]) -> tuple[dict[str, list[Content]], dict[str, Content | None]]:
        """What every job reads and writes, computed."""
        read: dict[str, list[Content]] = {}
        wrote: dict[str, Content | None] = {}
        for job in jobs.values():
            read[job.id] = [wrote[i] if kind == "job" else self.on_disk(i) for kind, i in job.inputs]  # type: ignore[misc]
            taken = read[job.id][:-1] if job.step.cfg else read[job.id]
            text = b"".join(c if isinstance(c, bytes) else b"".join(c[n] for n in sorted(c)) for c in taken)
            wrote[job.id] = self.result(job, text)
        return read, wrote

    def result(self, job: Job, text: bytes) -> Content | None:
        step = job.step
        if step.effect:
            return None
        if step.op == "count":
            content = b"%d\n" % text.count(b"\n")
        else:
            words = ["P", str(step.p), f"c{step.const}"]
            words += [job.meaning[8]] if step.cell else []
            words += [str(self.model.level)] if step.level else []
            words += [str(step.cpus)] if step.takes_cpus else []
            words += [step.env] if step.env else []
            words += [f"salt{self.model.salt}"] if step.lang == "python" else []
            cfg = (self.folder / "data/cfg.txt").read_bytes() if step.cfg else b""
            content = " ".join(words).encode() + b"\n" + cfg + text
        return {"x": content, "sub/y": b"y\n"} if step.directory else content

    # What has to run.

    def direct(self, job: Job) -> str:
        """Why a job has to run, as far as that is known before anything runs."""
        record = self.records.get(job.id)
        if record is None:
            return "unknown"
        if self.then(job, record.meaning) != job.meaning:
            return "changed"
        for (kind, name), seen in zip(job.inputs, record.inputs, strict=True):
            if kind == "file" and self.on_disk(name) != seen:
                return f"input {name}"
        if job.output is not None:
            there = self.there(job)
            if there is None and (not self.goes(job.step) or job.id in self.tampered):
                return "output gone"
            if there is not None and there != record.output:
                return "output changed"
        elif job.id in self.tampered:
            return "mark gone"
        return ""

    def goes(self, step: Step) -> bool:
        """Whether what it writes is deleted by the run."""
        return step.temp or (self.model.optimize == 2 and bool(self.model.readers(step)))

    def predicted(self) -> tuple[dict[str, str], set[str], set[str], set[str]]:
        """Jobs that must run and why; that may; where either will do; that a run does."""
        jobs = self.jobs()
        read, _ = self.written_by(jobs)
        must = {j.id: why for j in jobs.values() if (why := self.direct(j))}
        may: set[str] = set()
        either: set[str] = set()
        absent = {j.id for j in jobs.values() if j.output and self.goes(j.step) and self.there(j) is None}
        ran = set(must)
        ran |= {j.id for j in jobs.values() if j.id in self.records and self.records[j.id].inputs != read[j.id]}
        while True:
            before = len(must), len(may)
            for job in jobs.values():
                makers = {i for kind, i in job.inputs if kind == "job"}
                if job.id not in must and makers & (must.keys() | may):
                    may.add(job.id)
                for maker in makers & absent:
                    if job.id in must and maker not in must:
                        must[maker] = f"needed by {job.id}"
                        may.discard(maker)
                    elif job.id in may and maker not in must:
                        may.add(maker)
            if (len(must), len(may)) == before:
                # What is left was made before, and has not been read yet: what reads from that may follow again.
                late = next((j for j in jobs if j in ran and j not in must and j not in may), None)
                if late is None:
                    break
                must[late] = "input made by a job"
        while more := {i for j in ran for kind, i in jobs[j].inputs if kind == "job" and i in absent} - ran:
            ran |= more
        # A job whose input differs already, though its maker is still to run, is either.
        for j in ran & may:
            current = [self.there(jobs[i]) if kind == "job" else None for kind, i in jobs[j].inputs]
            seen = self.records[j].inputs if j in self.records else []
            if any(
                kind == "job" and c is not None and c != s
                for (kind, _), c, s in zip(jobs[j].inputs, current, seen, strict=False)
            ):
                either.add(j)
        needed = {i for j in may for kind, i in jobs[j].inputs if kind == "job" and i in absent}
        while more := {i for j in needed for kind, i in jobs[j].inputs if kind == "job" and i in absent} - needed:
            needed |= more
        self.eager = needed - ran
        either |= needed
        return must, may, either, ran

    def remember(self, ran: set[str]) -> None:
        jobs = self.jobs()
        read, wrote = self.written_by(jobs)
        for j in ran:
            self.records[j] = Record(jobs[j].meaning, read[j], wrote[j])
        for j in self.renamed.keys() & jobs.keys() & self.records.keys():
            self.records[j] = self.records[j]._replace(meaning=jobs[j].meaning)
        for j in self.renamed.keys() - jobs.keys():
            self.records.pop(j, None)  # its row was gone when results were moved
        self.renamed = {}
        self.tampered = set()

    # Doing it.

    def did(self) -> Counter[str]:
        """How often each job has begun, by the log."""
        names = {s.label: s.full for s in self.model.steps}
        lines = self.log.read_text().split() if self.log.exists() else []
        parts = (line.partition("/") for line in lines)
        return Counter(f"{names[step]}{slash}{key}" for step, slash, key in parts)

    def call(
        self, *arguments: str, log: Path | None = None, folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "ORACLE_LOG": str(log or self.log)}
        return subprocess.run(
            ["sncompile", *arguments], cwd=folder or self.folder, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def level_options(self) -> list[str]:
        """The level; chains that become one job are no jobs of the model's."""
        whole = ["--no-pass", "fuse"] if self.model.optimize == 2 else []
        return [f"-O{self.model.optimize}", *whole, *self.options]


_COMMAND_MAIN = """

id, out, p, *rest = sys.argv[1:]
cut = rest.index("--")
given = dict(item.split("=", 1) for item in rest[:cut])
paths = rest[cut + 1:]
log(id)
words = ["P", p, f"c{CONST}", *(given[n] for n in ("cell", "level", "cpus") if n in given)]
if "ORACLE_ENV" in os.environ:
    words.append(os.environ["ORACLE_ENV"])
cfg = open(given["cfg"]).read() if "cfg" in given else ""
if not EFFECT:
    write(out, " ".join(words) + chr(10) + cfg, contents(paths), OP, DIRECTORY)
"""

_SCRIPT_MAIN = """

given, name = {}, None
for item in sys.argv[1:]:
    if item.startswith("--"):
        name = item[2:]
        given[name] = []
    else:
        given[name].append(item)
log(given["id"][0])
words = ["P", given["p"][0], f"c{CONST}", *(given[n][0] for n in ("cell", "level") if n in given)]
if "ORACLE_ENV" in os.environ:
    words.append(os.environ["ORACLE_ENV"])
cfg = open(given["cfg"][0]).read() if "cfg" in given else ""
paths = [p for n in sorted(given) if n[0] == "i" and n[1:].isdigit() for p in given[n]]
if not EFFECT:
    write(given["out"][0], " ".join(words) + chr(10) + cfg, contents(paths), OP, DIRECTORY)
"""

_FUNCTION = """

def work(id, p, unused, out=None, cell=None, level=None, cfg=None, **ports):
    log(id)
    words = ["P", str(p), f"c{CONST}"]
    words += [cell] if cell is not None else []
    words += [str(level)] if level is not None else []
    if "ORACLE_ENV" in os.environ:
        words.append(os.environ["ORACLE_ENV"])
    words.append(f"salt{SALT}")
    text = open(cfg).read() if cfg else ""
    paths = [p for n in sorted(ports) for p in (ports[n] if isinstance(ports[n], list) else [ports[n]])]
    if not EFFECT:
        write(out, " ".join(words) + chr(10) + text, contents(paths), OP, DIRECTORY)
"""


# ---- random pipelines ---------------------------------------------------------------------------------------------


def random_model(rng: random.Random, optimize: int | None = None) -> Model:
    rows = [
        {"g": g, "k": k, "f": f"data/{g}{k}.txt", "v": str(rng.randrange(9)), "note": "-"}
        for g in "pq" for k in ("1", "2", "3")[: rng.choice([1, 2, 3])]
    ]  # fmt: skip
    model = Model([], rows, rng.choice([0, 1, 1, 1, 2]) if optimize is None else optimize)
    nested = rng.random() < 0.4
    for n in range(rng.randint(3, 6)):
        add_step(model, rng, f"s{n}")
        if nested and n == 1:
            by = rng.choice([("g", "k"), ("g",)])
            candidates = [s for s in model.steps if set(s.by) <= set(by) and not s.effect]
            source = rng.choice([s.full for s in candidates] or ["common"])
            model.steps.append(Step("a", by, [source], nested="n", op=rng.choice(["cat", "count"])))
            model.steps.append(Step("b", by, ["n.a"], nested="n"))
    for step in model.steps:
        if not step.nested and not step.effect and model.readers(step) and rng.random() < 0.3:
            step.temp = True
    return model


def add_step(model: Model, rng: random.Random, name: str) -> Step:
    by = rng.choice([("g", "k"), ("g", "k"), ("g",), ()])
    makers = [s.full for s in model.steps if not s.effect]
    sources = rng.sample(makers, min(len(makers), rng.choice([0, 1, 1, 2])))
    if not sources or rng.random() < 0.3:
        sources.append(rng.choice(["row", "row", "common", "refs"]))
    lang = rng.choice(["shell", "shell", "command", "bash", "py", "python"])
    step = Step(
        name, by, sources, lang,
        op=rng.choice(["cat", "cat", "count"]),
        effect=rng.random() < 0.12,
        env=rng.choice(["", "", "e1"]),
        cell=by == ("g", "k") and rng.random() < 0.4,
        level=rng.random() < 0.3,
        cfg=rng.random() < 0.2,
        takes_cpus=lang in ("shell", "command") and rng.random() < 0.3,
    )  # fmt: skip
    step.directory = not step.effect and rng.random() < 0.25
    if model.optimize == 2 and by and rng.random() < 0.8:
        step.batch = 2
    model.steps.append(step)
    return step


# ---- edits --------------------------------------------------------------------------------------------------------
# Each takes the world and answers what it did, or nothing where it does not apply. The model says what follows.

MATTER: dict = {}
NOTHING: dict = {}


def matters(function):
    MATTER[function.__name__] = function
    return function


def makes_no_difference(function):
    NOTHING[function.__name__] = function
    return function


def some_input(w: World) -> Path:
    names = [r["f"] for r in w.model.rows] + ["data/common.txt", "data/refs/a.txt", "data/refs/n/b.txt", "data/cfg.txt"]
    return w.folder / w.rng.choice([n for n in names if (w.folder / n).exists()])


def some_output(w: World, directory: bool | None = None) -> tuple[Job, Path] | None:
    jobs = [
        j for j in w.jobs().values()
        if j.output and (w.folder / j.output).exists() and (directory is None or j.step.directory == directory)
    ]  # fmt: skip
    if not jobs:
        return None
    job = w.rng.choice(jobs)
    return job, w.folder / job.output  # type: ignore[operator]


def steps_with_own_tool(w: World) -> list[Step]:
    return list(w.model.steps)


def new_text(w: World) -> str:
    return "".join(f"new {w.rng.randrange(10**6)}\n" for _ in range(w.rng.randint(1, 2)))


def replace(path: Path, text: str) -> None:
    """Another file in the place, whatever link led from there."""
    path.unlink(missing_ok=True)
    path.write_text(text)


@matters
def content(w):
    path = some_input(w)
    path.write_text(new_text(w))
    return path.name


@matters
def content_older(w):
    path = some_input(w)
    replace(path, new_text(w))
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return path.name


@matters
def content_same_size(w):
    path = some_input(w)
    text = path.read_bytes()
    path.write_bytes(bytes([text[0] ^ 1]) + text[1:])
    return path.name


@matters
def content_by_rename(w):
    path = some_input(w)
    other = path.with_name(path.name + ".new")
    other.write_text(new_text(w))
    os.utime(other, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns + 5_000_000))
    other.rename(path)
    return path.name


@matters
def link_to_other(w):
    path = some_input(w)
    other = w.folder / f"elsewhere/{w.rng.randrange(10**6)}"
    other.parent.mkdir(exist_ok=True)
    other.write_text(new_text(w))
    os.utime(other, (1_000_000_000, 1_000_000_000))
    path.unlink()
    path.symlink_to(os.path.relpath(other, path.parent))
    return path.name


@matters
def directory_gets_file(w):
    path = w.folder / f"data/refs/{w.rng.choice(['', 'n/', 'deep/er/'])}z{w.rng.randrange(1000)}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(new_text(w))
    return path.name


@matters
def directory_loses_file(w):
    files = list((w.folder / "data/refs").rglob("z*.txt"))
    if not files:
        return None
    path = w.rng.choice(files)
    path.unlink()
    for folder in path.parents:  # an empty folder would be a difference, too
        if folder == w.folder / "data/refs" or any(folder.iterdir()):
            break
        folder.rmdir()
    return path.name


@matters
def directory_renames_file(w):
    files = list((w.folder / "data/refs").rglob("z*.txt"))
    if not files:
        return None
    path = w.rng.choice(files)
    path.rename(path.with_name(f"z{w.rng.randrange(1000)}.txt"))
    return path.name


@matters
def row_added(w):
    taken = {(r["g"], r["k"]) for r in w.model.rows}
    g, k = w.rng.choice("pqr"), str(w.rng.randrange(1, 6))
    if (g, k) in taken:
        return None
    name = f"data/{g}{k}.txt"
    if not (w.folder / name).exists():
        w.write(name, new_text(w))
    w.model.rows.insert(w.rng.randrange(len(w.model.rows) + 1), {"g": g, "k": k, "f": name, "v": "3", "note": "-"})
    return g + k


@matters
def row_removed(w):
    if len(w.model.rows) < 3:
        return None
    return w.model.rows.pop(w.rng.randrange(len(w.model.rows)))["k"]


@matters
def rows_in_other_order(w):
    w.rng.shuffle(w.model.rows)
    return "shuffled"


@matters
def cell_changed(w):
    w.rng.choice(w.model.rows)["v"] = str(w.rng.randrange(100))
    return "v"


@matters
def cell_names_other_file(w):
    row = w.rng.choice(w.model.rows)
    name = f"data/other{w.rng.randrange(1000)}.txt"
    w.write(name, (w.folder / row["f"]).read_text())
    row["f"] = name
    return name


@matters
def param_of_step(w):
    w.rng.choice(w.model.steps).p = w.rng.randrange(100)
    return "p"


@matters
def param_of_pipeline(w):
    w.model.level = w.rng.randrange(100)
    return "level"


@matters
def variable(w):
    step = w.rng.choice(w.model.steps)
    step.env = w.rng.choice(["", "e1", "e2", "e3"])
    return step.full


@matters
def tool_does_other(w):
    step = w.rng.choice(steps_with_own_tool(w) or [None])
    if not step:
        return None
    step.op = "count" if step.op == "cat" else "cat"
    return step.full


@matters
def constant_in_tool(w):
    step = w.rng.choice(steps_with_own_tool(w) or [None])
    if not step:
        return None
    step.const = w.rng.randrange(100)
    return step.full


@matters
def constant_in_helper(w):
    w.model.salt = w.rng.randrange(100)
    return "salt"


@matters
def output_deleted(w):
    found = some_output(w)
    if not found:
        return None
    shutil.rmtree(found[1]) if found[1].is_dir() else found[1].unlink()
    w.tampered = w.tampered | {found[0].id}
    return found[0].id


@matters
def output_overwritten(w):
    found = some_output(w, directory=False)
    if not found:
        return None
    found[1].write_text("by hand\n")
    return found[0].id


@matters
def file_in_output_directory(w):
    found = some_output(w, directory=True)
    if not found:
        return None
    what = w.rng.choice(["gone", "changed", "added"])
    if what == "gone":
        (found[1] / "sub/y").unlink(missing_ok=True)
    else:
        (found[1] / ("x" if what == "changed" else "more")).write_text("by hand\n")
    return f"{what} {found[0].id}"


@matters
def mark_of_an_effect_deleted(w):
    jobs = [j for j in w.jobs().values() if j.step.effect and w.model.optimize < 2]
    marks = {
        j.id: w.folder / f"results/{j.step.full}/.sncompile/done/{j.id.partition('/')[2]}.done"
        for j in jobs
        if j.step.by
    }
    there = sorted(j for j, path in marks.items() if path.exists())
    if not there:
        return None
    chosen = w.rng.choice(there)
    marks[chosen].unlink()
    w.tampered = w.tampered | {chosen}
    return chosen


@matters
def state_deleted(w):
    for path in w.folder.rglob(".sncompile/state"):
        shutil.rmtree(path)
    w.records.clear()
    return "all"


@matters
def step_added(w):
    return add_step(w.model, w.rng, f"x{w.rng.randrange(1000)}").full


@matters
def step_removed(w):
    steps = [s for s in w.model.steps if not w.model.readers(s) and not s.nested]
    if len(w.model.steps) < 3 or not steps:
        return None
    step = w.rng.choice(steps)
    w.model.steps.remove(step)
    for other in w.model.steps:
        if other.temp and not w.model.readers(other):
            other.temp = False
    return step.full


@matters
def step_renamed(w):
    steps = [s for s in w.model.steps if not s.nested and s.full not in {new for _, new in w.moves_said}]
    if not steps:
        return None
    step = w.rng.choice(steps)
    return rename(w, step, new_name(w))


@matters
def step_moved(w):
    """Another name for a step, and the entry that says so."""
    steps = [s for s in w.model.steps if not s.nested and not has_moved(w, s)]
    if not steps:
        return None
    step, new = w.rng.choice(steps), new_name(w)
    w.moves_said.append((step.full, new))
    return with_results(w, lambda: rename(w, step, new))


@matters
def nested_moved(w):
    """Another name for a nested pipeline, or for a step in it."""
    inner = [s for s in w.model.steps if s.nested and not has_moved(w, s)]
    if not inner:
        return None
    step, new = w.rng.choice(inner), new_name(w)
    if w.rng.random() < 0.5 and not any(has_moved(w, s) for s in w.model.steps if s.nested):
        old = step.nested
        w.moves_said.append((old, new))

        def all_of_it() -> str:
            for each in [s for s in w.model.steps if s.nested == old]:
                rename(w, each, each.name, nested=new)
            return f"{old} {new}"

        return with_results(w, all_of_it)
    if w.rng.random() < 0.5:
        w.inner_moves.append((step.name, new))
    else:
        w.moves_said.append((step.full, f"{step.nested}.{new}"))
    return with_results(w, lambda: rename(w, step, new))


def new_name(w) -> str:
    w.names += 1
    return f"y{w.names}"


def has_moved(w, step: Step) -> bool:
    """Whether a step was renamed since the last run; once is enough, as there is an entry for each time."""
    return any(job.partition("/")[0] == step.full for job in w.renamed) or any(
        new in (step.full, step.nested) for _, new in w.moves_said
    )


def rename(w, step: Step, new: str, nested: str = "") -> str:
    old = step.full
    step.name, step.nested = new, nested or step.nested
    for other in w.model.steps:
        other.sources = [step.full if s == old else s for s in other.sources]
    return f"{old} {step.full}"


def with_results(w, deed) -> str:
    """Rename steps so that the results come along: what is known of their jobs is so under the new names."""
    before = {s.label: s.full for s in w.model.steps}
    done = deed()
    names = {before[s.label]: s.full for s in w.model.steps if before[s.label] != s.full}
    for job in [j for j in w.records if j.partition("/")[0] in names]:
        old, slash, key = job.partition("/")
        new = f"{names[old]}{slash}{key}"
        w.records[new] = w.records.pop(job)
        w.renamed[new] = job
    now = {old: new for new, old in w.renamed.items()}
    w.tampered = {now.get(j, j) for j in w.tampered}
    return done


@matters
def temporary_or_not(w):
    steps = [s for s in w.model.steps if w.model.readers(s) and not s.nested and not s.effect]
    if not steps:
        return None
    step = w.rng.choice(steps)
    step.temp = not step.temp
    return f"{step.full} {step.temp}"


@matters
def other_source(w):
    step = w.rng.choice([s for s in w.model.steps if not s.nested])
    step.sources[w.rng.randrange(len(step.sources))] = w.rng.choice(["common", "refs", "row"])
    for other in w.model.steps:
        if other.temp and not w.model.readers(other):
            other.temp = False
    return step.full


@matters
def sources_swapped(w):
    steps = [s for s in w.model.steps if len(s.sources) > 1]
    if not steps:
        return None
    w.rng.choice(steps).sources.reverse()
    return "reversed"


@matters
def cores_that_the_command_takes(w):
    steps = [s for s in w.model.steps if s.takes_cpus]
    if not steps:
        return None
    w.rng.choice(steps).cpus = w.rng.choice([1, 2])
    return "cpus"


@matters
def directory_or_file(w):
    steps = [s for s in w.model.steps if not s.nested and not s.effect]
    step = w.rng.choice(steps or w.model.steps)
    if step.nested or step.effect:
        return None
    step.directory = not step.directory
    return step.full


@makes_no_difference
def touched(w):
    path = some_input(w)
    os.utime(path)
    return path.name


@makes_no_difference
def touched_to_the_future_or_past(w):
    path = some_input(w)
    when = w.rng.choice([time.time() + 10**7, 10**9, 1])
    os.utime(path, (when, when))
    return path.name


@makes_no_difference
def copied_over(w):
    path = some_input(w)
    copy = path.with_name("copy")
    (shutil.copy2 if w.rng.random() < 0.5 else shutil.copy)(path, copy)
    copy.rename(path)
    return path.name


@makes_no_difference
def there_and_back(w):
    path = some_input(w)
    text = path.read_bytes()
    path.write_text("other\n")
    path.write_bytes(text)
    return path.name


@makes_no_difference
def link_to_equal(w):
    path = some_input(w)
    other = w.folder / f"elsewhere/{w.rng.randrange(10**6)}"
    other.parent.mkdir(exist_ok=True)
    shutil.copy(path, other)
    path.unlink()
    path.symlink_to(other if w.rng.random() < 0.5 else os.path.relpath(other, path.parent))
    return path.name


@makes_no_difference
def hard_link(w):
    path = some_input(w)
    other = w.folder / f"elsewhere/{w.rng.randrange(10**6)}"
    other.parent.mkdir(exist_ok=True)
    if path.is_symlink():
        return None
    os.link(path, other)
    return path.name


@makes_no_difference
def mode_of_input(w):
    some_input(w).chmod(w.rng.choice([0o600, 0o644, 0o755]))
    return "mode"


@makes_no_difference
def directory_becomes_link(w):
    path = w.folder / "data/refs"
    if path.is_symlink():
        return None
    (w.folder / "elsewhere").mkdir(exist_ok=True)
    path.rename(w.folder / "elsewhere/refs")
    path.symlink_to("../elsewhere/refs")
    return "refs"


@makes_no_difference
def comment_in_spec(w):
    w.model.noise["yaml"] += 3
    return "#"


@makes_no_difference
def layout_of_spec(w):
    w.model.noise["yaml"] += 1
    return str(w.model.noise["yaml"] % 3)


@makes_no_difference
def layout_of_module(w):
    w.rng.choice(w.model.steps).noise["yaml"] += 1
    return "module"


@makes_no_difference
def title_of_pipeline(w):
    w.model.noise["text"] += 1
    return "title"


@makes_no_difference
def title_of_module(w):
    w.rng.choice(w.model.steps).noise["text"] += 1
    return "title"


@makes_no_difference
def tags(w):
    w.rng.choice(w.model.steps).noise["tags"] += 1
    return "tags"


@makes_no_difference
def memory_and_time(w):
    w.rng.choice(w.model.steps).noise[w.rng.choice(["memory", "time"])] += 1
    return "resources"


@makes_no_difference
def priority_and_retries(w):
    w.rng.choice(w.model.steps).noise[w.rng.choice(["priority", "retries"])] += 1
    return "scheduling"


@makes_no_difference
def cores_that_nobody_takes(w):
    steps = [s for s in w.model.steps if not s.takes_cpus]
    if not steps:
        return None
    w.rng.choice(steps).cpus = w.rng.choice([1, 2])
    return "cpus"


@makes_no_difference
def comment_in_tool(w):
    step = w.rng.choice(w.model.steps)
    step.noise["comment"] += 1
    return f"{step.full} {step.lang}"


@makes_no_difference
def blank_lines_in_tool(w):
    step = w.rng.choice(w.model.steps)
    step.noise["blank"] += 1
    return f"{step.full} {step.lang}"


@makes_no_difference
def python_layout(w):
    steps = [s for s in w.model.steps if s.lang in ("command", "py", "python")]
    if not steps:
        return None
    step = w.rng.choice(steps)
    step.noise[w.rng.choice(["layout", "docstring"])] += 1
    return f"{step.full} {step.lang}"


@makes_no_difference
def comment_in_helper(w):
    w.model.noise["helper"] += 1
    return "helper"


@makes_no_difference
def param_that_nobody_takes(w):
    steps = [s for s in w.model.steps if not s.hands_all_over]
    if not steps:
        return None
    step = w.rng.choice(steps)
    step.unused = w.rng.randrange(100)
    return f"{step.full} {step.lang}"


@makes_no_difference
def cell_that_nobody_takes(w):
    w.rng.choice(w.model.rows)["note"] = str(w.rng.randrange(100))
    return "note"


@makes_no_difference
def layout_of_table(w):
    what = w.rng.choice(["tsv", "columns", "quotes"])
    w.model.noise[what] += 1
    return what


@makes_no_difference
def engine_notes_gone(w):
    shutil.rmtree(w.folder / ".snakemake", ignore_errors=True)
    return ".snakemake"


@makes_no_difference
def emitted_files_gone(w):
    what = w.rng.choice(["build", "runs", "logs"])
    shutil.rmtree(w.folder / what, ignore_errors=True)
    return what


@makes_no_difference
def folder_moved(w):
    w.moves += 1
    new = w.base / f"moved{w.moves}"
    w.folder.rename(new)
    w.folder = new
    for path in (new / "data").rglob("*"):
        if path.is_symlink() and not path.exists():
            old = Path(os.readlink(path))
            path.unlink()
            path.symlink_to(os.path.relpath(new / "elsewhere" / old.name, path.parent))
    w.options = []
    return new.name


@makes_no_difference
def roots_in_full(w):
    if w.options:
        w.options = []
        return "relative"
    if any("row" in s.sources for s in w.model.steps):
        return None  # the cells are relative
    w.options = ["--data", f"src={w.folder}/data", "--data", f"workspace={w.folder}/results"]
    return "absolute"


@makes_no_difference
def foreign_file(w):
    w.write(
        w.rng.choice(["data/foreign.txt", "tools/foreign.py", "modules/foreign.sh", "results/foreign"]), new_text(w)
    )
    return "foreign"


@makes_no_difference
def output_touched(w):
    found = some_output(w)
    if not found:
        return None
    os.utime(found[1] / "x" if found[1].is_dir() else found[1])
    return found[0].id


@makes_no_difference
def output_copied(w):
    found = some_output(w, directory=False)
    if not found:
        return None
    shutil.copy(found[1], found[1].with_name("copy"))
    found[1].with_name("copy").rename(found[1])
    return found[0].id


@makes_no_difference
def tools_touched(w):
    for path in w.folder.rglob("*.py"):
        os.utime(path)
    for path in (w.folder / "modules").glob("*"):
        os.utime(path)
    return "tools"


# ---- one pipeline, several rounds ---------------------------------------------------------------------------------


@dataclass
class Fault:
    kind: str
    seed: int
    round: int
    edits: list[str]
    detail: str


def play(base: Path, seed: int, rounds: int, fresh_every: int = 5, optimize: int | None = None, most: int = 3,
         only: str = "", kills: float = 0.0, parts: float = 0.0) -> tuple[list[Fault], Counter, int]:  # fmt: skip
    """Run a pipeline, edit it, ask, run, compare, and so on. Ends at the first fault.

    So many of the runs are killed on their way, and so many are begun by one of a part.
    """
    rng = random.Random(seed)
    base.mkdir(parents=True)
    world = World(base, random_model(rng, optimize), rng)
    tried: Counter = Counter()
    for number in range(rounds + 1):
        edits: list[str] = []
        world.moves_said, world.inner_moves = [], []
        if number:
            nothing = rng.random() < 0.45
            chosen = (
                {**NOTHING, **MATTER}
                if only
                else NOTHING
                if nothing
                else {**MATTER, **(NOTHING if rng.random() < 0.3 else {})}
            )
            for _ in range(rng.randint(1, most + 2 if nothing else most)):
                name = only or rng.choice(sorted(chosen))
                if done := chosen[name](world):
                    edits.append(f"{name}: {done}")
                    tried[name] += 1
        world.render()
        faults = []
        if rng.random() < parts and world.model.optimize < 2:
            faults = a_part(world, seed, number, edits)
            edits.append("a part was run")
        if rng.random() < kills and not faults:
            edits.append(f"killed: {killed(world)}")
        faults = faults or one_round(world, seed, number, edits, fresh=number % fresh_every == fresh_every - 1)
        if faults:
            return faults, tried, number
    tried["(temporary files made for nothing)"] += world.eagerly
    tried["(temporary files that stayed)"] += world.extra
    tried["(runs that were killed)"] += world.kills
    tried["(runs of a part)"] += world.parts
    return [], tried, rounds


def killed(world: World) -> str:
    """Run, and kill the engine and its jobs when so many jobs have begun, or have ended; remember what is certain."""
    _, _, _, ran = world.predicted()
    if not ran:
        return "nothing to do"
    runs = world.folder / "runs"
    before = set(os.listdir(runs)) if runs.exists() else set()
    world.log.write_text("")
    number, begun = world.rng.randint(1, len(ran)), world.rng.random() < 0.5
    process = subprocess.Popen(
        ["sncompile", "run", "pipeline.yaml", "-c", "2", *world.level_options()], cwd=world.folder,
        env={**os.environ, "ORACLE_LOG": str(world.log)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    told: list[dict] = []
    while process.poll() is None:
        told = events_of(runs, before)
        ended = [e for e in told if e["event"] == "job_finished"]
        if told and (len(world.log.read_text().split()) if begun else len(ended)) >= number:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(told[0]["process"]["pid"], signal.SIGKILL)
            break
    process.wait()
    # A job may be in a group of its own, and ends by itself.
    while any(alive(world.folder)):
        time.sleep(0.02)
    world.kills += 1
    told = events_of(runs, before)
    certain = [j for j in ended_jobs(told, world) if j is not None]
    if any(e["event"] == "engine_ended" for e in told):
        lost: list[str] = []
    else:
        lost = certain[-1:]  # of what was written down last
    world.remember({j for j in certain if j not in lost})
    world.unsure = (set(world.did()) | set(lost)) - (set(certain) - set(lost))
    return f"when {number} of {len(ran)} had {'begun' if begun else 'ended'}; {len(world.did())} had begun"


def events_of(runs: Path, before: set[str]) -> list[dict]:
    """What the newest run has told; a last line may be half-written."""
    new = set(os.listdir(runs)) - before if runs.exists() else set()
    for name in new:
        path = runs / name / "events.jsonl"
        if path.exists():
            lines = path.read_text().split("\n")[:-1]
            return [json.loads(line) for line in lines]
    return []


def ended_jobs(told: list[dict], world: World) -> list[str | None]:
    """The jobs that have ended, in this order; None for what is no single job that writes a file."""
    by_output = {job.output: job.id for job in world.jobs().values() if job.output}
    outputs = {e["jobid"]: e["output"] for e in told if e["event"] == "job_info"}
    found: list[str | None] = []
    for event in told:
        if event["event"] == "job_finished":
            files = [os.path.relpath(world.folder / path, world.folder) for path in outputs.get(event["job_id"], [])]
            found += [by_output.get(path) for path in files] or [None]
    return found


def alive(folder: Path) -> Iterator[int]:
    """The processes of the runs in a folder that live."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and f"SNCOMPILE_RUN={folder}/".encode() in (entry / "environ").read_bytes():
                yield int(entry.name)


def a_part(world: World, seed: int, number: int, edits: list[str]) -> list[Fault]:
    """Run some steps, or the jobs of one key, with what they need; nothing else may run."""
    jobs = world.jobs()
    must, _, either, ran = world.predicted()
    if world.rng.random() < 0.3:
        group = world.rng.choice([r["g"] for r in world.model.rows])
        if not any("g" in s.by for s in world.model.steps):
            return []
        selector = f"key:g={group}"
        named = {j.id for j in jobs.values() if "g" in j.step.by and j.id.split("/")[1 + j.step.by.index("g")] == group}
    elif world.rng.random() < 0.3:
        selector, named = "state:modified", {j for j, why in must.items() if not why.startswith("input made")}
        if either or any(not why.startswith(("unknown", "changed", "input data")) for why in must.values()):
            return []
    else:
        step = world.rng.choice(world.model.steps)
        selector, named = f"step:{step.full}", {j.id for j in jobs.values() if j.step is step}
    wanted = set(named)
    while more := {i for j in wanted for kind, i in jobs[j].inputs if kind == "job"} - wanted:
        wanted |= more
    world.log.write_text("")
    result = world.call("run", "pipeline.yaml", "-c", "2", *world.level_options(), "--select", selector)
    world.parts += 1
    if result.returncode:
        return [Fault(f"a part fails ({selector})", seed, number, edits, result.stdout + result.stderr)]
    did = world.did()
    faults = []
    if wrong := did.keys() - wanted:
        faults.append(Fault(f"a part does more ({selector})", seed, number, edits, str(wrong)))
    if wrong := did.keys() - ran - either - world.eager:
        faults.append(Fault(f"a part does what is current ({selector})", seed, number, edits, str(wrong)))
    makers = {j for j, why in must.items() if why.startswith("needed")}
    if lost := (ran & wanted) - did.keys() - makers - world.eager:
        faults.append(Fault(f"a part is lost ({selector})", seed, number, edits, str(lost)))
    gone = {j: old for j, old in world.renamed.items() if j not in wanted}
    tampered = {j for j in world.tampered if j not in wanted}
    world.renamed = {j: old for j, old in world.renamed.items() if j in wanted}
    world.remember(set(did))
    world.renamed, world.tampered = gone, tampered
    return faults


def one_round(world: World, seed: int, number: int, edits: list[str], fresh: bool) -> list[Fault]:
    def fault(kind: str, detail: str) -> Fault:
        return Fault(kind, seed, number, edits, detail)

    must, may, either, ran = world.predicted()
    unsure, world.unsure = world.unsure, set()
    # What was at work when a run was killed may be known, or not; so may be what it needs, and what comes after it.
    jobs_then = world.jobs()
    loose = set(unsure)
    while more := {i for j in loose for kind, i in jobs_then[j].inputs if kind == "job"} - loose:
        loose |= more
    loose = {j for j in loose if j in unsure or world.goes(jobs_then[j].step)}
    # Who reads from those may run, so that temporary files are made for it which it turns out not to need.
    below = set(unsure)
    while more := {j for j in jobs_then if {i for kind, i in jobs_then[j].inputs if kind == "job"} & below} - below:
        below |= more
    needed: set[str] = set()
    while more := {
        i for j in below | needed for kind, i in jobs_then[j].inputs
        if kind == "job" and world.goes(jobs_then[i].step) and world.there(jobs_then[i]) is None
    } - needed:  # fmt: skip
        needed |= more
    loose |= needed
    edited = [e for e in edits if not e.startswith(("killed", "a part"))]
    quiet = edited and len(edited) == len(edits) and all(e.split(":")[0] in NOTHING for e in edits)
    if quiet and world.model.optimize < 2 and (must or may):
        return [fault("oracle", f"the model itself sees a difference: {must}")]
    options = world.level_options()
    told = world.call("plan", "pipeline.yaml", "--jobs", "--json", *options)
    if told.returncode:
        return [fault("plan refuses", told.stdout + told.stderr)]
    listed = json.loads(told.stdout)
    plan_run = {j["id"] for j in listed if j["verdict"] == "run"}
    plan_may = {j["id"] for j in listed if j["verdict"] == "may"}
    world.log.write_text("")
    result = world.call("run", "pipeline.yaml", "-c", "2", *options)
    if result.returncode:
        return [fault("run fails", "\n".join(x for x in (result.stdout + result.stderr).splitlines() if "error" in x))]
    did = world.did()
    why = {j["id"]: f"{j['why']} {j['of']}" for j in listed}
    faults = []
    jobs = world.jobs()
    either |= loose
    if unsure:  # what follows is told by what is known of those
        either |= (plan_run | plan_may | must.keys() | may) & (set(jobs) if world.model.optimize == 2 else loose | may)
        ran_surely = ran - loose
    else:
        ran_surely = ran
    if lost := ran_surely - did.keys():
        faults.append(fault("STALE: did not run", str({j: must.get(j, "may") for j in lost})))
    if eager := {j for j in did if j in world.eager}:
        world.eagerly += len(eager)
    if extra := {j for j in did if j not in ran | world.eager | loose}:
        kind = "over-run" if world.model.optimize < 2 else "over-run (O2)"
        faults.append(fault(kind, str({j: why.get(j, "not in plan") for j in extra})))
    if twice := {j for j, n in did.items() if n > 1}:
        faults.append(fault("ran twice", str(twice)))
    if wrong := set(must) - plan_run - either:
        faults.append(fault("plan: must run, not said", str({j: (must[j], why.get(j)) for j in wrong})))
    if wrong := plan_run - set(must) - either:
        faults.append(fault("plan: says run", str({j: why[j] for j in wrong} | {"may": sorted(wrong & may)})))
    if unsure and (wrong := plan_may - may - either):
        wrong = {j for j in wrong if not reads_from(jobs, j, loose)}
        if wrong:
            faults.append(fault("plan: may, after a kill", str({j: why.get(j, "not said") for j in wrong})))
    elif not unsure and (wrong := plan_may ^ may):
        wrong -= either | set(must) | plan_run
        if wrong:
            faults.append(fault("plan: may", str({j: why.get(j, "not said") for j in wrong})))
    if wrong := did.keys() - plan_run - plan_may:
        faults.append(fault("plan: ran and was not named", str(wrong)))
    _, wrote = world.written_by(jobs)
    for job in jobs.values():
        there = world.on_disk(job.output) if job.output else None
        if job.output and there != wrote[job.id]:
            if there is None and world.goes(job.step):
                continue
            faults.append(fault("STALE: content", f"{job.output}: {there!r} instead of {wrote[job.id]!r}"))
        elif job.output and job.step.temp:
            world.extra += 1
    world.remember(ran | did.keys())
    if fresh and not faults:
        faults += [fault("fresh run differs", d) for d in compare_with_fresh(world)]
    return faults


def reads_from(jobs: dict[str, Job], job: str, others: set[str]) -> bool:
    """Whether a job reads what another one of these makes, directly or through others."""
    above = {i for kind, i in jobs[job].inputs if kind == "job"}
    return bool(above & others) or any(reads_from(jobs, i, others) for i in above)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str((Path(d) / f).relative_to(folder)): (Path(d) / f).read_bytes()
        for d, folders, files in os.walk(folder)
        for f in files
        if f not in NOTES and "/.sncompile" not in d
    }


def compare_with_fresh(world: World) -> list[str]:
    copy = world.base / "fresh"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(
        world.folder,
        copy,
        symlinks=True,
        ignore=shutil.ignore_patterns("results", ".snakemake", "runs", "build", "logs", ".sncompile"),
    )
    result = world.call(
        "run", "pipeline.yaml", "-c", "2", f"-O{world.model.optimize}", log=world.base / "fresh.log", folder=copy
    )
    if result.returncode:
        return ["the fresh run fails: " + result.stdout + result.stderr]
    mine, fresh = files_of(world.folder / "results"), files_of(copy / "results")
    return [f"{n}: {mine.get(n)!r} instead of {t!r}" for n, t in fresh.items() if mine.get(n) != t]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", default="1-10")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--most", type=int, default=3, help="edits at once")
    parser.add_argument("--optimize", type=int, default=None)
    parser.add_argument("--only", default="", help="one kind of edit")
    parser.add_argument("--kills", type=float, default=0.0, help="so many of the runs are killed")
    parser.add_argument("--parts", type=float, default=0.0, help="so many of the runs follow one of a part")
    options = parser.parse_args()
    first, last = map(int, options.seeds.split("-"))
    options.folder.mkdir(parents=True, exist_ok=True)
    total: Counter = Counter()
    for seed in range(first, last + 1):
        base = options.folder.resolve() / str(seed)
        shutil.rmtree(base, ignore_errors=True)
        try:
            faults, tried, rounds = play(
                base, seed, options.rounds, optimize=options.optimize, most=options.most, only=options.only,
                kills=options.kills, parts=options.parts,
            )  # fmt: skip
        except Exception:
            print(f"seed {seed}: the test itself fails\n{traceback.format_exc()}", flush=True)
            continue
        total += tried
        print(f"seed {seed}: {rounds} rounds, {sum(tried.values())} edits, {len(faults)} faults", flush=True)
        for f in faults:
            print(f"  {f.kind}  round {f.round}  {'; '.join(f.edits)}\n    {f.detail[:1500]}", flush=True)
        if not faults:
            shutil.rmtree(base)
    print(f"{sum(total.values())} edits of {len(total)} kinds: {dict(total)}")


if __name__ == "__main__":
    sys.exit(main())
