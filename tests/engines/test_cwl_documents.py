"""CWL without an engine: what is refused, what reading back finds, and the script of a job."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sncompile.api import check, compile_graph, graph_of
from sncompile.diagnostics import CompileError
from sncompile.ir.graph.model import Graph
from sncompile.targets.cwl.render import support
from sncompile.targets.cwl.verify import differences

from .test_snakemake import GROWING

SPECS = Path(__file__).parent / "specs"

# --- What CWL cannot express --------------------------------------------------------------------------------------

STEP = """
sncompile: 1
pipeline: refused
data: {{workspace: {workspace}}}
tables: {{t: {{key: [k], rows: [{{k: a, i: one}}, {{k: b, i: two}}]}}}}
steps:
  s:
    module:
      inputs: {{i: {{type: directory}}}}
      outputs: {{o: {{type: {output}}}}}
      params: {{p: {{type: path, default: x}}}}
      command: [tool, "${{inputs.i}}", "${{params.p}}", "${{outputs.o}}"{more}]
      resources: {{{resources}}}
      {module}
    by: [k]
    with: {{i: {input}{param}}}
    outputs: {{o: {{{flags}}}}}
    {step}
"""
USUAL = {
    "workspace": "results", "output": "file", "more": "", "resources": "cpus: 1", "module": "", "input": "in/d",
    "param": "", "flags": "temp: false", "step": "",
}  # fmt: skip

REFUSED = {
    "an absolute output": ("SN621", {"workspace": "/tmp/results"}),
    "an output above": ("SN621", {"workspace": "../results"}),
    "the working folder": ("SN621", {"input": "."}),
    "a parameter above": ("SN621", {"param": ', p: "../ref"'}),
    "an image file": ("SN622", {"step": "container: images/tool.sif"}),
    "another registry": ("SN622", {"step": 'container: "oras://x/tool"'}),
    "two images": ("SN622", {"step": 'container: "org/${t.i}:1"'}),
    "GPUs": ("SN623", {"resources": "gpus: 1"}),
    "conda": ("SN624", {"module": "conda: env.yaml"}),
    "a secret in a container": ("SN625", {"step": 'container: {image: "o/t:1", env: {T: {secret: true}}}'}),
    "an optional output": ("SN626", {"output": '"file?"'}),
    "the size of a directory": ("SN627", {"resources": 'memory: "${inputs.i.size}"'}),
    "a size in a command": ("SN627", {"resources": 'cpus: "${inputs.i.size}"', "more": ', "${resources.cpus}"'}),
    "a text of a size": ("SN627", {"resources": 'cpus: "${len(str(inputs.i.size))}"'}),
    "inside an input": ("SN630", {"workspace": "out/here", "input": "out"}),
    "a protected folder": ("SN631", {"output": "directory", "flags": "protected: true"}),
}


def graph_of_text(text: str, folder: Path) -> Graph:
    """The graph of a spec without errors."""
    (folder / "spec.yaml").write_text(text)
    (folder / "env.yaml").write_text("")
    checked = check(folder / "spec.yaml")
    errors = [d for d in checked.diagnostics if d.severity.value == "error"]
    assert not errors, errors
    return graph_of(checked.require())


@pytest.mark.parametrize("name", REFUSED)
def test_what_cwl_cannot_express_is_refused(name: str, tmp_path: Path) -> None:
    """By its own code, with a place in the spec; nothing is written."""
    code, changes = REFUSED[name]
    graph = graph_of_text(STEP.format(**{**USUAL, **changes}), tmp_path)
    with pytest.raises(CompileError) as error:
        compile_graph(graph, "cwl", out=tmp_path / "cwl")
    assert {d.code for d in error.value.diagnostics} == {code}
    assert all(d.span is not None and d.span.file.endswith("spec.yaml") for d in error.value.diagnostics)


def test_the_usual_step_is_not_refused(tmp_path: Path) -> None:
    """So it is the change that is refused."""
    graph = graph_of_text(STEP.format(**USUAL), tmp_path)
    assert compile_graph(graph, "cwl", out=tmp_path / "cwl").describe().startswith("1 tool for 2 jobs")


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A file system holds bytes, a document text."""
    os.makedirs(os.fsencode(tmp_path) + b"/in")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/in/\xff.txt")).touch()
    text = """
sncompile: 1
pipeline: bytes
tables: {t: {key: [k], glob: "in/{k}.txt"}}
steps: {s: {module: {inputs: {i: {type: "file[]"}}, outputs: {o: {type: file}}, command: [tool, "${inputs.i}", "${outputs.o}"]}, with: {i: "${t.path}"}}}
"""  # noqa: E501
    graph = graph_of_text(text, tmp_path)
    with pytest.raises(CompileError) as error:
        compile_graph(graph, "cwl", out=tmp_path / "cwl")
    assert {d.code for d in error.value.diagnostics} == {"SN628"}


def test_measuring_is_refused(tmp_path: Path) -> None:
    """As CWL has no form for it."""
    graph = graph_of_text(STEP.format(**USUAL), tmp_path)
    with pytest.raises(CompileError, match="SN632"):
        compile_graph(graph, "cwl", out=tmp_path / "cwl", benchmark=True)


def test_the_document_does_not_grow_with_the_data(tmp_path: Path) -> None:
    """Ten times the rows give the same document, and ten times the object."""
    found = []
    for count in (3, 30):
        folder = tmp_path / str(count)
        folder.mkdir()
        rows = "\n".join(f"p{i % 3},w{i},value {i}" for i in range(count))
        (folder / "t.csv").write_text("plate,well,v\n" + rows + "\n")
        found.append(compile_graph(graph_of_text(GROWING, folder), "cwl", out=folder / "cwl").files)
    assert found[0]["workflow.cwl"] == found[1]["workflow.cwl"]
    assert len(found[1]["job.json"]) > 4 * len(found[0]["job.json"])


# --- Reading back -------------------------------------------------------------------------------------------------


def emitted(folder: Path) -> tuple[Graph, dict[str, bytes]]:
    """A pipeline with all kinds of edges, and its files."""
    checked = check(SPECS / "hand" / "spec.yaml")
    graph = graph_of(checked.require())
    return graph, dict(compile_graph(graph, "cwl", out=folder).files)


def replaced(name: str, old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    """A change of the first place in a file where a text stands."""

    def change(files: dict[str, bytes]) -> None:
        assert old.encode() in files[name], old
        files[name] = files[name].replace(old.encode(), new.encode(), 1)

    return change


TAMPERED = {
    "a job less": (replaced("job.json", '  "s1/x1/1",\n', ""), "s1"),
    "another word": (replaced("workflow.cwl", "    tool, ", "    toll, "), "s1/x1/1"),
    "a word more": (replaced("workflow.cwl", "    tool, ", "    tool, more, "), "s1/x1/1"),
    "another path": (replaced("job.json", "out dir/s1/x1_1.txt", "out dir/s1/x1_9.txt"), "s1/x1/1"),
    "another file": (replaced("job.json", "in/x1/1.txt", "in/x1/2.txt"), "s1/x1/1"),
    "another step's file": (replaced("workflow.cwl", "i: s1/o", "i: s1/idx"), "s2/x1/1"),
    "a source that is not there": (replaced("workflow.cwl", "i: s1/o", "i: s1/p"), ""),
    "no order": (replaced("workflow.cwl", "        after_s4: s4/done\n", ""), "s5"),
    "a check less": (replaced("workflow.cwl", "    protect, ", "    #"), "s3"),
    "a result less": (replaced("workflow.cwl", "s7/o]", "]"), ""),
    "a result elsewhere": (replaced("job.json", '"out dir/s5/o",\n  "out dir/s6', '"out dir/x",\n  "out dir/s6'), ""),
    "a reference that engines read differently": (replaced("workflow.cwl", "    tool, ", '    "t\\\\$(x)", '), ""),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_reading_back_finds_what_differs(name: str, tmp_path: Path) -> None:
    """Each change of a document or its object is told, with the job where there is one."""
    change, job = TAMPERED[name]
    graph, files = emitted(tmp_path)
    assert differences(graph, files, tmp_path) == []
    change(files)
    told = differences(graph, files, tmp_path)
    assert told
    assert any(job in line for line in told), told


# --- The script of a job ------------------------------------------------------------------------------------------


def job_sh(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script in a folder."""
    (folder / "job.sh").write_bytes(support()["job.sh"])
    return subprocess.run(
        ["bash", "job.sh", "a/b", "laid out", *words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_script_hands_on_words_and_status(tmp_path: Path) -> None:
    """Any word, and any exit status."""
    told = job_sh(tmp_path, "--", "printf", "<%s>", "", "in", "--", "a\nb", "-x")
    assert (told.returncode, told.stdout) == (0, "<><in><--><a\nb><-x>")
    assert job_sh(tmp_path, "--", "bash", "-c", "exit 7").returncode == 7


def test_the_script_lays_out_outputs(tmp_path: Path) -> None:
    """In folders that it makes before, under the names that it is told; a missing one is told."""
    words = ["out", "o.txt", "x/y/-o", "outs", "many", "2", "x/1", "z", "out", "d", "-d"]
    command = ["--", "bash", "-c", "echo o > x/y/-o; echo 1 > x/1; echo z > z; mkdir ./-d; echo f > ./-d/.f"]
    assert job_sh(tmp_path, *words, *command).returncode == 0
    files = [path for path in (tmp_path / "laid out").rglob("*") if path.is_file()]
    found = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in files}
    assert found == {
        "laid out/o.txt": "o\n", "laid out/many/000000": "1\n", "laid out/many/000001": "z\n", "laid out/d/.f": "f\n",
    }  # fmt: skip
    lacking = job_sh(tmp_path, "out", "o", "not there", "--", "true")
    assert (lacking.returncode, lacking.stderr) == (1, "a/b: the output not there is not there\n")


def test_the_script_puts_files_in_place(tmp_path: Path) -> None:
    """Nested folders, the same file twice, a file in a folder that is there already."""
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "f").write_text("f")
    file, folder = str(tmp_path / "given" / "f"), str(tmp_path / "given")
    words = ["in", "1", "a/d/", folder, "in", "3", "a/d/f", "-x/y", "-x/y", file, file, file]
    told = job_sh(tmp_path, *words, "--", "cat", "a/d/f", "./-x/y")
    assert (told.returncode, told.stdout) == (0, "ff")


def test_folders_are_folders_to_a_tool(tmp_path: Path) -> None:
    """Their files are plain files, and what is written beside them stays with the job."""
    given = tmp_path / "given" / "deep"
    given.mkdir(parents=True)
    (given / "f").write_text("f")
    (tmp_path / "link").symlink_to("given")
    command = "find a/d -type f; find a/d -type l; touch a/d/new; cp -r a/d copied"
    told = job_sh(tmp_path, "in", "1", "a/d", str(tmp_path / "link"), "--", "bash", "-c", command)
    assert (told.returncode, told.stdout) == (0, "a/d/deep/f\n")
    assert not (tmp_path / "given" / "new").exists()
    assert (tmp_path / "copied" / "deep" / "f").read_text() == "f"


@pytest.mark.parametrize("first", ["plate", "./plate/../plate/well"])
def test_a_folder_holds_all_of_its_own_where_one_inside_it_is_read_too(first: str, tmp_path: Path) -> None:
    """Whichever a port names first: each is as it was, the one inside not alone in the one around it."""
    for well in ("well", "other"):
        path = tmp_path / "data" / "plate" / well / "a.tif"
        path.parent.mkdir(parents=True)
        path.write_text(well)
    (tmp_path / "job").mkdir()
    around, inside = str(tmp_path / "data/plate"), str(tmp_path / "data/plate/well")
    ports = [("in", "1", "plate", around), ("in", "1", "./plate/../plate/well", inside)]
    words = [word for port in sorted(ports, key=lambda port: port[2] != first) for word in port]
    told = job_sh(tmp_path / "job", *words, "--", "find", "plate", "-type", "f")
    assert sorted(told.stdout.split()) == ["plate/other/a.tif", "plate/well/a.tif"]


def test_links_among_outputs_hold_when_the_job_is_gone(tmp_path: Path) -> None:
    """Links to inputs become copies; links inside of an output stay."""
    (tmp_path / "given").write_text("g")
    command = (
        "mkdir o; ln -s ../in o/out; ln -s $PWD/in o/far; echo > o/x; ln -s x o/near; ln -s nowhere o/lost; ln -s in p"
    )
    words = ["in", "1", "in", str(tmp_path / "given"), "out", "o", "o", "out", "p", "p", "--", "bash", "-c", command]
    assert job_sh(tmp_path, *words).returncode == 0
    found = tmp_path / "laid out"
    assert {p.name for p in (found / "o").iterdir() if p.is_symlink()} == {"near", "lost"}
    assert (found / "o" / "out").read_text() == (found / "o" / "far").read_text() == (found / "p").read_text() == "g"
    assert not (found / "p").is_symlink()


def test_a_job_that_is_ended_leaves_no_process_behind(tmp_path: Path) -> None:
    """An engine ends the script alone; the command and what it started end with it."""
    (tmp_path / "job.sh").write_bytes(support()["job.sh"])
    command = ["--", "bash", "-c", "sleep 1000 & echo $!; wait"]
    words = ["bash", "job.sh", "a", "g", *command]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout is not None
        assert int(job.stdout.readline()) > 0
        job.send_signal(signal.SIGTERM)
        # This ends when nobody holds the other end any more: not the script, nor `bash`, nor `sleep`.
        assert job.stdout.read() == ""
        assert job.wait() == 128 + signal.SIGTERM
