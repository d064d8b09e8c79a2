"""Lists in files, through passes, batches, comparisons and descriptions; `engines/test_list_files.py` runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sncompile.api import CompileOptions, check, compile_graph, compile_program, graph_of, optimize
from sncompile.ir.diff.compare import compare
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Job, jobs

from .command_line import in_this_process

MODULE = """\
module: &gather
      inputs: {images: {type: "file[]"}}
      params: {level: {type: integer, default: 1}}
      outputs: {o: {type: file}}
      command: [tool, {list_file: "${inputs.images}", option: --list}, "${params.level}", "${outputs.o}"]
"""

BRANCHES = f"""\
sncompile: 1
pipeline: main
steps:
  gather_A:
    with: {{images: [A/1.tif, A/2.tif]}}
    {MODULE}
  gather_B: {{with: {{images: [B/1.tif, B/2.tif]}}, module: *gather}}
  gather_C: {{with: {{images: [C/1.tif, C/2.tif]}}, module: *gather}}
"""

CHAIN = """\
sncompile: 1
pipeline: main
tables: {t: {key: [k], rows: [{k: a, w: x}, {k: b, w: y}]}}
steps:
  first:
    by: [k]
    with: {words: ["${t.w}", "${k}"]}
    module: &tool
      params: {words: {type: "string[]"}}
      inputs: {i: {type: "file?"}}
      outputs: {o: {type: file}}
      command: [tool, {list_file: "${params.words}", separator: nul}, "${inputs.i}", "${outputs.o}"]
  second: {by: [k], with: {words: ["${k}"], i: "${first.o}"}, module: *tool}
outputs: {o: "${second.o}"}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def graph(text: str) -> Graph:
    """The graph of a spec without errors."""
    Path("main.yaml").write_text(text)
    return graph_of(check("main.yaml").require())


def lists(made: Graph) -> dict[str, dict[str, str]]:
    """What every job has in its list files."""
    return {job.id: job.lists for job in jobs(made)}


def test_branches_become_one_rule_with_their_lists() -> None:
    """Jobs stay what they were, their lists with them, and every target reads them back."""
    before = graph(BRANCHES)
    after = optimize(before, 1, check=True).graph
    assert len(after.families) == 1
    assert lists(after) == lists(before)
    assert lists(after)["gather_B"] == {"results/gather_B/.sncompile/lists/images.txt": "B/1.tif\nB/2.tif\n"}
    for target in ("snakemake", "cwl", "bash"):
        compile_graph(after, target)  # It reads back what it emits.


def test_what_ends_an_item_keeps_branches_apart() -> None:
    other = BRANCHES.replace("module: *gather}\n", "module: {inputs: {images: {type: 'file[]'}}, params: {level: "
        "{type: integer, default: 1}}, outputs: {o: {type: file}}, command: [tool, {list_file: '${inputs.images}', "
        "option: --list, separator: nul}, '${params.level}', '${outputs.o}']}}\n", 1)  # fmt: skip
    assert len(optimize(graph(other), 1).graph.families) == 2


def test_two_steps_in_one_job_write_both_lists() -> None:
    before = graph(CHAIN)
    after = optimize(before, 2, check=True).graph
    assert list(after.families) == ["second"]
    told = lists(before)
    assert lists(after) == {f"second/{k}": told[f"first/{k}"] | told[f"second/{k}"] for k in "ab"}
    for target in ("snakemake", "cwl", "bash"):
        compile_graph(after, target)


def test_batches_write_lists_in_their_script() -> None:
    made = graph(CHAIN.replace("by: [k]", "by: [k]\n    batch: 2", 1).replace("separator: nul", "separator: newline"))
    emitted = compile_graph(optimize(made, 2, check=True).graph)
    scripts = [text.decode() for name, text in emitted.files.items() if name.startswith("files/batches/")]
    assert scripts
    assert all(".sncompile/lists/a/words.txt" in text for text in scripts)


def test_lists_that_change_are_told() -> None:
    """By `diff` too, which makes no digests."""
    old = graph(BRANCHES)
    for change in (("A/2.tif", "A/3.tif"), ('images}", option', 'images}", separator: nul, option')):
        new = graph(BRANCHES.replace(*change))
        assert compare(old, new).differs
        assert {j.digest for j in jobs(old)} != {j.digest for j in jobs(new)}
    assert not compare(old, graph(BRANCHES)).differs


def _function(images: str, more: str = "") -> Job:
    made = graph(f"""\
sncompile: 1
pipeline: main
tables: {{t: {{key: [k], rows: [{{k: a, path: a.tif}}, {{k: b, path: b.tif}}]}}}}
steps:
  one: {{module: {{outputs: {{o: {{type: file}}}}, command: [touch, "${{outputs.o}}"]}}}}
  call:
    with: {{images: {images}}}
    module:
      inputs: {{images: {{type: "file[]"}}}}
      params: {{names: {{type: "string[]", default: [x, y{more}]}}}}
      outputs: {{o: {{type: file}}}}
      python: tools:call
""")
    return next(job for job in jobs(made) if job.step == "call")


def test_arguments_that_may_grow_are_in_a_file() -> None:
    """What decides is where a list comes from, and not how long it is today."""
    for images in ('["a.tif", "${one.o}"]', "[a.tif]"):
        job = _function(images)
        assert job.lists == {}
        assert json.loads((job.command or [])[-1])["names"] == ["x", "y"]
    job = _function('"${t.path}"')
    path = "results/call/.sncompile/lists/arguments.json"
    assert (job.command or [])[-1] == f"@{path}"
    assert json.loads(job.lists[path]) == {
        "images": ["a.tif", "b.tif"], "o": "results/call/o", "names": ["x", "y"]
    }  # fmt: skip
    assert _function("[a.tif]", f", '{'z' * 20_000}'").lists != {}


def test_no_output_may_be_a_list_file() -> None:
    Path("main.yaml").write_text(BRANCHES.replace("{with: {images: [B/1.tif, B/2.tif]}",
        "{outputs: {o: results/gather_A/.sncompile/lists/images.txt}, with: {images: [B/1.tif, B/2.tif]}"))  # fmt: skip
    assert "SN514" in {each.code for each in check("main.yaml").diagnostics}


def test_a_list_is_written_once_however_often_it_is_named() -> None:
    item = '{list_file: "${inputs.images}"}'
    words = [item, '"${list_file(inputs.images)}"', item.removesuffix("}") + ", separator: nul}"]
    made = graph(BRANCHES.replace('{list_file: "${inputs.images}", option: --list}', ", ".join(words)))
    job = next(jobs(made))
    folder = "results/gather_A/.sncompile/lists"
    assert (job.command or [])[1:4] == [f"{folder}/images.txt"] * 2 + [f"{folder}/images_2.txt"]
    assert job.lists == {
        f"{folder}/images.txt": "A/1.tif\nA/2.tif\n", f"{folder}/images_2.txt": "A/1.tif\0A/2.tif\0"
    }  # fmt: skip


def test_what_a_module_says_of_its_lists_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    Path("tool.yaml").write_text(
        'sncompile: 1\nmodule: tool\ninputs: {images: {type: "file[]"}}\noutputs: {o: {type: file}}\n'
        'command: [tool, {list_file: "${inputs.images}", separator: nul, option: -l, prefix: "@", when: "${1 < 2}"},'
        ' "${outputs.o}"]\n'
    )
    run = in_this_process(capsys)
    told = json.loads(run("describe", "tool.yaml", "--json").out)
    assert told["command"][1] == {
        "list_file": "${inputs.images}", "separator": "nul", "option": "-l", "prefix": "@", "when": "${1 < 2}"
    }  # fmt: skip
    assert '-l @(file with "${inputs.images}") (with NUL) (when ${1 < 2})' in run("describe", "tool.yaml").out


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ("{list_file: x.txt}", "takes a list"),
        ("{list_file: ['${resources.cpus}']}", "known before"),
        ("{list_file: '${inputs.images}', value: x}", "does not go with `list_file`"),
        ("{list_file: '${inputs.images}', separator: comma}", "separator"),
        ("{separator: nul}", "an argument is"),
        ("\"${list_file(inputs.images, 'nul')}\"", "takes a list, and perhaps a separator"),
    ],
)
def test_wrong_list_files_are_told(item: str, told: str) -> None:
    text = BRANCHES.replace('{list_file: "${inputs.images}", option: --list}', item)
    Path("main.yaml").write_text(text.replace("      outputs:", "      resources: {cpus: 1}\n      outputs:"))
    found = check("main.yaml").diagnostics
    assert any(told in each.message for each in found), [each.message for each in found]
    assert all(each.help and each.span for each in found)


def test_a_list_of_a_pipeline_that_is_compiled_for_plain_snakemake_is_read_back() -> None:
    options = CompileOptions(level=0)
    Path("main.yaml").write_text(CHAIN)
    emitted = compile_program(check("main.yaml").require(), options).emitted
    text = emitted.files["Snakefile"].decode()
    assert "(list=results/first/.sncompile/lists/{wildcards.k:q}/words.txt; mkdir -p" in text


def test_a_script_that_no_container_takes_is_told() -> None:
    """It goes in as one argument; with its list in a file it is short."""
    rows = ", ".join(f"{{k: k{number}, path: {'d' * 60}/{number}.tif}}" for number in range(2_500))
    text = f"""\
sncompile: 1
pipeline: main
tables: {{t: {{key: [k], rows: [{rows}]}}}}
steps:
  all:
    with: {{images: "${{t.path}}"}}
    module:
      inputs: {{images: {{type: "file[]"}}}}
      outputs: {{o: {{type: file}}}}
      container: org/tool:1
      shell: 'for image in ${{inputs.images}}; do tool "$image"; done > ${{outputs.o}}'
"""
    assert compile_graph(graph(text)).warnings == ()
    told = compile_graph(graph(text), containers="docker").warnings
    assert [each.code for each in told] == ["SN338"]
    assert "list_file" in (told[0].help or "")
    short = text.replace("for image in ${inputs.images}; do tool", "while read -r image; do tool").replace(
        "done >", "done < ${list_file(inputs.images)} >"
    )
    assert compile_graph(graph(short), containers="docker").warnings == ()
