"""In what order a run starts jobs of which more could start than there is room for."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..command_line import sncompile

SPEC = """\
sncompile: 1
pipeline: order
tables: {samples: {key: k, file: samples.csv}}
steps:
  copy:
    by: k
    over: samples
    with: {x: "in/${k}.txt"}
    module:
      inputs: {x: {type: file}}
      outputs: {o: {type: file}}
      shell: "basename ${inputs.x} .txt >> order.txt; cp ${inputs.x} ${outputs.o}"
"""
COUNT = 50
"""More than are looked at."""


@pytest.mark.parametrize("scheduler", [[], ["--", "--scheduler", "ilp"]])
def test_what_reads_most_starts_first(tmp_path: Path, scheduler: list[str]) -> None:
    (tmp_path / "order.yaml").write_text(SPEC)
    (tmp_path / "in").mkdir()
    sizes = {f"k{number}": 10 * (number * 17 % COUNT) for number in range(COUNT)}
    for key, size in sizes.items():
        (tmp_path / "in" / f"{key}.txt").write_text("x" * size)
    (tmp_path / "samples.csv").write_text("k\n" + "".join(f"{key}\n" for key in sizes))
    told = sncompile(tmp_path, "run", "order.yaml", "--cores", "1", *scheduler)
    assert told.returncode == 0, told.stderr
    order = (tmp_path / "order.txt").read_text().split()
    assert sorted(order) == sorted(sizes)
    if not scheduler:
        assert [sizes[key] for key in order] == sorted(sizes.values(), reverse=True)
