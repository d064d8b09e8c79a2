"""A run whose jobs do nothing any more says so; one whose jobs work, write or come and go does not."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import pytest

from sncompile.runner.display import PlainDisplay
from sncompile.runner.engine.stillness import STILL, Signs, Stillness, signs_of
from sncompile.runner.processes import Process
from sncompile.runner.watch import Watch

from ..command_line import finish
from ..command_line import sncompile as asked
from ..runs import newest_run, record, start
from ..waiting import until

SPEC = """\
sncompile: 1
pipeline: small
steps: {stuck: {module: {outputs: {o: {type: file}}, shell: "read line < fifo; echo done > ${outputs.o}"}}}
"""


def told(signs: list[Signs | None], every: float = STILL / 2) -> list[float | None]:
    """What is said where these signs are seen, one after the other."""
    seen, said = iter(signs), []
    stillness = Stillness(lambda: next(seen), said.append)
    for number in range(len(signs)):
        stillness.look(number * every)
    return said


def sign(processes: set[int] | None = None, cpu: float = 0.0, size: int = 0) -> Signs:
    return Signs(frozenset(processes or {7}), cpu, (("log", size, 0),))


@pytest.mark.parametrize(
    ("signs", "said"),
    [
        ([sign()] * 2, []),
        ([sign()] * 3, [0.0]),
        ([sign()] * 6, [0.0]),
        ([sign(), sign(), sign(), sign(cpu=100.0)], [0.0, None]),
        ([sign(), sign(), sign(), None], [0.0, None]),
        ([sign(cpu=0.5 * n) for n in range(5)], [0.0]),
        ([sign(cpu=10.0 * n) for n in range(5)], []),
        ([sign(size=n) for n in range(5)], []),
        ([sign({n}) for n in range(5)], []),
        ([None] * 5, []),
        ([sign(size=1), sign(size=2), *[sign(size=2)] * 2], [STILL / 2]),
    ],
)
def test_what_counts_as_a_sign_of_work(signs: list[Signs | None], said: list[float | None]) -> None:
    """CPU time, files, processes; hardly any CPU time is none."""
    assert told(signs) == said


def test_jobs_that_wait_are_seen(tmp_path: Path) -> None:
    """Real processes, by a clock of the test's own; `status` and the display of the run say it."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    subprocess.run(["mkfifo", "fifo"], cwd=tmp_path, check=True)
    process = start(tmp_path)
    until(lambda: list(tmp_path.glob("runs/*/events.jsonl")) and _watch(tmp_path).progress.running, process)
    engine = Process.from_object(record(newest_run(tmp_path))["process"])
    assert engine is not None
    watch = _watch(tmp_path)
    until(lambda: signs_of(watch, engine) is not None and signs_of(watch, engine) == signs_of(watch, engine), process)
    said: list[float | None] = []
    stillness = Stillness(lambda: signs_of(watch, engine), said.append)
    for now in (0.0, STILL / 2, STILL):
        stillness.look(now)
    assert said == [0.0]
    with watch.folder.events.open("a") as events:
        events.write(json.dumps({"time": 1.0, "event": "still", "since": 0.0}) + "\n")
    assert "what runs (`stuck`) uses no CPU and writes nothing" in asked(tmp_path, "status").stdout
    assert json.loads(asked(tmp_path, "status", "--json").stdout)["still_since"] == "1970-01-01T00:00:00.000+00:00"
    stream = io.StringIO()
    display = PlainDisplay(stream)
    watch.look()
    display.update(watch.progress)
    display.update(watch.progress)
    assert stream.getvalue().count("no sign of work for") == 1
    (tmp_path / "fifo").write_text("go\n")
    assert finish(process)[0] == 0
    assert "no sign of work" not in asked(tmp_path, "status").stdout


def _watch(folder: Path) -> Watch:
    watch = Watch(newest_run(folder))
    watch.look()
    return watch
