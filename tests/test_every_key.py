"""Every key of the schemas does something: without it there are other jobs, other messages or another description.

A key that is added to a schema has to stand in the documents here, and fails until somebody heeds it. A reader that is
forgotten (`syntax/`), or a field that no linker hands on (`semantics/`), would leave it without effect and without a
word.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sncompile.api import check, graph_of
from sncompile.ir.graph.text import graph_text
from sncompile.syntax.parse import parse
from sncompile.syntax.schema import load_schema
from sncompile.syntax.source import Source
from sncompile.views.description import describe

from .test_templates import Pathway, Places, Schema

MODULE = """\
sncompile: 1
module: tool
title: A tool
description: What it does
version: "1"
license: MIT
citations: [A paper]
inputs:
  i: {type: file, format: csv, description: An input, default: in.csv, as: a.csv, companions: .idx}
outputs:
  o: {type: file, format: txt, description: An output, path: out/o.txt, from: o.txt, companions: .idx, report: {category: Quality, caption: It shows, labels: {a: b}}}
  d: {type: directory, create: true}
  part: {type: file, in: d, path: part.txt}
params:
  x: {type: string, default: word, description: A text, pattern: "[a-z]+"}
  e: {enum: [a, b], default: a}
  n: {type: integer, default: 3, minimum: 1, maximum: 9}
  ps: {type: "string[]", default: [one]}
let: {named: "${params.x}"}
checks: ["${params.e != 'z'}", {that: "${params.n < 5}", message: It is too much}]
command:
- tool
- "${let.named}"
- {option: --x, value: "${params.x}", when: "${params.e == 'a'}"}
- {flag: --flag, when: "${params.e == 'a'}"}
- {option: --p=, value: "${params.x}", joined: true}
- {option: --r, value: "${params.ps}", repeat: true}
- {list_file: "${params.ps}", option: --l, prefix: "@", separator: nul}
- "${inputs.i}"
- "${outputs.o}"
- "${outputs.d}"
container: {image: "org/image:1", env: {A: text, B: {value: another}, S: {secret: true}}, network: true}
conda: env.yaml
version_command: [tool, --version]
resources: {cpus: 2, memory: 4GB, disk: 1GB, time: 5m, gpus: 1}
success: {non_empty: [o], sha256: {o: "%s"}, min_files: {d: 1}}
""" % ("0" * 64)  # noqa: E501

PIPELINE = """\
sncompile: 1
pipeline: main
title: A pipeline
description: What it does
version: "1"
license: MIT
citations: [A paper]
data: {workspace: results, images: images}
inputs: {given: {type: file, default: given.csv}}
params:
  x: {type: string, default: word}
  g: {params: {y: {type: string, default: in a group}}, description: A group}
  m: {type: map, items: {c: {type: string}}, default: {m1: {c: in a map}}}
let: {named: "${params.x}"}
checks: ["${params.x != 'no'}", {that: "${t.c != 'no'}", over: t, message: Not that}]
tables:
  m: {key: mk, params: m}
  t: {key: [k], rows: [{k: k1, c: cell}, {k: k2, c: other}], description: Rows}
  u: {key: [k], rows: [{k: k1, c: more}]}
  f: {key: fk, file: f.csv, delimiter: ";", comment: "#", encoding: latin-1, require: rows, columns: {a: {type: integer, default: 2, required: true, minimum: 2, maximum: 3, description: A column}, b: {enum: ["é"], pattern: "é+", format: csv}}}
  h: {key: hk, file: h.tsv, header: false, columns: [hk, hc]}
  g: {key: [gk], glob: "${data.images}/{gk}.tif", require: nothing}
modules: {tool: ./tool.yaml}
steps:
  one:
    module: tool
    title: A step
    by: [k]
    over: t
    where: "${t.c != 'other'}"
    require: rows
    with: {i: "${inputs.given}", ps: ["${params.g.y}", "${let.named}", "${m.c}", "${f.b}", "${g.gk}", "${h.hc}"]}
    sha256: {i: "%s"}
    outputs: {o: {path: "o/${k}.txt", protected: true}, d: {temp: true}}
    after: two
    resources: {cpus: 3}
    retries: 1
    priority: 2
    batch: 3
    container: "org/image:2"
    env: {C: text}
    local: true
    tags: [tag]
  two: {module: {outputs: {q: {type: file, format: csv}}, shell: "echo ${args} > ${outputs.q}", args: [word]}}
  none: {when: "${params.x == 'no'}", module: {command: [tell]}}
  python: {module: {python: "os.path:join"}}
  script: {module: {script: {file: run.py, object: snakemake}}}
  six: {module: ./inner.yaml, override: {"in_*": {resources: {cpus: 5}, retries: 1, container: "org/image:4", env: {E: text}, local: true}}}
flow: {seq: [python, {parallel: [script, none]}]}
outputs: {o: "${one.o}"}
""" % ("0" * 64)  # noqa: E501

FILES = {
    "inner.yaml": "sncompile: 1\npipeline: inner\nsteps:\n  in_one: {module: {command: [tell]}}\n",
    "f.csv": "fk;a;b\n1;;é\n#;3;x\n",
    "h.tsv": "h1\tx\n",
    "images/g1.tif": "", "in.csv": "", "given.csv": "", "run.py": "", "env.yaml": "dependencies: [x]\n",
}  # fmt: skip

ELSEWHERE = {
    "Module.annotations": "it is for other programs",
    "Module.notebook": "a notebook has to be there: `tests/test_notebook_modules.py`",
    "Module.python": "a way to say what is run, as `command` is: the pipeline of this test has steps of all of them",
    "Module.requires": "a run looks for it: `tests/engines/test_requirements.py`",
    "Module.scratch": "`as` and `from` imply it: `tests/test_scratch_modules.py`",
    "Module.script": "as `python`",
    "Module.shell": "as `python`",
    "Module.args": "as `python`",
    "Table.from": "rows that a step writes take a second reading of the whole: `tests/test_late_rows.py`",
    "Table.sql": "a query takes a process: `tests/test_queries.py`",
    "Table.sheet": "of Excel workbooks: `tests/test_workbooks.py`",
    "Table.require": "of tables without rows: `tests/cases/tables/`",
    "Pipeline.infer": "as `sql`: `tests/test_infer.py`",
    "Pipeline.moved": "of results of earlier runs: `tests/state/`",
    "Step.require": "of steps without rows: `tests/cases/`",
    "Step.tags": "selectors ask for them: `tests/engines/test_selection.py`",
}
"""Keys that are heeded where this test does not look, and where that is tried."""

WHOLE = ("Inferred value", "Requires", "Program", "Move")
"""Objects of which no key is looked at here: those of `infer`, `requires` and `moved`."""


def objects(held: Any, schema: Schema, document: str, path: Pathway = ()) -> Iterator[tuple[Pathway, Schema]]:
    """Every mapping of a document whose keys are named by a schema, with its path."""
    schema, document = Places().resolved(schema, document)
    choices = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    for said in (*choices, *([schema["then"]] if "then" in schema else [])):
        choice, inside = Places().resolved(said, document)
        if isinstance(held, dict):
            if "properties" in choice:
                yield path, choice
            for name, value in held.items():
                below = choice.get("properties", {}).get(name, choice.get("additionalProperties"))
                if isinstance(below, dict):
                    yield from objects(value, below, inside, (*path, name))
        elif isinstance(held, list) and "items" in choice:
            for number, value in enumerate(held):
                yield from objects(value, choice["items"], inside, (*path, number))


def declared(kind: str) -> Iterator[Schema]:
    """Every schema of a document that names the keys of an object."""
    pending: list[Any] = [load_schema(kind)]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            names = each.get("properties")
            if isinstance(names, dict) and each.get("additionalProperties") is False and names:
                yield each
            pending += each.values()
        elif isinstance(each, list):
            pending += each


def called(schema: Schema, key: str) -> str:
    """What a key of an object is called here. A module in its place has the keys of one in a file."""
    return f"{schema.get('title', 'Program').replace('Inline module', 'Module')}.{key}"


DOCUMENTS = {"module": yaml.safe_load(MODULE), "pipeline": yaml.safe_load(PIPELINE)}


def places() -> dict[str, list[tuple[str, Pathway]]]:
    """Where each key stands in the documents."""
    found: dict[str, list[tuple[str, Pathway]]] = {}
    for kind, document in DOCUMENTS.items():
        for path, schema in objects(document, load_schema(kind), kind):
            for key in held(document, path).keys() & schema["properties"].keys():
                found.setdefault(called(schema, key), []).append((kind, (*path, key)))
    return found


def held(document: Any, path: Pathway) -> Any:
    """What stands at a path."""
    for part in path:
        document = document[part]
    return document


PLACES = places()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with what the documents name, to stand in."""
    place = tmp_path_factory.mktemp("keys")
    for name, text in FILES.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text, encoding="latin-1")
    with pytest.MonkeyPatch.context() as here:
        here.chdir(place)
        yield place


def outcome(folder: Path, documents: dict[str, Any]) -> object:
    """What is told of the documents, what they are described as, and what their jobs are."""
    described = []
    for kind, document in documents.items():
        source = Source(kind, folder / kind, json.dumps(document))
        (folder / {"module": "tool.yaml", "pipeline": "main.yaml"}[kind]).write_text(source.text)
        found, _ = parse(source)
        described.append(json.dumps(describe(found), default=str) if found is not None else "")
    checked = check("main.yaml")
    told = [(each.code, each.message, each.help) for each in checked.diagnostics]
    if checked.failed:
        return told, described
    program = checked.require()
    graph = graph_of(program)
    titles = [step.title for step in program.steps.values()]
    tables = [str(dict(table.columns)) for table in program.tables.values()]
    return told, described, titles, tables, graph.sums, graph_text(graph)


@pytest.fixture(scope="module")
def as_written(folder: Path) -> object:
    """The outcome of the documents as they are."""
    found = outcome(folder, DOCUMENTS)
    assert isinstance(found, tuple)
    assert len(found) > 2, f"the documents are at fault: {found[0]}"
    return found


def test_every_key_is_tried() -> None:
    """A key that is new stands here, or it is said where it is tried."""
    known = {called(schema, key) for kind in DOCUMENTS for schema in declared(kind) for key in schema["properties"]}
    new = sorted(k for k in known - PLACES.keys() - ELSEWHERE.keys() if k.partition(".")[0] not in WHOLE)
    assert not new, f"let `MODULE` or `PIPELINE` of this test say these keys, so that it sees them heeded: {new}"
    gone = sorted(ELSEWHERE.keys() - known)
    assert not gone, f"these keys of `ELSEWHERE` are in no schema: {gone}"


@pytest.mark.parametrize("key", sorted(PLACES.keys() - ELSEWHERE.keys()))
def test_a_key_does_something(key: str, folder: Path, as_written: object) -> None:
    """Without it something else comes of the documents."""
    for kind, path in PLACES[key]:
        documents = copy.deepcopy(DOCUMENTS)
        del held(documents[kind], path[:-1])[path[-1]]
        if outcome(folder, documents) != as_written:
            return
    pytest.fail(
        f"`{key}` does nothing: the schema knows it, and nobody heeds it. It is read in `syntax/`, handed on by "
        "`semantics/linking/` into `semantics/program.py`, and from there into the graph by `semantics/building.py`"
    )
