"""The Python interface: state, pipelines built in Python, runs in the background, and what notebooks show."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sncompile as sn
from sncompile.api import check
from sncompile.runner.processes import identify

from .command_line import sncompile
from .runs import SPEC
from .waiting import PATIENCE, until

ROOT = Path(__file__).parents[1]

PIPELINE = """\
sncompile: 1
pipeline: letters
title: Letters
data: {workspace: results}
params:
  size: {type: integer, default: 3, minimum: 1}
  word: {type: string}
inputs: {start: {type: "file?"}}
tables: {letters: {key: [letter], rows: [{letter: a}, {letter: b}]}}
steps:
  one:
    by: [letter]
    with: {letter: "${letter}", size: "${params.size}", word: "${params.word}", start: "${inputs.start}"}
    module:
      inputs: {start: {type: "file?"}}
      outputs: {o: {type: file, format: txt}}
      params: {letter: {type: string}, size: {type: integer}, word: {type: string}}
      shell: "echo ${params.word} ${params.letter} ${params.size} ${inputs.start} > ${outputs.o}"
outputs: {all: "${one.o}"}
"""

MAKE: dict[str, Any] = {
    "outputs": {"o": {"type": "file", "format": "txt"}},
    "params": {"x": {"type": "string", "default": "hello"}},
    "shell": "echo ${params.x} > ${outputs.o}",
}
JOIN: dict[str, Any] = {
    "inputs": {"i": {"type": "file[]"}},
    "outputs": {"o": {"type": "file"}},
    "shell": "cat ${inputs.i} > ${outputs.o}",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder that Python stands in, with two specs; no job waits any more when the test is over."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letters.yaml").write_text(PIPELINE)
    (tmp_path / "spec.yaml").write_text(SPEC)
    yield tmp_path
    for wait in (tmp_path / "wait", tmp_path / "run1" / "wait"):
        wait.unlink(missing_ok=True)


def test_importing_the_package_costs_nothing() -> None:
    """No name is fetched before it is used."""
    code = "import sys, sncompile; print(sorted(m for m in sys.modules if m.startswith(('sncompile', 'click'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['sncompile']\n"
    assert set(sn.__all__) - set(dir(sn)) == set()
    assert all(getattr(sn, name) is not None for name in sn.__all__)


# --- Pipelines with state ---------------------------------------------------------------------------------------------


def test_a_loaded_pipeline_keeps_what_is_set(here: Path) -> None:
    """Parameters, inputs and data roots are set, looked at and set back; the spec's defaults show through."""
    pipeline = sn.load("letters.yaml", params={"word": "hi"}, data={"workspace": Path("out")})
    assert dict(pipeline.params) == {"size": 3, "word": "hi"}
    pipeline.params["size"] = 5
    pipeline.inputs["start"] = Path("letters.yaml")
    job = pipeline.jobs()[0]
    assert job.shell == f"echo hi a 5 {here}/letters.yaml > out/one/a/o.txt"
    del pipeline.params["size"]
    assert "hi a 3" in str(pipeline.jobs()[0].shell)
    assert (len(pipeline.jobs()), [j.id for j in pipeline.jobs()]) == (2, ["one/a", "one/b"])
    assert pipeline.plan().plan.outputs[0].paths == ("out/one/a/o.txt", "out/one/b/o.txt")
    (here / "letters.yaml").write_text(
        PIPELINE.replace("size: {type: integer, default: 3", "size: {type: integer, default: 4")
    )
    assert "hi a 4" in str(pipeline.jobs()[0].shell)


def test_faults_are_told_and_not_raised_by_check(here: Path) -> None:
    """Everything else raises `CompileError` with the diagnostics; unknown names do so at once."""
    pipeline = sn.load("letters.yaml")
    found = pipeline.check()
    assert (found.ok, [d.code for d in found.errors]) == (False, ["SN312"])
    assert "letters.yaml:7:3" in repr(found)
    for ask in (pipeline.plan, pipeline.jobs, pipeline.run, pipeline.compile):
        with pytest.raises(sn.CompileError, match="SN312"):
            ask()
    pipeline.params.update(word="x", size=0)
    with pytest.raises(sn.CompileError, match="below the minimum 1"):
        pipeline.plan()
    with pytest.raises(sn.CompileError, match="no parameter `wrod`") as error:
        pipeline.params["wrod"] = 1
    assert "did you mean `word`?" in str(error.value.diagnostics[0].help)
    with pytest.raises(sn.CompileError, match="no data root `images`"):
        sn.load("letters.yaml", data={"images": "x"})
    for missing in ("gone.yaml", "."):
        with pytest.raises(sn.CompileError, match="SN0"):
            sn.load(missing)


def test_a_configuration_gives_the_roots_that_a_pipeline_has(here: Path) -> None:
    """An object with `data_roots()` may know of more places than one pipeline needs."""

    class Config:
        def data_roots(self) -> dict[str, Path]:
            return {"workspace": Path("w"), "images": Path("i")}

    pipeline = sn.load("letters.yaml", data=Config(), params={"word": "x"})
    assert pipeline.data.given == {"workspace": "w"}
    assert pipeline.jobs()[0].outputs == {"o": "w/one/a/o.txt"}


# --- Pipelines built in Python ----------------------------------------------------------------------------------------

BUILT = """\
sncompile: 1
pipeline: built
tables: {t: {key: [well], rows: [{well: A01}, {well: B02}]}}
steps:
  first:
    module: &make
      outputs: {o: {type: file, format: txt}}
      params: {x: {type: string, default: hello}}
      shell: "echo ${params.x} > ${outputs.o}"
    by: [well]
    with: {x: "${well}"}
  second: {module: *make}
  third: {module: *make}
  join:
    module: {inputs: {i: {type: "file[]"}}, outputs: {o: {type: file}}, shell: "cat ${inputs.i} > ${outputs.o}"}
    with: {i: "${first.o}"}
    retries: 2
flow: {seq: [{parallel: [first, {seq: [second, third]}]}, join]}
outputs: {all: "${join.o}", third: "${third.o}"}
"""


def test_what_is_built_in_python_is_what_yaml_says(here: Path) -> None:
    """The same jobs, in the same order, with the same digests."""
    first = sn.Step(MAKE, name="first", by="well", with_={"x": "${well}"})
    second, third = sn.Step(MAKE, "second"), sn.Step(sn.module(MAKE, name="make"), "third")
    join = sn.Step(JOIN, "join", with_={"i": first["o"]}, retries=2)
    flow = sn.Seq(
        [sn.Parallel([first, sn.Seq([second, third])]), join],
        name="built",
        tables={"t": {"key": ["well"], "rows": [{"well": "A01"}, {"well": "B02"}]}},
        outputs={"all": join["o"], "third": third["o"]},
    )
    (here / "built.yaml").write_text(BUILT)
    by_hand = sn.load("built.yaml")
    assert [j.as_object() | {"source": 0} for j in flow.jobs()] == [
        j.as_object() | {"source": 0} for j in by_hand.jobs()
    ]
    assert flow.jobs()[-1].after == ["first/A01", "first/B02", "third"]
    # And what it is written as is a spec.
    (here / "written.yaml").write_text(flow.yaml)
    assert [j.as_object() for j in sn.load("written.yaml").jobs()] != []


def test_faults_of_what_is_built_are_told_in_its_yaml(here: Path) -> None:
    """A document like any other: the same codes, with a snippet of what the flow is written as."""
    found = sn.Seq([sn.Step(MAKE, "make", with_={"y": 1}, retires=3)], name="built").check()
    assert sorted(d.code for d in found) == ["SN101", "SN207"]
    assert "did you mean `retries`?" in repr(found)
    assert "--> <built>:" in repr(found)
    for wrong in (
        lambda: sn.Step(MAKE, "make")["oo"],
        lambda: sn.module("./gone.yaml"),
        lambda: sn.module(MAKE, y=1),
        lambda: sn.module({"shell": "echo ${params.z}"}),
        lambda: sn.module("letters.yaml"),
        lambda: sn.Seq([sn.Step(MAKE, "a"), sn.Step(MAKE, "a")]).plan(),
        lambda: sn.Seq([]).plan(),
    ):
        with pytest.raises(sn.CompileError):
            wrong()
    step = sn.Step(MAKE, "make")
    assert [d.code for d in sn.Seq([step, sn.Parallel([step])]).check().errors] == ["SN111"]


def test_values_of_python_are_values_and_no_expressions(here: Path) -> None:
    """Paths are literal; a text is as in YAML unless it is made literal; other kinds go over as they are."""
    texts = {"a": "$HOME; rm -rf ${x", "b": "yes", "c": "1:30", "d": "two\nlines '\"\t", "e": "# no comment", "f": ""}
    for text in texts.values():
        job = sn.module(MAKE, name="make", x=sn.literal(text)).pipeline.jobs()[0]
        words = subprocess.run(
            ["bash", "-c", str(job.shell).replace("> results/make/o.txt", "")],
            capture_output=True,
            text=True,
            check=True,
        )
        assert words.stdout == f"{text}\n"
    module = sn.module(MAKE, name="make", x=Path("/a/${b}"))
    assert "'/a/${b}'" in str(module.pipeline.jobs()[0].shell)
    assert sn.module(MAKE, x="${1 + 1}").pipeline.check().errors != []
    table = sn.Seq([sn.Step(MAKE, "make", by="n")], tables={"t": {"key": ["n"], "rows": [{"n": n} for n in range(3)]}})
    assert [job.key for job in table.jobs()] == [{"n": "0"}, {"n": "1"}, {"n": "2"}]


def test_a_module_has_state_and_makes_a_pipeline(here: Path) -> None:
    """By reference, path or mapping; what is set of it stays, and is what its pipeline does."""
    (here / "tools").mkdir()
    (here / "tools" / "make.yaml").write_text("sncompile: 1\nmodule: make\ntitle: Make it\n" + _yaml(MAKE))
    for reference in ("./tools/make.yaml", Path("tools/make.yaml"), str(here / "tools" / "make.yaml")):
        module = sn.module(reference)
        assert (module.name, module.outputs, module.params["x"]) == ("make", ["o"], "hello")
        module.params["x"] = "there"
        assert str(module.pipeline.jobs()[0].shell).startswith("echo there >")
        assert module.spec.about.title == "Make it"
    assert "Make it" in repr(module)


def _yaml(content: dict[str, Any]) -> str:
    from sncompile.notebook.document import yaml_text

    return yaml_text(content)


def test_a_loaded_pipeline_is_a_step_of_another(here: Path) -> None:
    """With its parameters and data roots as they are set, wherever its file lies."""
    (here / "far").mkdir()
    (here / "letters.yaml").rename(here / "far" / "letters.yaml")
    (here / "near").mkdir()
    os.chdir(here / "near")
    letters = sn.load("../far/letters.yaml", params={"word": "x"}, data={"workspace": "w"})
    flow = sn.Seq([letters, sn.Step(JOIN, "join", with_={"i": "${letters.all}"})], name="both")
    assert [job.id for job in flow.jobs()] == ["letters.one/a", "letters.one/b", "join"]
    assert flow.jobs()[-1].outputs == {"o": "w/join/o"}


# --- Runs -------------------------------------------------------------------------------------------------------------


def test_a_run_in_the_background(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there at once; its state, logs and results are asked for while it works and after."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:9")
    (here / "run1").mkdir()
    (here / "run1" / "wait").touch()
    run = sn.load("spec.yaml").run(sn.SnakemakeBackend(cores=2), working_dir="run1")
    until(lambda: run.status.running == 2)
    assert (run.status, run.status.ended) == ("running", False)
    assert run.wait(timeout=0.1) == "running"
    again = sn.attach("run1")
    assert (again.name, again.status) == (run.name, "running")
    (here / "run1" / "wait").unlink()
    assert run.wait() == "done"
    assert (run.status.done, run.status.steps["second"].done) == (6, 3)
    assert run.logs("second", k="b") == "looking at b\n"
    assert len(run.logs("second").files) == 3
    results = run.results["second.o"]
    assert isinstance(results, list)
    assert [path.read_text() for path in results] == ["whole\n"] * 3
    assert again.status == "done"
    assert run.report().stat().st_size > 10_000
    # Nobody asked for telemetry by `use_opentelemetry`, whatever the environment says.
    assert not (run.folder / "telemetry.log").exists()
    for wrong in (lambda: run.logs("secund"), lambda: run.logs("second", q=1), lambda: sn.attach("nothing")):
        with pytest.raises(sn.CompileError):
            wrong()


def test_a_failure_is_an_exception_that_tells_of_the_jobs(here: Path) -> None:
    """A run that is waited for raises `RunError` with the jobs, their logs and their places."""
    (here / "broken").touch()
    backend = sn.SnakemakeBackend(sn.SnakemakeBackendConfig(use_opentelemetry=False, print_exec=True, cores=2))
    with pytest.raises(sn.RunError) as error:
        backend.run(pipeline=sn.load("spec.yaml"), keep_going=True)
    (failure,) = error.value.failures
    assert (failure.step, failure.key, failure.status) == ("second", {"k": "b"}, "exit status 7")
    assert error.value.logs == {"logs/second/b.log": "looking at b\nno such plate\n"}
    assert "--> spec.yaml:" in str(error.value)
    assert error.value.run.wait(check=False) == "failed"
    (here / "broken").unlink()
    assert backend.run(sn.load("spec.yaml"), targets=["first"]).status == "done"
    with pytest.raises(sn.CompileError, match="no output and no step `firts`"):
        backend.run(sn.load("spec.yaml"), targets=["firts"])


@pytest.mark.parametrize("end", ["cancel", "kill"])
def test_a_run_is_ended_truly(here: Path, end: str) -> None:
    """Engine and jobs are gone when the call returns; to wait for it tells that it was cancelled."""
    (here / "wait").touch()
    run = sn.load("spec.yaml").run(cores=2)
    until(lambda: run.status.running == 2)
    process = run.status.details.process
    assert process is not None
    assert getattr(run, end)() == "cancelled"
    assert identify(process.pid) is None
    with pytest.raises(sn.RunError, match="cancelled"):
        run.wait()
    (here / "wait").unlink()
    assert sn.load("spec.yaml").run(cores=2).wait() == "done"


def test_a_run_outlives_python(here: Path) -> None:
    """The process that started it is killed; from another one it is found again, and ends as it should."""
    (here / "wait").touch()
    code = "import sncompile as sn, time\nprint(sn.load('spec.yaml').run(cores=2).folder, flush=True)\ntime.sleep(600)"
    starter = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    folder = starter.stdout.readline().strip()
    run = sn.attach(folder)
    until(lambda: run.status.running == 2)
    starter.kill()
    starter.communicate()
    assert run.status == "running"
    (here / "wait").unlink()
    assert run.wait() == "done"


def test_ctrl_c_ends_a_run_that_is_waited_for(here: Path) -> None:
    """As on the command line; a run in the background goes on instead."""
    (here / "wait").touch()
    code = "import sncompile as sn\nsn.SnakemakeBackend(cores=2).run(sn.load('spec.yaml'))"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    until((here / "started.txt").exists, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert "KeyboardInterrupt" in err
    assert sn.attach(".").status == "cancelled"


def test_files_without_a_run(here: Path) -> None:
    """`compile` writes what `sncompile compile` does, where it is told to."""
    backend = sn.SnakemakeBackend(sn.SnakemakeBackendConfig())
    folder = backend.compile(pipeline=sn.load("spec.yaml"), config=backend.config, working_dir=here / "x")
    assert folder == here / "x" / "build" / "small"
    assert "rule second:" in (folder / "Snakefile").read_text()
    assert not (here / "x" / "runs").exists()
    checked = sncompile(here, "spec.yaml", "--check", "--directory", "x", "-o", folder)
    assert checked.returncode == 0, checked.stderr
    for wrong in ({"cores": 0}, {"cores": "many"}, {"containers": "dokcer"}):
        with pytest.raises(ValueError, match="and not"):
            sn.SnakemakeBackend(**wrong)


# --- Notebooks --------------------------------------------------------------------------------------------------------


def test_displays_are_escaped_and_need_no_graphviz(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipelines, modules, plans, jobs, faults and settings, with hostile texts in them."""
    hostile = PIPELINE.replace("title: Letters", 'title: "<script>1</script>"')
    (here / "letters.yaml").write_text(hostile.replace("letter: b", 'letter: "<b>"'))
    monkeypatch.setenv("PATH", "")
    good = sn.load("letters.yaml", params={"word": "<img>"})
    bad = sn.load("letters.yaml", params={"word": "x", "size": "<u>"})
    shown = [good, bad, bad.check(), good.check(), good.plan(), good.jobs(), good.params, sn.module(MAKE, x="<i>")]
    pages = [thing._repr_html_() for thing in shown]
    assert "<svg" in pages[0]
    assert ">one</text>" in pages[0]
    assert "SN301" in pages[1]
    assert [tag for page in pages for tag in ("<script", "<img", "<b>", "<u>", "<i>") if tag in page] == []
    assert all(repr(thing) for thing in shown)


@pytest.fixture
def kernel() -> Iterator[Any]:
    """A Jupyter kernel in a process of its own, and the client that talks to it."""
    manager = pytest.importorskip("jupyter_client.manager", reason="needs the extra `notebook`")
    pytest.importorskip("ipykernel", reason="needs the extra `notebook`")
    started, client = manager.start_new_kernel(kernel_name="python3", startup_timeout=PATIENCE)
    yield started, client
    client.stop_channels()
    started.shutdown_kernel(now=True)


def outputs(client: Any, code: str) -> list[dict[str, Any]]:
    """What a cell sends, until the kernel is idle again."""
    found: list[dict[str, Any]] = []
    client.execute_interactive(code, output_hook=found.append, timeout=PATIENCE)
    return found


def test_a_notebook_shows_a_run_live_and_the_run_outlives_the_kernel(here: Path, kernel: Any) -> None:
    """One display is updated while the run works; after SIGKILL of the kernel the run goes on and is found again."""
    manager, client = kernel
    (here / "wait").touch()
    code = f"import os, sncompile as sn\nos.chdir({str(here)!r})\nrun = sn.load('spec.yaml').run(cores=2)\nrun"
    (shown,) = [m for m in outputs(client, code) if m["msg_type"] == "display_data"]
    assert "sn-is-running" in shown["content"]["data"]["text/html"]
    update = {}
    until(lambda: update.update(client.get_iopub_msg(timeout=PATIENCE)) or update["msg_type"] == "update_display_data")
    assert update["content"]["transient"] == shown["content"]["transient"]
    os.kill(manager.provisioner.pid, signal.SIGKILL)
    run = sn.attach(here)
    assert run.status == "running"
    (here / "wait").unlink()
    assert run.wait() == "done"


def test_a_run_that_a_cell_waits_for_is_shown_once(here: Path, kernel: Any) -> None:
    """The cell's last value is the run, which the wait has just shown; asked for again, it is shown again."""
    _, client = kernel
    code = f"import os, sncompile as sn\nos.chdir({str(here)!r})\nbackend = sn.SnakemakeBackend(cores=2)\n"
    for words in (f"{code}run = backend.run(sn.load('spec.yaml'))\nrun", "run"):
        (shown,) = [m for m in outputs(client, words) if m["msg_type"] == "display_data"]
    assert "sn-is-done" in shown["content"]["data"]["text/html"]


def test_a_large_pipeline_is_shown_by_its_groups(here: Path) -> None:
    """The picture is the overview; what it leaves out can be unfolded, without a script."""
    steps = "".join(
        f"  copy_{n}: {{with: {{i: in.txt}}, module: {{inputs: {{i: {{type: file}}}}, outputs: {{o: {{type: file}}}}, "
        f'command: [cp, "${{inputs.i}}", "${{outputs.o}}"]}}}}\n'
        for n in range(40)
    )
    (here / "in.txt").touch()
    (here / "large.yaml").write_text(f"sncompile: 1\npipeline: large\nsteps:\n{steps}")
    first, *folded = sn.load("large.yaml")._repr_html_().split("<details>")
    assert ">copy_#</text>" in first
    assert ">copy_7</text>" not in first
    assert ">copy_7</text>" in folded[0]
    assert "<summary>copy_# " in folded[0]


def test_a_notebook_shows_faults_without_a_traceback(here: Path, kernel: Any) -> None:
    """A `CompileError` and a `RunError` are told as on the command line."""
    (here / "broken").touch()
    _, client = kernel
    first = f"import os, sncompile as sn\nos.chdir({str(here)!r})\nsn.load('letters.yaml').plan()"
    second = "sn.SnakemakeBackend(cores=2).run(sn.load('spec.yaml'), keep_going=True)"
    for code, told in ((first, "error[SN312]"), (second, "`second` for k=b failed")):
        found = outputs(client, code)
        (error,) = [m["content"] for m in found if m["msg_type"] == "error"]
        text = "\n".join(error["traceback"])
        assert told in text
        assert "notebook/" not in text


def test_the_document_of_a_flow_is_checked_as_a_file_is(here: Path) -> None:
    """`check_text` and `check` find the same in the same text."""
    from sncompile.api import check_text

    for text in (PIPELINE, BUILT, "pipeline: [", "sncompile: 1\npipeline: x\nsteps: {a: {module: ./gone.yaml}}\n"):
        (here / "text.yaml").write_text(text)
        one, other = check("text.yaml"), check_text("text.yaml", text, here)
        assert [(d.code, d.span and d.span.line) for d in one.diagnostics] == [
            (d.code, d.span and d.span.line) for d in other.diagnostics
        ]


def test_files_of_the_caller_are_found_from_a_folder_that_is_new(here: Path) -> None:
    """A path that goes up from it leads nowhere before it is there."""
    (here / "seen.txt").write_text("x")
    (here / "copies.yaml").write_text(
        "sncompile: 1\npipeline: copies\ninputs: {i: {type: file}}\nsteps:\n  copy:\n    with: {i: '${inputs.i}'}\n"
        "    module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, "
        "command: [cp, '${inputs.i}', '${outputs.o}']}\n"
    )
    pipeline = sn.load("copies.yaml")
    pipeline.inputs["i"] = "seen.txt"
    assert sn.SnakemakeBackend(print_exec=False).run(pipeline, working_dir="new/folder").status == "done"
