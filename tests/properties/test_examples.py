"""Fixed specs with their jobs written out by hand: one for every rule of the language that is easy to get wrong.

Each is held against the compiler and against the oracle.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sncompile.testing.spec import Spec

from .compiled import Refused, compile_file
from .oracle import Fault, Job, jobs_of
from .test_oracle import same

MODULES = {
    "make.yaml": """
        outputs: {o: {type: file, format: csv}}
        command: [make, "${outputs.o}"]
    """,
    "one.yaml": """
        inputs: {i: {type: file}}
        outputs: {o: {type: file}}
        command: [one, "${inputs.i}", "${outputs.o}"]
    """,
    "many.yaml": """
        inputs: {i: {type: "file[]"}}
        outputs: {o: {type: file}}
        command: [many, "${inputs.i}", "${outputs.o}"]
    """,
    "maybe.yaml": """
        inputs: {i: {type: "file?"}}
        outputs: {o: {type: file}}
        command: [maybe, "${inputs.i}", "${outputs.o}"]
    """,
    "some.yaml": """
        inputs: {i: {type: "file[]?"}}
        outputs: {o: {type: file}}
        command: [some, "${inputs.i}", "${outputs.o}"]
    """,
    "text.yaml": """
        params: {p: {type: string}}
        outputs: {o: {type: file}}
        command: [text, "${params.p}", "${outputs.o}"]
    """,
    "texts.yaml": """
        params: {p: {type: "string[]"}}
        outputs: {o: {type: file}}
        command: [texts, "${params.p}", "${outputs.o}"]
    """,
}
"""Modules that the specs below use."""

WELLS = """
    tables:
      t:
        key: [plate, well]
        rows:
          - {plate: P2, well: B, f: p2b.tif}
          - {plate: P1, well: B, f: p1b.tif}
          - {plate: P1, well: A, f: p1a.tif}
"""
"""Not rectangular, and not sorted."""


class Example:
    """A folder with a spec, and what the compiler and the oracle say of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spec = Spec({}, {}, {})
        for name, body in MODULES.items():
            self.module(name, body)

    def module(self, name: str, body: str) -> None:
        """Add a module's document."""
        self._document(name, f"module: {name.removesuffix('.yaml')}", body)

    def nested(self, name: str, body: str) -> None:
        """Add a pipeline's document, to be used as a module."""
        self._document(name, f"pipeline: {name.removesuffix('.yaml')}", body)

    def pipeline(self, *parts: str) -> None:
        """Add the spec itself."""
        self._document("main.yaml", "pipeline: main", "".join(parts))
        documents = dict(self.spec.documents)
        self.spec = Spec(documents.pop("./main.yaml"), documents, self.spec.files)

    def table(self, name: str, text: str) -> None:
        """Add a CSV file."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        with path.open(newline="", encoding="utf-8") as stream:
            self.spec = Spec(
                self.spec.pipeline, self.spec.documents, {**self.spec.files, name: [*csv.DictReader(stream)]}
            )

    def _document(self, name: str, head: str, body: str) -> None:
        lines = body.splitlines()
        margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
        text = "\n".join(["sncompile: 1", head, *(line[margin:] for line in lines if line.strip())]) + "\n"
        (self.folder / name).write_text(text, encoding="utf-8")
        documents = {**self.spec.documents, f"./{name}": YAML(typ="safe", pure=True).load(text)}
        self.spec = Spec(self.spec.pipeline, documents, self.spec.files)

    def compiled(self) -> list[Job] | Refused:
        """What the compiler makes of it."""
        return compile_file(self.folder / "main.yaml")

    def has(self, expected: Mapping[str, Mapping[str, Any]], *, oracle: bool = True) -> None:
        """Exactly these jobs are there, by id, with these fields; `after` is empty unless it is given."""
        found = self.compiled()
        assert not isinstance(found, Refused), found
        for jobs in (found, jobs_of(self.spec)) if oracle else (found,):
            assert {job.id for job in jobs} == set(expected)
            for job in jobs:
                for name, value in {"after": set(), **expected[job.id]}.items():
                    assert same(getattr(job, name), value), (job.id, name, getattr(job, name), value)

    def is_refused(self) -> None:
        """It is an error."""
        with pytest.raises(Fault):
            jobs_of(self.spec)
        assert isinstance(self.compiled(), Refused)


@pytest.fixture
def example(tmp_path: Path) -> Example:
    return Example(tmp_path)


def test_the_first_example_of_the_language(example: Example) -> None:
    """A gather of everything, a broadcast, a map, a gather over one of two keys, a gather of what remains."""
    example.module(
        "calc.yaml",
        """
        inputs: {images: {type: "file[]", format: [tiff, png]}}
        params: {percentile: {type: number, default: 50}}
        outputs: {function: {type: file, format: npy}}
        command: [calc, --percentile, "${params.percentile}", --out, "${outputs.function}", "${inputs.images}"]
        """,
    )
    example.module(
        "correct.yaml",
        """
        inputs: {image: {type: file, format: [tiff, png]}, function: {type: file, format: npy}}
        outputs: {corrected: {type: file, format: tiff}}
        params: {clip: {type: number, default: 1.0, minimum: 0, maximum: 1}}
        container: {image: "ghcr.io/example/illum:1.4.0"}
        resources: {cpus: 1, memory: 2GB, time: 10m}
        command: [illum, apply, --clip, "${params.clip}", --function, "${inputs.function}",
                  --out, "${outputs.corrected}", "${inputs.image}"]
        """,
    )
    example.module(
        "measure.yaml",
        """
        inputs: {images: {type: "file[]"}}
        outputs: {table: {type: file, format: csv}}
        command: [measure, "${inputs.images}", "${outputs.table}"]
        """,
    )
    example.pipeline(
        """
        data: {images: images, workspace: results}
        params: {percentile: {type: number, default: 99.0}}
        tables:
          fields:
            key: [well, site]
            rows:
              - {well: A01, site: "1", path: images/A01_s1.tif}
              - {well: A01, site: "2", path: images/A01_s2.tif}
              - {well: B01, site: "1", path: images/B01_s1.tif}
        steps:
          calc: {module: ./calc.yaml, with: {images: "${fields.path}", percentile: "${params.percentile}"}}
          apply:
            module: ./correct.yaml
            by: [well, site]
            with: {image: "${fields.path}", function: "${calc.function}"}
          measure: {module: ./measure.yaml, by: [well], with: {images: "${apply.corrected}"}}
          report: {module: ./many.yaml, with: {i: "${measure.table}"}}
        outputs: {report: "${report.o}"}
        """
    )
    apply = {
        "step": "apply",
        "container": "ghcr.io/example/illum:1.4.0",
        "resources": {"cpus": 1, "memory_mb": 2000, "time_min": 10},
        "shell": None,
        "after": {"calc"},
    }
    example.has(
        {
            "calc": {
                "key": {},
                "command": [
                    *["calc", "--percentile", "99.0", "--out", "results/calc/function.npy"],
                    *["images/A01_s1.tif", "images/A01_s2.tif", "images/B01_s1.tif"],
                ],
                "container": None,
            },
            "apply/A01/1": {
                **apply,
                "key": {"well": "A01", "site": "1"},
                "inputs": {"image": "images/A01_s1.tif", "function": "results/calc/function.npy"},
                "outputs": {"corrected": "results/apply/A01/1/corrected.tiff"},
                "command": [
                    *["illum", "apply", "--clip", "1.0", "--function", "results/calc/function.npy"],
                    *["--out", "results/apply/A01/1/corrected.tiff", "images/A01_s1.tif"],
                ],
            },
            "apply/A01/2": {**apply, "key": {"well": "A01", "site": "2"}},
            "apply/B01/1": {**apply, "key": {"well": "B01", "site": "1"}},
            "measure/A01": {
                "inputs": {"images": [f"results/apply/A01/{site}/corrected.tiff" for site in (1, 2)]},
                "after": {"apply/A01/1", "apply/A01/2"},
            },
            "measure/B01": {
                "inputs": {"images": ["results/apply/B01/1/corrected.tiff"]},
                "after": {"apply/B01/1"},
            },
            "report": {
                "inputs": {"i": ["results/measure/A01/table.csv", "results/measure/B01/table.csv"]},
                "after": {"measure/A01", "measure/B01"},
            },
        }
    )


def test_only_combinations_with_a_row_are_instances(example: Example) -> None:
    example.pipeline(WELLS, "\n    steps: {a: {module: ./make.yaml, by: [well, plate]}}")
    example.has(
        {
            "a/B/P2": {"key": {"well": "B", "plate": "P2"}, "outputs": {"o": "results/a/B/P2/o.csv"}},
            "a/B/P1": {"key": {"well": "B", "plate": "P1"}},
            "a/A/P1": {"key": {"well": "A", "plate": "P1"}},
        }
    )


def test_a_gather_is_in_the_order_of_the_rows(example: Example) -> None:
    example.pipeline(
        WELLS,
        """
    steps:
      a: {module: ./make.yaml, by: [well, plate]}
      b: {module: ./many.yaml, by: plate, with: {i: "${a.o}"}}
      c: {module: ./many.yaml, with: {i: "${b.o}"}}
      d: {module: ./one.yaml, by: [plate, well], with: {i: "${b.o}"}}
        """,
    )
    example.has(
        {
            **{f"a/{key}": {} for key in ("B/P2", "B/P1", "A/P1")},
            "b/P1": {"inputs": {"i": ["results/a/B/P1/o.csv", "results/a/A/P1/o.csv"]}, "after": {"a/B/P1", "a/A/P1"}},
            "b/P2": {"inputs": {"i": ["results/a/B/P2/o.csv"]}, "after": {"a/B/P2"}},
            "c": {"inputs": {"i": ["results/b/P2/o", "results/b/P1/o"]}, "after": {"b/P1", "b/P2"}},
            "d/P2/B": {"inputs": {"i": "results/b/P2/o"}, "after": {"b/P2"}},
            "d/P1/B": {"inputs": {"i": "results/b/P1/o"}, "after": {"b/P1"}},
            "d/P1/A": {"inputs": {"i": "results/b/P1/o"}, "after": {"b/P1"}},
        }
    )


def test_steps_with_different_keys_meet_in_the_rows(example: Example) -> None:
    """`a` by well feeds `b` by plate where a row has both."""
    example.pipeline(
        WELLS,
        """
    steps:
      a: {module: ./make.yaml, by: well}
      b: {module: ./many.yaml, by: plate, with: {i: "${a.o}"}}
        """,
    )
    example.has(
        {
            "a/A": {},
            "a/B": {},
            "b/P2": {"inputs": {"i": ["results/a/B/o.csv"]}, "after": {"a/B"}},
            "b/P1": {"inputs": {"i": ["results/a/B/o.csv", "results/a/A/o.csv"]}, "after": {"a/A", "a/B"}},
        }
    )


def test_a_column_is_a_value_or_a_list(example: Example) -> None:
    example.pipeline(
        """
    tables:
      wells:
        key: [plate, well]
        rows:
          - {plate: P, well: A, drug: dmso}
          - {plate: P, well: B}
          - {plate: Q, well: A, drug: "it's"}
      sites:
        key: [plate, well, site]
        rows: [{plate: P, well: A, site: s1}, {plate: P, well: A, site: s2}, {plate: Q, well: A, site: s1}]
    steps:
      value: {module: ./text.yaml, by: [plate, well, site], with: {p: "drug ${wells.drug}"}}
      list: {module: ./texts.yaml, by: plate, over: wells, with: {p: "${present(wells.drug)}"}}
      joined: {module: ./texts.yaml, by: plate, over: sites, with: {p: "${wells.drug}"}}
      all: {module: ./texts.yaml, with: {p: "${wells.well}"}}
        """
    )
    example.has(
        {
            "value/P/A/s1": {"command": ["text", "drug dmso", "results/value/P/A/s1/o"]},
            "value/P/A/s2": {"command": ["text", "drug dmso", "results/value/P/A/s2/o"]},
            "value/Q/A/s1": {"command": ["text", "drug it's", "results/value/Q/A/s1/o"]},
            "list/P": {"command": ["texts", "dmso", "results/list/P/o"]},
            "list/Q": {"command": ["texts", "it's", "results/list/Q/o"]},
            "joined/P": {"command": ["texts", "dmso", "results/joined/P/o"]},
            "joined/Q": {"command": ["texts", "it's", "results/joined/Q/o"]},
            "all": {"command": ["texts", "A", "B", "A", "results/all/o"]},
        }
    )


def test_a_list_of_a_column_has_a_value_for_every_row(example: Example) -> None:
    """Also of a column that the step ranges over: the table's key is more than that."""
    example.pipeline(WELLS, '\n    steps: {a: {module: ./texts.yaml, by: plate, with: {p: "${t.plate}"}}}')
    example.has(
        {
            "a/P1": {"command": ["texts", "P1", "P1", "results/a/P1/o"]},
            "a/P2": {"command": ["texts", "P2", "results/a/P2/o"]},
        }
    )


def test_two_tables_meet_in_their_join(example: Example) -> None:
    """Joined over `batch`, which is a key of one and a column of the other, and not over `note`."""
    example.pipeline(
        """
    tables:
      batches:
        key: batch
        rows: [{batch: b1, note: x}, {batch: b2, note: y}, {batch: b3, note: z}]
      wells:
        key: well
        rows: [{well: A, batch: b2, note: x}, {well: B, batch: b1, note: x}, {well: C, batch: b2, note: q}]
    steps:
      ref: {module: ./make.yaml, by: batch}
      use: {module: ./many.yaml, by: well, with: {i: "${ref.o}"}}
      sum: {module: ./some.yaml, by: batch, with: {i: "${use.o}"}}
        """
    )
    example.has(
        {
            **{f"ref/{batch}": {} for batch in ("b1", "b2", "b3")},
            "use/A": {"inputs": {"i": ["results/ref/b2/o.csv"]}, "after": {"ref/b2"}},
            "use/B": {"inputs": {"i": ["results/ref/b1/o.csv"]}, "after": {"ref/b1"}},
            "use/C": {"inputs": {"i": ["results/ref/b2/o.csv"]}, "after": {"ref/b2"}},
            "sum/b1": {"inputs": {"i": ["results/use/B/o"]}, "after": {"use/B"}},
            "sum/b2": {"inputs": {"i": ["results/use/A/o", "results/use/C/o"]}, "after": {"use/A", "use/C"}},
            "sum/b3": {"inputs": {"i": []}},
        }
    )


def test_tables_without_a_common_key_meet_in_all_combinations(example: Example) -> None:
    example.pipeline(
        """
    tables:
      t: {key: well, rows: [{well: A}, {well: B}]}
      u: {key: ref, rows: [{ref: r1}, {ref: r2}]}
    steps:
      a: {module: ./make.yaml, by: ref}
      b: {module: ./many.yaml, by: well, with: {i: "${a.o}"}}
        """
    )
    both = {"inputs": {"i": ["results/a/r1/o.csv", "results/a/r2/o.csv"]}, "after": {"a/r1", "a/r2"}}
    example.has({"a/r1": {}, "a/r2": {}, "b/A": both, "b/B": both})


def test_a_step_without_keys_is_broadcast_to_all(example: Example) -> None:
    """Also where its table has no row in common with the other's."""
    example.pipeline(
        """
    tables:
      t: {key: well, rows: [{well: A}, {well: B}]}
      u: {key: well, rows: [{well: A}, {well: C}]}
    steps:
      a: {module: ./make.yaml, over: u, where: "${u.well == 'C'}"}
      b: {module: ./one.yaml, by: well, over: t, with: {i: "${a.o}"}}
        """
    )
    one = {"inputs": {"i": "results/a/o.csv"}, "after": {"a"}}
    example.has({"a": {}, "b/A": one, "b/B": one})


def test_where_leaves_out_rows_and_with_them_instances(example: Example) -> None:
    example.pipeline(
        WELLS,
        """
    steps:
      a: {module: ./make.yaml, by: [plate, well]}
      b: {module: ./many.yaml, by: plate, where: "${t.well == 'B'}", with: {i: "${a.o}"}}
      c: {module: ./texts.yaml, by: well, where: "${t.f != 'p1b.tif'}", with: {p: "${t.f}"}}
      d: {module: ./many.yaml, over: t, where: "${t.plate == 'P1'}", with: {i: "${a.o}"}}
        """,
    )
    example.has(
        {
            **{f"a/{key}": {} for key in ("P2/B", "P1/B", "P1/A")},
            "b/P2": {"inputs": {"i": ["results/a/P2/B/o.csv"]}, "after": {"a/P2/B"}},
            "b/P1": {"inputs": {"i": ["results/a/P1/B/o.csv"]}, "after": {"a/P1/B"}},
            "c/B": {"command": ["texts", "p2b.tif", "results/c/B/o"]},
            "c/A": {"command": ["texts", "p1a.tif", "results/c/A/o"]},
            "d": {"inputs": {"i": ["results/a/P1/B/o.csv", "results/a/P1/A/o.csv"]}, "after": {"a/P1/B", "a/P1/A"}},
        }
    )


def test_a_gather_takes_the_instances_that_exist(example: Example) -> None:
    example.pipeline(
        WELLS,
        """
    steps:
      a: {module: ./make.yaml, by: [plate, well], where: "${well == 'A'}"}
      b: {module: ./some.yaml, by: plate, with: {i: "${a.o}"}}
        """,
    )
    example.has(
        {
            "a/P1/A": {},
            "b/P1": {"inputs": {"i": ["results/a/P1/A/o.csv"]}, "after": {"a/P1/A"}},
            "b/P2": {"inputs": {"i": []}, "command": ["some", "results/b/P2/o"]},
        }
    )


STEPS_THAT_ARE_WRONG = {
    "a required list gathers nothing": """
      a: {module: ./make.yaml, by: [plate, well], where: "${well == 'A'}"}
      b: {module: ./many.yaml, by: plate, with: {i: "${a.o}"}}
    """,
    "a required value has nothing to take": """
      a: {module: ./make.yaml, by: [plate, well], where: "${well == 'A'}"}
      b: {module: ./one.yaml, by: [plate, well], with: {i: "${a.o}"}}
    """,
    "a list for a single port": """
      a: {module: ./make.yaml, by: [plate, well]}
      b: {module: ./one.yaml, by: plate, with: {i: "${a.o}"}}
    """,
    "a list for a single port, of a column": """
      b: {module: ./one.yaml, by: plate, with: {i: "${t.f}"}}
    """,
    "a single value for a list port": """
      a: {module: ./make.yaml, by: plate}
      b: {module: ./many.yaml, by: plate, with: {i: "${a.o}"}}
    """,
    "a list for a single parameter": """
      b: {module: ./text.yaml, by: plate, with: {p: "${t.f}"}}
    """,
    "a single value for a list parameter": """
      b: {module: ./texts.yaml, by: [plate, well], with: {p: "${t.f}"}}
    """,
    "a required input that nothing is bound to": "      b: {module: ./one.yaml}",
    "a required parameter that nothing is bound to": "      b: {module: ./text.yaml}",
    "a required input from a step that is gone": """
      a: {module: ./make.yaml, when: false}
      b: {module: ./one.yaml, with: {i: "${a.o}"}}
    """,
    "a name that the module does not have": "      b: {module: ./make.yaml, with: {q: 1}}",
    "an output that the module does not have": """
      a: {module: ./make.yaml}
      b: {module: ./one.yaml, with: {i: "${a.q}"}}
    """,
    "a step that is not there": '      b: {module: ./one.yaml, with: {i: "${a.o}"}}',
    "a column that is not there": '      b: {module: ./one.yaml, by: [plate, well], with: {i: "${t.g}"}}',
    "a key that no table has": "      b: {module: ./make.yaml, by: site}",
    "a module that is not there": "      b: {module: ./absent.yaml}",
    "a path that lacks a key": """
      b: {module: ./make.yaml, by: [plate, well], outputs: {o: "out/${plate}.csv"}}
    """,
    "two instances with one path": """
      b: {module: ./make.yaml, by: [plate, well], outputs: {o: "out/${len(plate) + len(well)}.csv"}}
    """,
    "two steps with one path": """
      a: {module: ./make.yaml, outputs: {o: out.csv}}
      b: {module: ./make.yaml, outputs: {o: out.csv}}
    """,
    "a said path that is another's derived one": """
      a: {module: ./make.yaml}
      b: {module: ./make.yaml, outputs: {o: results/a/o.csv}}
    """,
    "steps that need each other": """
      a: {module: ./one.yaml, with: {i: "${b.o}"}}
      b: {module: ./one.yaml, with: {i: "${a.o}"}}
    """,
    "a step that needs and follows another": """
      a: {module: ./make.yaml, after: b}
      b: {module: ./one.yaml, with: {i: "${a.o}"}}
    """,
    "where lets nothing pass and rows are required": """
      a: {module: ./make.yaml, by: plate, where: "${plate == 'P3'}", require: rows}
    """,
}


@pytest.mark.parametrize("steps", STEPS_THAT_ARE_WRONG.values(), ids=STEPS_THAT_ARE_WRONG)
def test_a_fault_is_an_error(example: Example, steps: str) -> None:
    example.pipeline(WELLS, "\n    steps:\n", steps)
    example.is_refused()


def test_keys_that_several_tables_have_need_over(example: Example) -> None:
    tables = """
    tables:
      t: {key: well, rows: [{well: A}, {well: B}]}
      u: {key: well, rows: [{well: B}, {well: C}]}
    """
    example.pipeline(tables, "\n    steps: {a: {module: ./make.yaml, by: well}}")
    example.is_refused()
    example.pipeline(tables, "\n    steps: {a: {module: ./make.yaml, by: well, over: u}}")
    example.has({"a/B": {}, "a/C": {}})


def test_formats_are_compared_between_ports(example: Example) -> None:
    example.module(
        "tiff.yaml",
        """
        inputs: {i: {type: file, format: [png, tiff]}}
        outputs: {o: {type: file}}
        command: [tiff, "${inputs.i}", "${outputs.o}"]
        """,
    )
    steps = '\n    steps: {a: {module: ./make.yaml}, b: {module: ./tiff.yaml, with: {i: "VALUE"}}}'
    example.pipeline(steps.replace("VALUE", "${a.o}"))
    example.is_refused()
    example.pipeline(steps.replace("VALUE", "some.csv"))
    example.has({"a": {}, "b": {"inputs": {"i": "some.csv"}}})


def test_a_step_whose_when_is_false_is_gone(example: Example) -> None:
    example.pipeline(
        """
    params: {deep: {type: boolean, default: false}}
    steps:
      a: {module: ./make.yaml, when: "${params.deep}"}
      b: {module: ./maybe.yaml, with: {i: "${a.o}"}}
      c: {module: ./one.yaml, when: "${params.deep}", with: {i: "${a.o}"}}
      d: {module: ./make.yaml, when: "${not params.deep}"}
      e: {module: ./many.yaml, with: {i: ["${a.o}", "${d.o}"]}}
        """
    )
    example.has(
        {
            "b": {"inputs": {"i": None}, "command": ["maybe", "results/b/o"]},
            "d": {},
            "e": {"inputs": {"i": ["results/d/o.csv"]}, "after": {"d"}},
        }
    )


def test_order_follows_keys_and_leaves_out_what_is_implied(example: Example) -> None:
    example.pipeline(
        WELLS,
        """
    steps:
      a: {module: ./make.yaml, by: [plate, well]}
      b: {module: ./many.yaml, by: plate, with: {i: "${a.o}"}}
      c: {module: ./make.yaml, by: [plate, well], after: [a, b]}
      d: {module: ./make.yaml, after: c}
        """,
    )
    example.has(
        {
            **{f"a/{key}": {} for key in ("P2/B", "P1/B", "P1/A")},
            "b/P2": {"after": {"a/P2/B"}},
            "b/P1": {"after": {"a/P1/A", "a/P1/B"}},
            "c/P2/B": {"after": {"b/P2"}},
            "c/P1/B": {"after": {"b/P1"}},
            "c/P1/A": {"after": {"b/P1"}},
            "d": {"after": {"c/P2/B", "c/P1/B", "c/P1/A"}},
        }
    )


def test_flow_orders_without_data(example: Example) -> None:
    """The third example of the language."""
    names = ["cp_load", "cp_run", "sbs_load", "sbs_run", "analysis"]
    steps = ", ".join(f"{name}: {{module: ./make.yaml}}" for name in names)
    example.pipeline(
        "    steps: {" + steps + "}",
        """
    flow:
      seq:
        - parallel:
            - seq: [cp_load, cp_run]
            - seq: [sbs_load, sbs_run]
        - analysis
        """,
    )
    example.has(
        {
            "cp_load": {},
            "cp_run": {"after": {"cp_load"}},
            "sbs_load": {},
            "sbs_run": {"after": {"sbs_load"}},
            "analysis": {"after": {"cp_run", "sbs_run"}},
        }
    )


def test_flow_holds_past_a_step_that_is_gone(example: Example) -> None:
    example.pipeline(
        """
    steps: {a: {module: ./make.yaml}, b: {module: ./make.yaml, when: false}, c: {module: ./make.yaml}}
    flow: {seq: [a, b, c]}
        """
    )
    example.has({"a": {}, "c": {"after": {"a"}}})


def test_flow_holds_past_instances_that_do_not_exist(example: Example) -> None:
    """Well A has no `b`, and its `c` still waits for its `a`."""
    example.pipeline(
        """
    tables: {t: {key: well, rows: [{well: A}, {well: B}]}}
    steps:
      a: {module: ./make.yaml, by: well}
      b: {module: ./make.yaml, by: well, where: "${well == 'B'}"}
      c: {module: ./make.yaml, by: well}
    flow: {seq: [a, b, c]}
        """
    )
    example.has(
        {
            "a/A": {},
            "a/B": {},
            "b/B": {"after": {"a/B"}},
            "c/A": {"after": {"a/A"}},
            "c/B": {"after": {"b/B"}},
        }
    )


NESTED = """
    inputs: {images: {type: "file[]"}}
    params: {word: {type: string, default: inside}}
    data: {workspace: inner, extra: more}
    tables: {sites: {key: site, rows: [{site: s1}, {site: s2}]}}
    steps:
      each: {module: ./make.yaml, by: site}
      sum: {module: ./two.yaml, with: {own: "${each.o}", images: "${inputs.images}", word: "${params.word}"}}
    outputs: {sum: "${sum.o}", each: "${each.o}"}
"""


def test_a_nested_pipeline_ranges_as_a_whole(example: Example) -> None:
    """Inner steps have the outer keys first; what the caller binds is what the outer instance sees."""
    example.module(
        "two.yaml",
        """
        inputs: {own: {type: "file[]"}, images: {type: "file[]"}}
        params: {word: {type: string}}
        outputs: {o: {type: file}}
        command: [two, "${params.word}", "${inputs.own}", --, "${inputs.images}", "${outputs.o}"]
        """,
    )
    example.nested("inner.yaml", NESTED)
    example.pipeline(
        WELLS,
        """
    data: {workspace: outer}
    steps:
      a: {module: ./make.yaml, by: [plate, well]}
      n: {module: ./inner.yaml, by: plate, with: {images: "${a.o}", word: "plate ${plate}"}}
      one: {module: ./one.yaml, by: [plate, well], with: {i: "${n.sum}"}}
      list: {module: ./many.yaml, by: [plate, well], with: {i: "${n.each}"}}
      all: {module: ./many.yaml, with: {i: "${n.sum}"}}
        """,
    )
    p1 = ["outer/a/P1/B/o.csv", "outer/a/P1/A/o.csv"]
    each = {plate: [f"outer/n.each/{plate}/{site}/o.csv" for site in ("s1", "s2")] for plate in ("P1", "P2")}
    example.has(
        {
            **{f"a/{key}": {} for key in ("P2/B", "P1/B", "P1/A")},
            **{f"n.each/{p}/{s}": {"key": {"plate": p, "site": s}} for p in ("P1", "P2") for s in ("s1", "s2")},
            "n.sum/P1": {
                "key": {"plate": "P1"},
                "inputs": {"own": each["P1"], "images": p1},
                "command": ["two", "plate P1", *each["P1"], "--", *p1, "outer/n.sum/P1/o"],
                "after": {"n.each/P1/s1", "n.each/P1/s2", "a/P1/A", "a/P1/B"},
            },
            "n.sum/P2": {
                "inputs": {"own": each["P2"], "images": ["outer/a/P2/B/o.csv"]},
                "after": {"n.each/P2/s1", "n.each/P2/s2", "a/P2/B"},
            },
            "one/P2/B": {"inputs": {"i": "outer/n.sum/P2/o"}, "after": {"n.sum/P2"}},
            "one/P1/B": {"inputs": {"i": "outer/n.sum/P1/o"}, "after": {"n.sum/P1"}},
            "one/P1/A": {"inputs": {"i": "outer/n.sum/P1/o"}, "after": {"n.sum/P1"}},
            "list/P2/B": {"inputs": {"i": each["P2"]}, "after": {"n.each/P2/s1", "n.each/P2/s2"}},
            "list/P1/B": {"inputs": {"i": each["P1"]}, "after": {"n.each/P1/s1", "n.each/P1/s2"}},
            "list/P1/A": {"inputs": {"i": each["P1"]}, "after": {"n.each/P1/s1", "n.each/P1/s2"}},
            "all": {"inputs": {"i": ["outer/n.sum/P2/o", "outer/n.sum/P1/o"]}, "after": {"n.sum/P1", "n.sum/P2"}},
        }
    )


def test_a_nested_pipeline_sees_the_callers_tables(example: Example) -> None:
    example.nested(
        "inner.yaml",
        """
        steps:
          each: {module: ./texts.yaml, by: [well], with: {p: "${[t.f, 'x']}"}}
          sum: {module: ./many.yaml, with: {i: "${each.o}"}}
        outputs: {sum: "${sum.o}"}
        """.replace("\"${[t.f, 'x']}\"", "[x]"),
    )
    example.pipeline(
        WELLS,
        """
    steps:
      n: {module: ./inner.yaml, by: plate, where: "${t.f != 'p1b.tif'}"}
      m: {module: ./inner.yaml}
        """,
    )
    example.has(
        {
            "n.each/P2/B": {"key": {"plate": "P2", "well": "B"}},
            "n.each/P1/A": {"key": {"plate": "P1", "well": "A"}},
            "n.sum/P2": {"inputs": {"i": ["results/n.each/P2/B/o"]}, "after": {"n.each/P2/B"}},
            "n.sum/P1": {"inputs": {"i": ["results/n.each/P1/A/o"]}, "after": {"n.each/P1/A"}},
            "m.each/A": {},
            "m.each/B": {},
            "m.sum": {"inputs": {"i": ["results/m.each/B/o", "results/m.each/A/o"]}, "after": {"m.each/A", "m.each/B"}},
        }
    )


def test_a_table_of_a_nested_pipeline_is_joined_with_the_callers(example: Example) -> None:
    example.nested(
        "inner.yaml",
        """
        tables: {u: {key: [plate, site], rows: [{plate: P1, site: s}, {plate: P2, site: s}, {plate: P2, site: r}]}}
        steps: {each: {module: ./make.yaml, by: site}}
        outputs: {each: "${each.o}"}
        """,
    )
    example.pipeline(WELLS, "\n    steps: {n: {module: ./inner.yaml, by: plate}}")
    example.has({"n.each/P2/s": {}, "n.each/P2/r": {}, "n.each/P1/s": {}})


def test_derived_paths_encode_what_would_break_them(example: Example) -> None:
    """And only there: in the key, in arguments and in said paths the value stands as it is."""
    example.pipeline(
        """
    tables:
      t:
        key: k
        rows:
          - {k: "a/b"}
          - {k: "a%2Fb"}
          - {k: "."}
          - {k: ".."}
          - {k: "..."}
          - {k: "it's \\"ü\\" $HOME"}
          - {k: "tab\\there"}
    steps:
      a: {module: ./text.yaml, by: k, where: "${k != '.' and k != '..'}", with: {p: "${k}"}}
      b: {module: ./make.yaml, by: k}
        """
    )
    paths = {
        "a/b": "a%2Fb",
        "a%2Fb": "a%252Fb",
        ".": "%2E",
        "..": "%2E%2E",
        "...": "...",
        'it\'s "ü" $HOME': 'it\'s "ü" $HOME',
        "tab\there": "tab%09here",
    }
    example.has(
        {
            **{
                f"a/{path}": {"key": {"k": key}, "command": ["text", key, f"results/a/{path}/o"]}
                for key, path in paths.items()
                if key not in (".", "..")
            },
            **{f"b/{path}": {"outputs": {"o": f"results/b/{path}/o.csv"}} for path in paths.values()},
        }
    )


def test_said_paths_are_taken_as_they_are(example: Example) -> None:
    example.pipeline(
        """
    data: {out: my results}
    tables: {t: {key: [plate, well], rows: [{plate: P 1, well: "a/b"}, {plate: "it's", well: c}]}}
    steps:
      a: {module: ./make.yaml, by: [plate, well], outputs: {o: "${data.out}/${well}-${plate}.csv"}}
      b:
        module: ./one.yaml
        by: [plate, well]
        with: {i: "${a.o}"}
        outputs: {o: {path: "b${plate}${well}", temp: true}}
        """
    )
    example.has(
        {
            "a/P 1/a%2Fb": {"outputs": {"o": "my results/a/b-P 1.csv"}},
            "a/it's/c": {"outputs": {"o": "my results/c-it's.csv"}},
            "b/P 1/a%2Fb": {
                "inputs": {"i": "my results/a/b-P 1.csv"},
                "outputs": {"o": "bP 1a/b"},
                "after": {"a/P 1/a%2Fb"},
            },
            "b/it's/c": {"outputs": {"o": "bit'sc"}, "after": {"a/it's/c"}},
        }
    )


def test_suffixes_of_derived_paths(example: Example) -> None:
    example.module(
        "kinds.yaml",
        """
        outputs:
          plain: {type: file}
          zipped: {type: file, format: [fastq.gz, fastq]}
          folder: {type: directory, format: zarr}
        command: [kinds, "${outputs.plain}", "${outputs.zipped}", "${outputs.folder}"]
        """,
    )
    example.pipeline("    steps: {a: {module: ./kinds.yaml}}")
    paths = {"plain": "results/a/plain", "zipped": "results/a/zipped.fastq.gz", "folder": "results/a/folder"}
    example.has({"a": {"outputs": paths}})


def test_a_list_of_outputs_is_one_list_in_a_gather(example: Example) -> None:
    example.module(
        "pair.yaml",
        """
        outputs: {o: {type: "file[]"}}
        command: [pair, "${outputs.o}"]
        """,
    )
    example.pipeline(
        """
    tables: {t: {key: well, rows: [{well: B}, {well: A}]}}
    steps:
      a: {module: ./pair.yaml, by: well, outputs: {o: ["l/${well}", "r/${well}"]}}
      b: {module: ./many.yaml, by: well, with: {i: "${a.o}"}}
      c: {module: ./many.yaml, with: {i: "${a.o}"}}
        """
    )
    example.has(
        {
            "a/B": {"command": ["pair", "l/B", "r/B"]},
            "a/A": {"outputs": {"o": ["l/A", "r/A"]}},
            "b/A": {"inputs": {"i": ["l/A", "r/A"]}, "after": {"a/A"}},
            "b/B": {"inputs": {"i": ["l/B", "r/B"]}, "after": {"a/B"}},
            "c": {"inputs": {"i": ["l/B", "r/B", "l/A", "r/A"]}, "after": {"a/A", "a/B"}},
        }
    )


def test_items_of_a_command(example: Example) -> None:
    example.module(
        "items.yaml",
        """
        inputs: {none: {type: "file?"}}
        params:
          words: {type: "string[]"}
          empty: {type: "string[]", default: []}
          absent: {type: "string?"}
          yes: {type: boolean, default: true}
          no: {type: boolean, default: false}
          whole: {type: integer, default: 7}
          number: {type: number, default: 1.5}
          small: {type: number, default: 1e-07}
        outputs: {o: {type: file}}
        command:
          - tool
          - 3
          - "${params.words}"
          - "${params.empty}"
          - "${params.absent}"
          - "${inputs.none}"
          - "yes=${params.yes}"
          - "${params.no}"
          - "${params.whole}"
          - "${params.number}"
          - "${params.small}"
          - {option: --words, value: "${params.words}"}
          - {option: --each, value: "${params.words}", repeat: true}
          - {option: --empty, value: "${params.empty}"}
          - {option: --absent, value: "${params.absent}", repeat: true}
          - {option: --no, value: "${params.no}"}
          - {option: --left-out, value: x, when: "${params.no}"}
          - {flag: --yes, when: "${params.yes}"}
          - {flag: --no, when: "${params.no}"}
          - {flag: --seven, when: "${params.whole == 7 and not params.no}"}
          - "$HOME $(date) * ;"
          - "$${literal}"
          - "${outputs.o}"
        """,
    )
    example.pipeline("""    steps: {a: {module: ./items.yaml, with: {words: [a b, "it's", "", "-x"]}}}""")
    words = ["a b", "it's", "", "-x"]
    example.has(
        {
            "a": {
                "command": [
                    *["tool", "3", *words, "yes=true", "false", "7", "1.5", "1e-07"],
                    *["--words", *words, "--each", "a b", "--each", "it's", "--each", "", "--each", "-x"],
                    *["--no", "false", "--yes", "--seven", "$HOME $(date) * ;", "${literal}", "results/a/o"],
                ]
            }
        }
    )


def test_values_in_a_shell_are_quoted(example: Example) -> None:
    example.module(
        "script.yaml",
        """
        inputs: {i: {type: "file[]"}}
        params: {p: {type: string}, none: {type: "string?"}}
        outputs: {o: {type: file}}
        shell: |
          cat ${inputs.i} | awk '{print $1}' "$HOME" $(date) $${x} ${params.p} ${params.none} > ${outputs.o}
        """,
    )
    example.pipeline("""    steps: {a: {module: ./script.yaml, with: {i: [x.txt, a b.txt], p: "; rm 'x'\\n$HOME"}}}""")
    script = (
        "inputs_i=(x.txt 'a b.txt')\nparams_p='; rm '\"'\"'x'\"'\"'\n$HOME'\nparams_none=()\noutputs_o=results/a/o\n"
        'cat ${inputs_i[@]+"${inputs_i[@]}"} | awk \'{print $1}\' "$HOME" $(date) ${x} "${params_p}" '
        '${params_none+"${params_none}"} > "${outputs_o}"\n'
    )
    example.has({"a": {"command": None, "shell": script}}, oracle=False)


def test_resources_and_containers_of_a_step_win(example: Example) -> None:
    example.module(
        "heavy.yaml",
        """
        outputs: {o: {type: file}}
        command: [heavy, "${outputs.o}"]
        container: {image: "tool:1"}
        resources: {cpus: 2, memory: 2GiB, disk: 1B, time: 61s, gpus: 1}
        """,
    )
    example.pipeline(
        """
    steps:
      a: {module: ./heavy.yaml}
      b: {module: ./heavy.yaml, container: "tool:2", resources: {memory: 1.5GB, time: 1d}}
        """
    )
    example.has(
        {
            "a": {
                "container": "tool:1",
                "resources": {"cpus": 2, "memory_mb": 2148, "disk_mb": 1, "time_min": 2, "gpus": 1},
            },
            "b": {
                "container": "tool:2",
                "resources": {"cpus": 2, "memory_mb": 1500, "disk_mb": 1, "time_min": 1440, "gpus": 1},
            },
        }
    )


def test_keys_are_text_as_they_are_written(example: Example) -> None:
    example.pipeline(
        """
    tables: {t: {key: k, rows: [{k: 01}, {k: 1.0}, {k: 1e3}, {k: true}, {k: no}, {k: 0x1F}, {k: 2024-01-01}]}}
    steps: {a: {module: ./text.yaml, by: k, with: {p: "${k}"}}}
        """
    )
    keys = ["01", "1.0", "1e3", "true", "no", "0x1F", "2024-01-01"]
    example.has({f"a/{k}": {"command": ["text", k, f"results/a/{k}/o"]} for k in keys}, oracle=False)


def test_cells_are_text_and_converted_where_a_number_is_wanted(example: Example) -> None:
    example.module(
        "typed.yaml",
        """
        params:
          text: {type: "string?"}
          whole: {type: "integer?"}
          number: {type: "number?"}
          truth: {type: "boolean?"}
        outputs: {o: {type: file}}
        command: [typed, "${params.text}", "${params.whole}", "${params.number}", "${params.truth}", "${outputs.o}"]
        """,
    )
    example.table("t.csv", 'k,c,b\n01,01,true\n"x,y",-3,false\nempty,,\n')
    example.pipeline(
        """
    tables: {t: {key: k, file: t.csv}}
    steps:
      a:
        module: ./typed.yaml
        by: k
        with: {text: "${t.c}", whole: "${t.c}", number: "${t.c}", truth: "${t.b}"}
        """
    )
    example.has(
        {
            "a/01": {"command": ["typed", "01", "1", "1", "true", "results/a/01/o"]},
            "a/x,y": {"command": ["typed", "-3", "-3", "-3", "false", "results/a/x,y/o"]},
            "a/empty": {"command": ["typed", "results/a/empty/o"]},
        }
    )
    example.table("t.csv", "k,c,b\nk,many,true\n")
    example.is_refused()


@pytest.mark.parametrize("value", ["9", "-1", "three", "[1]", "1.5", "true"])
def test_a_parameter_takes_only_what_its_declaration_allows(example: Example, value: str) -> None:
    example.module(
        "limits.yaml",
        """
        params: {p: {type: integer, minimum: 0, maximum: 8}}
        outputs: {o: {type: file}}
        command: [limits, "${params.p}", "${outputs.o}"]
        """,
    )
    step = "    steps: {a: {module: ./limits.yaml, with: {p: VALUE}}}"
    example.pipeline(step.replace("VALUE", value))
    example.is_refused()
    example.pipeline(step.replace("VALUE", "8"))
    example.has({"a": {"command": ["limits", "8", "results/a/o"]}})


def test_enums_and_patterns(example: Example) -> None:
    example.module(
        "choice.yaml",
        """
        params: {mode: {enum: [fast, slow]}, code: {type: string, pattern: "[a-z]+[0-9]"}}
        outputs: {o: {type: file}}
        command: [choice, "${params.mode}", "${params.code}", "${outputs.o}"]
        """,
    )
    step = "    steps: {a: {module: ./choice.yaml, with: {mode: MODE, code: CODE}}}"
    example.pipeline(step.replace("MODE", "slow").replace("CODE", "ab1"))
    example.has({"a": {"command": ["choice", "slow", "ab1", "results/a/o"]}})
    for mode, code in (("quick", "ab1"), ("slow", "ab12"), ("slow", "1ab1")):
        example.pipeline(step.replace("MODE", mode).replace("CODE", code))
        example.is_refused()


def test_files_of_a_module_are_copied_with_the_emitted_files(example: Example) -> None:
    example.module(
        "calc.yaml",
        """
        outputs: {o: {type: file}}
        command: [python, "${file('calc.py')}", "${outputs.o}"]
        """,
    )
    (example.folder / "calc.py").write_text("pass\n", encoding="utf-8")
    example.pipeline("    steps: {a: {module: ./calc.yaml}}")
    example.has({"a": {"command": ["python", "build/main/files/calc/calc.py", "results/a/o"]}})


# --- where the compiler differs --------------------------------------------------------------------------------------


def test_an_optional_input_from_an_instance_that_does_not_exist_is_absent(example: Example) -> None:
    example.pipeline(
        WELLS,
        """
    steps:
      a: {module: ./make.yaml, by: [plate, well], where: "${plate == 'P1'}"}
      b: {module: ./maybe.yaml, by: [plate, well], with: {i: "${a.o}"}}
        """,
    )
    example.has(
        {
            "a/P1/B": {},
            "a/P1/A": {},
            "b/P1/B": {"inputs": {"i": "results/a/P1/B/o.csv"}, "after": {"a/P1/B"}},
            "b/P1/A": {"inputs": {"i": "results/a/P1/A/o.csv"}, "after": {"a/P1/A"}},
            "b/P2/B": {"inputs": {"i": None}, "command": ["maybe", "results/b/P2/B/o"]},
        }
    )


def test_an_optional_input_from_a_row_that_does_not_exist_is_absent(example: Example) -> None:
    example.pipeline(
        """
    tables:
      t: {key: well, rows: [{well: A}, {well: B}]}
      u: {key: well, rows: [{well: A, f: a.tif}]}
    steps: {b: {module: ./maybe.yaml, by: well, over: t, with: {i: "${u.f}"}}}
        """
    )
    example.has({"b/A": {"inputs": {"i": "a.tif"}}, "b/B": {"inputs": {"i": None}}})


def test_a_step_that_is_gone_needs_no_rows(example: Example) -> None:
    example.pipeline(
        WELLS,
        """
    params: {has_controls: {type: boolean, default: false}}
    steps:
      a: {module: ./make.yaml, by: plate, when: "${params.has_controls}", where: "${t.well == 'control'}"}
      b: {module: ./make.yaml, by: plate}
        """,
    )
    example.has({"b/P2": {}, "b/P1": {}})


def test_order_before_a_nested_pipeline_is_the_steps_own(example: Example) -> None:
    """`n` has no keys: all of it waits for all of `a`, as it does for data, whatever its inner steps range over."""
    example.nested("inner.yaml", '    steps: {i: {module: ./make.yaml, by: well}}\n    outputs: {o: "${i.o}"}')
    example.pipeline(
        """
    tables: {t: {key: well, rows: [{well: A}, {well: B}]}}
    steps: {a: {module: ./make.yaml, by: well}, n: {module: ./inner.yaml, after: a}}
        """
    )
    both = {"after": {"a/A", "a/B"}}
    example.has({"a/A": {}, "a/B": {}, "n.i/A": both, "n.i/B": both})


def test_order_after_a_nested_pipeline_is_the_steps_own(example: Example) -> None:
    """`n` ranges as a whole: the wells of `b` wait for all wells that `n` does in their plate."""
    example.nested("inner.yaml", '    steps: {i: {module: ./make.yaml, by: well}}\n    outputs: {o: "${i.o}"}')
    example.pipeline(
        WELLS,
        """
    steps: {n: {module: ./inner.yaml, by: plate}, b: {module: ./make.yaml, by: [plate, well], after: n}}
        """,
    )
    example.has(
        {
            **{f"n.i/{key}": {} for key in ("P2/B", "P1/B", "P1/A")},
            "b/P2/B": {"after": {"n.i/P2/B"}},
            "b/P1/B": {"after": {"n.i/P1/B", "n.i/P1/A"}},
            "b/P1/A": {"after": {"n.i/P1/B", "n.i/P1/A"}},
        }
    )


def test_a_required_list_of_a_nested_pipeline_must_gather_something(example: Example) -> None:
    example.nested(
        "inner.yaml",
        """
        inputs: {n: {type: "file[]"}}
        steps: {i: {module: ./some.yaml, with: {i: "${inputs.n}"}}}
        outputs: {o: "${i.o}"}
        """,
    )
    example.pipeline(
        WELLS,
        """
    steps:
      a: {module: ./make.yaml, by: [plate, well], where: "${well == 'A'}"}
      n: {module: ./inner.yaml, by: plate, with: {n: "${a.o}"}}
        """,
    )
    example.is_refused()


@pytest.mark.parametrize("port", ["o", "d"])
def test_ports_are_compared_in_a_list_too(example: Example, port: str) -> None:
    example.module(
        "both.yaml",
        """
        outputs: {o: {type: file, format: csv}, d: {type: directory}}
        command: [both, "${outputs.o}", "${outputs.d}"]
        """,
    )
    example.module(
        "tiffs.yaml",
        """
        inputs: {i: {type: "file[]", format: tiff}}
        outputs: {o: {type: file}}
        command: [tiffs, "${inputs.i}", "${outputs.o}"]
        """,
    )
    value = '["${a.PORT}", x.tif]'.replace("PORT", port)
    example.pipeline("    steps: {a: {module: ./both.yaml}, b: {module: ./tiffs.yaml, with: {i: " + value + "}}}")
    example.is_refused()


def test_an_optional_type_needs_no_quotes(example: Example) -> None:
    example.module(
        "maybe.yaml",
        """
        inputs: {i: {type: file?}}
        outputs: {o: {type: file}}
        command: [maybe, "${inputs.i}", "${outputs.o}"]
        """,
    )
    example.pipeline("    steps: {a: {module: ./maybe.yaml}}")
    example.has({"a": {"inputs": {"i": None}}})


def test_all_control_characters_are_encoded_in_derived_paths(example: Example) -> None:
    example.pipeline(
        '    tables: {t: {key: k, rows: [{k: "a\\u0085b"}]}}\n    steps: {a: {module: ./make.yaml, by: k}}'
    )
    example.has({"a/a%C2%85b": {"outputs": {"o": "results/a/a%C2%85b/o.csv"}}})
