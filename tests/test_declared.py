"""Every field that the IR declares is changed, and everybody who has to notice does.

A field that is added is tried here without a word. Who does not notice it fails, until the reason why that is right
stands in `UNSEEN`. A field that says nothing of its role cannot be used at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pytest

import sncompile
from sncompile.api import CompileOptions, check, compile_program
from sncompile.compilation import emit
from sncompile.diagnostics import CompileError
from sncompile.ir.diff.compare import compare
from sncompile.ir.fields import Role, declared, scheduling
from sncompile.ir.graph.commands import Flag, ListFile, Option, ShellPart, Success, Variable, Waits
from sncompile.ir.graph.edges import with_families
from sncompile.ir.graph.model import Family, Graph, Input, Origin, Output
from sncompile.ir.graph.resources import RESOURCES
from sncompile.ir.graph.shown import Shown
from sncompile.ir.graph.structure import family_structure
from sncompile.ir.graph.text import graph_text
from sncompile.ir.jobs.expansion import Expansion, jobs
from sncompile.ir.language.types import INTEGER, STRING
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import VALUES, Const, text
from sncompile.ir.values.relating import UNIT
from sncompile.lowering.lower import lower
from sncompile.lowering.text import lowered_text
from sncompile.passes.merging.shapes import Shaper
from sncompile.state.meaning import Meanings
from sncompile.state.places import Places
from sncompile.targets.bash.reading import differences as bash_differences
from sncompile.targets.cwl.verify import differences as cwl_differences
from sncompile.targets.registry import find_target
from sncompile.targets.snakemake.reading_back.read_back import differences
from sncompile.targets.target import NOT_HEEDED

SPEC = """\
sncompile: 1
pipeline: main
tables: {t: {key: k, rows: [{k: x}, {k: y}]}}
steps:
  first: {by: k, module: {outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}}
  other: {by: k, module: {outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}}
  a:
    by: k
    after: [other]
    retries: 1
    tags: [slow]
    env: {E: value}
    resources: {memory: 2GB}
    with: {i: "${first.o}", p: word, l: [b, c]}
    module:
      inputs: {i: {type: file}}
      params: {p: {type: string}, l: {type: "string[]"}}
      outputs: {o: {type: file}, d: {type: directory}}
      container: image:1
      conda: env.yml
      success: {non_empty: [o], min_files: {d: 1}}
      command: [tool, "${inputs.i}", {option: -l, value: "${params.l}"}, {flag: -f, when: "${params.p == 'word'}"}, {list_file: ["${inputs.i}"]}, "${outputs.o}", "${outputs.d}"]
  s:
    by: k
    with: {i: "${a.o}"}
    module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, shell: "cat ${inputs.i} > ${outputs.o}"}
outputs: {s: "${s.o}", o: "${a.o}", d: "${a.d}"}
"""  # noqa: E501

CLASSES = (Family, Input, Output, Origin, Option, Flag, ListFile, ShellPart, Variable, Success, Waits)
FIELDS = [(kind, name) for kind in CLASSES for name in declared(kind)]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Graph]:
    """The folder of the spec, and its graph."""
    folder = tmp_path_factory.mktemp("declared")
    (folder / "env.yml").write_text("dependencies: [x]\n")
    (folder / "main.yaml").write_text(SPEC)
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        return folder, compile_program(check("main.yaml").require(), CompileOptions(level=0)).graph


@pytest.fixture
def graph(compiled: tuple[Path, Graph], monkeypatch: pytest.MonkeyPatch) -> Graph:
    """The graph as it is, where its files are."""
    monkeypatch.chdir(compiled[0])
    return compiled[1]


def other(held: Any, family: Family, name: str) -> Any:
    """Another value of the same kind."""
    more: dict[str, Any] = {
        "inputs": Input(text("raw", family.span), "file", False),
        "params": text("x", family.span),
        "outputs": family.outputs and next(iter(family.outputs.values()))._replace(path=text("more/${k}", family.span)),
        "cpus": Const(8, INTEGER, family.span),
        "command": text("x", family.span),
        "shell": ShellPart("\ntrue", None),
        "env": Variable("MORE", text("x", family.span), False),
        "origins": Origin("x", family.span),
        "lists": family.lists and next(iter(family.lists.values()))._replace(path=text("more/${k}.txt", family.span)),
        "keys": UNIT,
    }
    if name in ("source", "target", "keys"):
        return UNIT
    if name == "conda":
        return None
    if name == "report":
        return Shown("QC", "All.", (("figure", "a"),))
    if name == "when":
        return Const(False, STRING, family.span)
    if name == "base":
        return "directory"
    if name == "ended_by":
        return "\0"
    if isinstance(held, VALUES):
        return Const(f"{getattr(held, 'value', '')}x", STRING, family.span)
    if isinstance(held, bool):
        return not held
    if isinstance(held, int):
        return held + 1
    if isinstance(held, str):
        return "first" if name == "step" else held + "x"
    if isinstance(held, Success):
        return replace(held, min_files={"d": 3})
    if name in ("after", "non_empty"):
        return ()
    if isinstance(held, tuple):
        return (*held, more.get(name, 1))
    if name in ("sha256", "min_files"):
        return {**held, "o": "0" * 64 if name == "sha256" else 4}
    added = "cpus" if name == "resources" else "more"
    return {**held, added: more[added if name == "resources" else name]}


def changed(record: Any, name: str, family: Family) -> Any:
    """The record with another value in a field."""
    value = other(getattr(record, name), family, name)
    return replace(record, **{name: value}) if is_dataclass(record) else record._replace(**{name: value})


def with_change(graph: Graph, kind: type, name: str) -> tuple[Graph, str]:
    """The graph with a field changed in one record of a class, and the family that has it."""
    step = "s" if kind is ShellPart or (kind is Family and name == "shell") else "a"
    family = graph.families[step]

    skipped = ("", None) if kind is ShellPart else ("",)

    def mend(records: tuple[Any, ...]) -> tuple[Any, ...]:
        at = next(n for n, each in enumerate(records) if isinstance(each, kind) and getattr(each, name) not in skipped)
        return (*records[:at], changed(records[at], name, family), *records[at + 1 :])

    if kind is Family:
        made = changed(family, name, family)
    elif kind is Input:
        made = family._replace(inputs={"i": changed(family.inputs["i"], name, family)})
    elif kind is Output:
        made = family._replace(outputs={**family.outputs, "o": changed(family.outputs["o"], name, family)})
    elif kind is ListFile:
        made = family._replace(lists={n: changed(f, name, family) for n, f in family.lists.items()})
    elif kind is Success:
        made = family._replace(success=changed(family.success, name, family))
    elif kind is Origin:
        made = family._replace(origins={"x": changed(Origin(step, family.span), name, family)})
    else:
        field = {Option: "command", Flag: "command", ShellPart: "shell", Variable: "env", Waits: "after"}[kind]
        made = family._replace(**{field: mend(getattr(family, field))})
    families = {n: made if n == step else f for n, f in graph.families.items()}
    return with_families(graph, families), step


def _shape(graph: Graph, step: str) -> object:
    """What must be the same for a merge, and what stands where it may differ."""
    shape = Shaper(Evaluator(graph.families)).shape(graph.families[step])
    return shape.aspects, [(hole.at, [repr(getattr(e, "value", e)) for e in hole.entries]) for hole in shape.holes]


def _job(graph: Graph, step: str) -> object:
    found = next(job for job in jobs(graph) if job.step == step).as_object()
    return {name: held for name, held in found.items() if name not in ("digest", "source")}


def _snakemake(old: Graph, new: Graph) -> bool:
    """As Snakemake runs it by itself, or with commands wrapped for containers."""
    out = Path("build/main")
    ways = [CompileOptions(), CompileOptions(containers="docker")]
    return any(differences(new, emit(old, out, how).files, out.absolute()) for how in ways)


def _cwl(old: Graph, new: Graph) -> bool:
    out = Path("build/cwl")
    old, new = (replace(g, families={n: f._replace(conda=None) for n, f in g.families.items()}) for g in (old, new))
    return bool(cwl_differences(new, emit(old, out, CompileOptions(target="cwl")).files, out.absolute()))


def _bash(old: Graph, new: Graph) -> bool:
    """What it lacks is left out: images, and environments of conda."""
    bare: dict[str, Any] = {"conda": None, "container": None, "network": False}
    old, new = (replace(g, families={n: f._replace(**bare) for n, f in g.families.items()}) for g in (old, new))
    out = Path("build/bash").absolute()
    found = emit(old, out, CompileOptions(target="bash"))
    # Jobs are known by their digests: with those of the new ones, what differs has to be seen itself.
    script = found.files["run.sh"]
    for before, after in zip(jobs(old), jobs(new), strict=True):
        script = script.replace(before.digest.encode(), after.digest.encode())
    replace(found, files={**found.files, "run.sh": script}).write(out)
    return bool(bash_differences(new, out))


def _meaning(graph: Graph, step: str) -> str:
    lowered = lower(graph, "files")
    return Meanings(lowered.files, Places(graph.roots, graph.folder)).of(lowered.tasks[step])[0]


READERS: dict[str, Callable[[Graph, Graph, str], bool]] = {
    "merge": lambda old, new, s: _shape(old, s) != _shape(new, s),
    "dedupe": lambda old, new, s: family_structure(old.families[s]) != family_structure(new.families[s]),
    "digest": lambda old, new, s: Expansion(old).digest(s, 0) != Expansion(new).digest(s, 0),
    "job": lambda old, new, s: _job(old, s) != _job(new, s),
    "text": lambda old, new, s: graph_text(old) != graph_text(new),
    "diff": lambda old, new, s: compare(old, new).differs,
    "snakemake": lambda old, new, s: _snakemake(old, new),
    "lowered": lambda old, new, s: lowered_text(lower(old, "files")) != lowered_text(lower(new, "files")),
    "cwl": lambda old, new, s: _cwl(old, new),
    "bash": lambda old, new, s: _bash(old, new),
    "meaning": lambda old, new, s: _meaning(old, s) != _meaning(new, s),
}
"""Who reads a graph: whether it sees a difference between two, in the family of a name."""

_PRINTED = "what is emitted is the same, or what reads it back (`{}`) does not compare it"
FORGOTTEN = {
    "merge": "steps that differ in it become one family (`passes/merging/shapes.py`)",
    "dedupe": "steps that differ in it are taken for the same (`ir/graph/structure.py`)",
    "digest": "a job keeps its digest (`identity_of` in `ir/graph/settings.py`, `ir/jobs/expansion.py`)",
    "job": "`--emit jobs` does not tell it (`settings_of` in `ir/graph/settings.py`, `ir/jobs/expansion.py`)",
    "text": "`--emit ir` does not tell it (`ir/graph/text.py`)",
    "diff": "`diff` does not tell it (`ir/diff/`)",
    "lowered": "the lowered model has it nowhere (`Task` in `lowering/model.py`, `lowering/lower.py`)",
    "meaning": "a run takes jobs for current that would do something else now (`state/meaning.py`)",
    "snakemake": _PRINTED.format("targets/snakemake/reading_back/"),
    "cwl": _PRINTED.format("targets/cwl/verify.py")
    + "; or it is to be refused, by a `Feature` (`lowering/features.py`)",
    "bash": _PRINTED.format("targets/bash/reading.py") + "; or it is to be refused, by a `Feature`",
}
"""What it means that a reader does not see a field, and where to mend it."""

BLIND = dict.fromkeys(("digest", "meaning"), (Role.SCHEDULING, Role.KEEPING, Role.RELATION))
"""Roles that a reader has nothing to do with."""

_BY_COMMAND = "a parameter is seen where a command takes it"
_BATCHES = "how many instances a job does is told by `batches`, which a pass sets"
_CHOSEN = "it says who chose the path, for the pass that deletes what nobody asked for"
_NO_WORD = "CWL has no word for it, and says so in a comment"
_IN_VALUE = "whether there are several is seen in the value"
_FASTER = "who waits for more comes to the same files"

_BESIDE = "where a list file lies beside the results is no word of the spec"
_REFUSED = "it is refused (SN614)"
_EACH_ITS_OWN = "steps that wait for different ones are merged, and each still waits for its own"

UNSEEN: dict[tuple[str, str], str] = {
    ("merge", "Family.after"): _EACH_ITS_OWN,
    ("merge", "Waits.step"): _EACH_ITS_OWN,
    ("merge", "Waits.source"): _EACH_ITS_OWN,
    ("merge", "Waits.target"): _EACH_ITS_OWN,
    ("job", "Family.params"): _BY_COMMAND,
    ("snakemake", "Family.params"): _BY_COMMAND,
    ("cwl", "Family.params"): _BY_COMMAND,
    ("cwl", "Family.conda"): "it is refused (SN620)",
    ("cwl", "Family.retries"): _NO_WORD,
    ("cwl", "Family.local_rule"): _NO_WORD,
    ("cwl", "Family.priority"): _NO_WORD,
    ("cwl", "Family.urgent"): _NO_WORD,
    ("snakemake", "Family.batch"): _BATCHES,
    ("cwl", "Family.batch"): _BATCHES,
    ("cwl", "Family.batches"): "a job of CWL does one instance",
    ("cwl", "Family.after"): _FASTER,
    ("cwl", "Waits.step"): _FASTER,
    ("cwl", "Waits.source"): _FASTER,
    ("cwl", "Waits.target"): _FASTER,
    ("snakemake", "Input.base"): "Snakemake asks of an input only that it is there",
    ("job", "Input.many"): _IN_VALUE,
    ("snakemake", "Input.many"): _IN_VALUE,
    ("cwl", "Input.many"): _IN_VALUE,
    ("job", "Output.many"): _IN_VALUE,
    ("snakemake", "Output.many"): _IN_VALUE,
    ("cwl", "Output.many"): _IN_VALUE,
    ("snakemake", "Output.optional"): "what a job is known by tells it: its mark, and what looks after its files",
    ("cwl", "Output.optional"): "it is refused (SN626)",
    ("cwl", "Output.value"): "it is refused (SN614)",
    ("cwl", "Output.base"): "CWL lays out what is there, a file or a folder",
    ("job", "Output.derived"): _CHOSEN,
    ("text", "Output.derived"): _CHOSEN,
    ("diff", "Output.derived"): _CHOSEN,
    ("snakemake", "Output.derived"): _CHOSEN,
    ("cwl", "Output.derived"): _CHOSEN,
    ("diff", "ListFile.path"): _BESIDE,
    ("meaning", "ListFile.path"): _BESIDE,
    ("lowered", "Family.params"): _BY_COMMAND,
    ("meaning", "Family.params"): _BY_COMMAND,
    ("lowered", "Output.derived"): _CHOSEN,
    ("bash", "Output.derived"): _CHOSEN,
    ("bash", "Family.params"): _BY_COMMAND,
    ("bash", "Input.base"): "a script asks of an input only that it is there",
    ("bash", "Input.many"): _IN_VALUE,
    ("bash", "Output.many"): _IN_VALUE,
    ("cwl", "Output.report"): "CWL has no reports",
    ("bash", "Output.report"): "a script has no reports",
    ("bash", "Output.temp"): "what the pipeline is for stays",
    ("bash", "Family.container"): _REFUSED,
    ("bash", "Family.conda"): _REFUSED,
    ("bash", "Family.network"): _REFUSED,
    ("bash", "Family.local_rule"): "all jobs run where the script does",
    ("bash", "Family.batch"): "a job does one instance",
    ("bash", "Family.batches"): "a job does one instance",
    ("bash", "Family.after"): _FASTER,
    ("bash", "Waits.step"): _FASTER,
}
"""What a reader need not notice, and why."""


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=[f"{kind.__name__}.{name}" for kind, name in FIELDS])
def test_every_field_is_noticed(kind: type, name: str, reader: str, graph: Graph) -> None:
    """By merging, digests, jobs, text, comparison, and what reads each target back; or its role says why not."""
    role = declared(kind)[name].role
    if role is Role.PRESENTATION:
        if reader in ("merge", "dedupe", "digest", "meaning") and (kind, name) != (Family, "name"):
            new, step = with_change(graph, kind, name)
            assert not READERS[reader](graph, new, step)
        return
    if (kind, name) == (Family, "keys") and reader in ("snakemake", "cwl", "bash", "lowered", "meaning"):
        return  # Values that see other keys have no meaning then: `verify` refuses such a graph.
    if declared(kind)[name].by_pass and reader in ("job", "diff"):
        return  # It is no word of the spec.
    new, step = with_change(graph, kind, name)
    field = f"{kind.__name__}.{name}"
    expected = role not in BLIND.get(reader, ()) and (reader, field) not in UNSEEN
    seen = READERS[reader](graph, new, step)
    assert seen or not expected, (
        f"`{reader}` does not see that `{field}` is another: {FORGOTTEN[reader]}. Where that is right, say why in "
        f"`UNSEEN` of this test."
    )
    why = UNSEEN.get((reader, field), f"its role is {role.value}")
    assert expected or not seen, f"`{reader}` sees that `{field}` is another, although {why}"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("resource", RESOURCES)
def test_every_resource_is_noticed(resource: str, reader: str, graph: Graph) -> None:
    """A target that has no word for one refuses it. Digests have those that a command takes, by its words."""
    family = graph.families["a"]
    resources = {**family.resources, resource: Const(8, INTEGER, family.span)}
    new = with_families(graph, {**graph.families, "a": family._replace(resources=resources)})
    try:
        assert READERS[reader](graph, new, "a") == (reader not in BLIND)
    except AssertionError:
        assert reader in ("snakemake", "cwl", "bash")
        how = CompileOptions(target=reader)
        bare: dict[str, Any] = {"conda": None, **({"container": None, "network": False} if reader == "bash" else {})}
        plain = replace(new, families={n: f._replace(**bare) for n, f in new.families.items()})
        if find_target(reader).resources.get(resource) == NOT_HEEDED:
            assert any(resource in each.message for each in emit(plain, Path("build/unheeded"), how).warnings)
            return
        with pytest.raises(CompileError, match=f"(?i){resource}"):
            emit(plain, Path("build/refused"), how)


class HalfSaid(NamedTuple):
    """A field of it says what it is for, and another does not."""

    said: Annotated[int, scheduling("said so")]
    unsaid: int


def test_a_field_has_to_say_what_it_is_for() -> None:
    with pytest.raises(TypeError, match=r"HalfSaid\.unsaid does not say what it is for"):
        declared(HalfSaid)


STEP = json.loads((Path(__file__).parents[1] / "schemas" / "pipeline.schema.json").read_text("utf-8"))["$defs"]["step"]
OF_PIPELINES = {
    "module", "title", "by", "over", "where", "require", "with", "outputs", "when", "after", "tags", "override",
}  # fmt: skip
"""Keys of a step that mean something where the step is a pipeline."""
SAID: dict[str, Any] = {
    "resources": {"cpus": 2}, "container": "image:1", "env": {"E": "word"}, "sha256": {"i": "0" * 64},
}  # fmt: skip
"""What such keys may say that are neither numbers nor truth values."""


@pytest.mark.parametrize("key", sorted(STEP["properties"].keys() - OF_PIPELINES))
def test_a_step_that_is_a_pipeline_has_no_settings(key: str, tmp_path: Path) -> None:
    """A key that only jobs can heed is refused there, and not passed over."""
    said = SAID[key] if key in SAID else {"integer": 2, "boolean": True}[STEP["properties"][key]["type"]]
    (tmp_path / "inner.yaml").write_text(INNER)
    step = {"module": "./inner.yaml", key: said}
    (tmp_path / "main.yaml").write_text(json.dumps({"sncompile": 1, "pipeline": "main", "steps": {"one": step}}))
    told = [each.message for each in check(tmp_path / "main.yaml").diagnostics]
    assert f"`{key}` of a step that is a pipeline has no effect" in told, (
        f"`{key}` is passed over: put it into `OF_JOBS` (`syntax/pipelines.py`), or into `OF_PIPELINES` of this test"
    )
    with pytest.raises(AttributeError, match=f"a pipeline has no `{key}` of its own"):
        setattr(sncompile.load(tmp_path / "inner.yaml"), key, said)


INNER = """\
sncompile: 1
pipeline: inner
steps: {a: {module: {outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}}}
outputs: {o: "${a.o}"}
"""
