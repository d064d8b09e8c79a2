"""Values that a step writes for some of its taker's jobs: a choice by what is known, and what is absent for the others.

A sheet of RNA-seq says how a library is stranded, or `auto`: then a step finds out.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .calls import WAYS

SPEC = """\
sncompile: 1
pipeline: strands
tables:
  samples: {key: s, rows: [{s: a, strand: auto}, {s: b, strand: "it's"}]}
steps:
  guess:
    by: s
    where: "${samples.strand == 'auto'}"
    module:
      outputs: {strand: {type: string}, reads: {type: integer}}
      shell: |
        echo 'a "b" $c' > ${outputs.strand}
        echo 7 > ${outputs.reads}
  chosen:
    by: s
    with: {strand: "${guess.strand if samples.strand == 'auto' else samples.strand}"}
    module: &one
      params: {strand: {type: string}}
      outputs: {o: {type: file}}
      shell: echo ${params.strand} > ${outputs.o}
  first: {by: s, with: {strand: "${coalesce(guess.strand, samples.strand)}"}, module: *one}
  optional:
    by: s
    with: {strand: "${guess.strand}", reads: "${null if guess.reads == null else guess.reads}"}
    module:
      params: {strand: {type: "string?"}, reads: {type: "integer?"}}
      outputs: {o: {type: file}}
      command:
        - sh
        - -c
        - 'printf "<%s>" "$@" > "$0"'
        - ${outputs.o}
        - {option: --strand, value: "${params.strand}"}
        - {option: --reads, value: "${params.reads}"}
        - ${params.strand}
        - end
"""


@pytest.mark.parametrize("engine", WAYS)
def test_a_value_is_taken_where_it_is_written(tmp_path: Path, engine) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    engine(tmp_path, "-O1")
    found = 'a "b" $c'
    for step in ("chosen", "first"):
        assert (tmp_path / f"results/{step}/a/o").read_text() == f"{found}\n"
        assert (tmp_path / f"results/{step}/b/o").read_text() == "it's\n"
    written = (tmp_path / "results/optional/a/o").read_text()
    assert written == f"<--strand><{found}><--reads><7><{found}><end>"
    assert (tmp_path / "results/optional/b/o").read_text() == "<end>"
