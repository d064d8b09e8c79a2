"""`sncompile resources`: settings for steps from what jobs took (decision 0100)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sncompile.api import check
from sncompile.runner.needs import Use, needs_of, override_text
from sncompile.runner.watch import Watch
from sncompile.semantics.program import Options
from tests.command_line import sncompile
from tests.made_runs import make_run

SPEC = """\
sncompile: 1
pipeline: plate
tables: {t: {key: k, rows: [{k: a}, {k: b}, {k: c}]}}
steps:
  plain:
    by: k
    module: {outputs: {o: {type: file}}, command: [touch, "${outputs.o}"], resources: {memory: 4GB}}
  growing:
    by: k
    with: {i: "${plain.o}"}
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file}}
      command: [cp, "${inputs.i}", "${outputs.o}"]
      resources: {memory: "${2 * attempt}GB", time: 1h}
  sized:
    with: {i: "${growing.o}"}
    module:
      inputs: {i: {type: "file[]"}}
      outputs: {o: {type: file}}
      params: {factor: {type: number, default: 1}}
      command: [touch, "${outputs.o}"]
      resources: {memory: "${(1000000000 + 3 * params.factor * inputs.i.size) * attempt}"}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "plate.yaml").write_text(SPEC)
    return tmp_path / "plate.yaml"


def watched(run: Path) -> Watch:
    watch = Watch(run)
    watch.look()
    return watch


def override(spec: Path, run: Path, margin: float = 1.5) -> str:
    """The settings by a run; they are taken as they are."""
    text = override_text(needs_of([watched(run)]), ["made"], margin)
    (spec.parent / "site.yaml").write_text(text)
    checked = check(spec, Options(overrides=(spec.parent / "site.yaml",)))
    assert not checked.diagnostics
    return text


def test_settings_are_the_most_that_a_job_took_and_a_margin(spec: Path) -> None:
    """With what they come from; what grows at the next try does so still."""
    text = override(spec, make_run(spec, spec.parent, lambda number, job: "done", measured=True))
    assert "# 3 jobs, of which one took the most: 102 MB, 3 s\n# asked for: 4000 MB, no time\n" in text
    assert '"plain": {resources: {memory: 160MB, time: 5m}}' in text
    assert '"growing": {resources: {memory: "${160 * attempt}MB", time: 5m}}' in text


def test_what_goes_by_sizes_does_so_still(spec: Path) -> None:
    """Multiplied by what the job needs that came nearest to what it asked for."""
    (need,) = [need for need in needs_of([watched(made_for_sizes(spec))]) if need.step == "sized"]
    assert need.uses["memory"] == [Use(106.0, 1000.0)]
    assert (
        need.setting("memory", 2) == "${100000000 + 0.22 * (1000000000 + 3 * params.factor * inputs.i.size) * attempt}"
    )


def made_for_sizes(spec: Path) -> Path:
    """A run whose last job asked for 2,000 MB, at its second try."""
    run = make_run(spec, spec.parent, lambda number, job: "done", measured=True)
    lines = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    (last,) = [line for line in lines if line.get("rule_name") == "sized"]
    last["resources"] = {"mem_mb": 2000}
    again = [{"time": last["time"], "event": "job_error", "jobid": last["jobid"]}, last]
    place = lines.index(last) + 1
    lines[place:place] = again
    (run / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return run


def test_jobs_of_several_runs_count(spec: Path) -> None:
    """What one run did not do, another did; jobs that failed tell nothing."""
    first = make_run(spec, spec.parent, lambda n, job: "done" if job.step == "plain" else "failed", measured=True)
    first = first.rename(first.parent / "first-20260101T000000Z")
    second = make_run(spec, spec.parent, lambda n, job: "done" if job.step == "growing" else "to do", measured=True)
    needs = {need.step: need.jobs for need in needs_of([watched(first), watched(second)])}
    assert needs == {"plain": 3, "growing": 3, "sized": 0}
    done = sncompile(spec.parent, "resources", "runs/" + first.name, "-o", "site.yaml")
    assert done.returncode == 0
    assert "# No job was measured of growing, sized." in (spec.parent / "site.yaml").read_text()


def test_a_run_without_measurements_says_what_to_do(spec: Path) -> None:
    """Times are known; where no job ended well, nothing is."""
    run = make_run(spec, spec.parent, lambda number, job: "done")
    done = sncompile(spec.parent, "resources", "plate.yaml")
    assert done.returncode == 0
    assert "warning[SN754]: the memory of no job" in done.stderr
    assert "--benchmark" in done.stderr
    assert '"plain": {resources: {time: 5m}}' in done.stdout
    run.rename(run.parent / "before")
    make_run(spec, spec.parent, lambda number, job: "failed")
    done = sncompile(spec.parent, "resources", "plate.yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[SN754]: no job of `made-20260101T000000Z` tells what it needs" in done.stderr
