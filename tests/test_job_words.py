"""What each kind of word of a command is for a job: texts, and what is known when the job is about to run."""

from __future__ import annotations

from pathlib import Path

import pytest

from sncompile.api import check, graph_of
from sncompile.lowering.jobs import Each, Text, Words
from sncompile.lowering.lower import lower
from sncompile.lowering.pieces import Amount, Late

SPEC = """\
sncompile: 1
pipeline: main
tables: {t: {key: [k], rows: [{k: a, n: 1}, {k: b}]}}
steps:
  first:
    by: [k]
    module:
      outputs: {size: {type: integer}}
      shell: "echo 1 > ${outputs.size}"
  job:
    by: [k]
    with: {k: "${t.k}", n: "${t.n}", list: "${['x', 'y'] if t.k == 'a' else []}", size: "${first.size}"}
    module:
      params: {k: {type: string}, n: {type: "integer?"}, list: {type: "string[]"}, size: {type: integer}}
      outputs: {o: {type: file}}
      resources: {cpus: 2}
      command: [@job, "${outputs.o}"]
  all:
    with: {sizes: "${first.size}"}
    module:
      params: {sizes: {type: "integer[]"}}
      outputs: {o: {type: file}}
      command: [@all, "${outputs.o}"]
outputs: {o: "${job.o}", all: "${all.o}"}
"""


def command(folder: Path, task: str, words: str, number: int) -> list[tuple[Text, ...]]:
    """The words of a job before the last one, its output."""
    (folder / "main.yaml").write_text(SPEC.replace(f"@{task}", words).replace("@job", "tool").replace("@all", "tool"))
    lowered = lower(graph_of(check(folder / "main.yaml").require()), "files")
    found = Words(lowered, lowered.tasks[task], ("cpus",)).command(number)
    assert found is not None
    assert len(found[-1]) == 1
    return found[:-1]


@pytest.mark.parametrize(
    ("words", "number", "wanted"),
    [
        ("tool", 0, ["tool"]),
        ('"x${params.k}"', 1, ["xb"]),
        ('"${params.list}"', 0, ["x", "y"]),
        ('"${params.list}"', 1, []),
        ('{option: -l, value: "${params.list}"}', 0, ["-l", "x", "y"]),
        ('{option: -l, value: "${params.list}"}', 1, []),
        ('{option: -l, value: "${params.list}", repeat: true}', 0, ["-l", "x", "-l", "y"]),
        ('{option: -n, value: "${params.n}"}', 0, ["-n", "1"]),
        ('{option: -n, value: "${params.n}"}', 1, []),
    ],
)
def test_known(words: str, number: int, wanted: list[str], tmp_path: Path) -> None:
    """Lists are as many arguments as they have items, with the option once or before each."""
    found = command(tmp_path, "job", words, number)
    assert ["".join(map(str, parts)) for parts in found] == wanted


def test_known_late(tmp_path: Path) -> None:
    """What the job is given, what stands in a file of its own, and a list of what stands in several."""
    assert command(tmp_path, "job", '"n${resources.cpus}"', 0) == [("n", Amount("cpus"))]
    ((one,),) = command(tmp_path, "job", '"${params.size}"', 0)
    assert isinstance(one, Late)
    ((each,),) = command(tmp_path, "all", '{option: -s, value: "${params.sizes}", repeat: true}', 0)
    assert isinstance(each, Each)
    assert each.before == "-s"
