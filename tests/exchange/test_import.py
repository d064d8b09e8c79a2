"""Bilayers specs → modules: what the module says, and what its command runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sncompile.api import check

from . import bilayers
from .strategies import TAGS, WORDS

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", bilayers.NAMES)
def test_the_module_of_an_example(name: str, request: pytest.FixtureRequest) -> None:
    """The whole text, as people read it; `--accept` writes it anew."""
    file = f"{name}.yaml"
    found = bilayers.imported((bilayers.SPECS / file).read_text("utf-8"), file).text
    golden = GOLDEN / file
    if request.config.getoption("--accept"):
        golden.write_text(found or "", "utf-8")
    assert found == golden.read_text("utf-8")


@pytest.mark.parametrize("name", bilayers.NAMES)
def test_the_module_passes_the_check(name: str) -> None:
    checked = check(GOLDEN / f"{name}.yaml", strict=True)
    assert checked.diagnostics == ()


def test_annotations_change_nothing_that_runs(tmp_path: Path) -> None:
    """A module without them has the same job, to its digest."""
    module = bilayers.module_of(bilayers.load("sort_lines"))
    bare = yaml.safe_load(module)
    del bare["annotations"]
    jobs = [bilayers.job_of(text, tmp_path, {"text": "a.txt"}) for text in (module, bilayers.text_of(bare))]
    assert jobs[0].digest == jobs[1].digest


# --- Commands ---------------------------------------------------------------------------------------------------------


def small(**parts: Any) -> bilayers.Spec:
    """A spec with one input, one output and nothing else but these parts."""
    spec: bilayers.Spec = {
        "citations": [{"name": "Small"}],
        "docker_image": {"org": "lab", "name": "small", "tag": "1", "platform": "linux/amd64"},
        "algorithm_folder_name": "small",
        "exec_function": {"name": "generate_cli_command", "cli_command": "tool", "hidden_args": None},
        "inputs": [{"name": "images", "type": "image", "cli_tag": "--in", "default": "directory", "optional": False}],
        "outputs": [_output("masks")],
        "parameters": [_chooser("/out")],
    }
    for name, part in parts.items():
        if name in ("cli_command", "hidden_args"):
            spec["exec_function"][name] = part
        elif name == "parameters":
            spec[name] = [*spec[name], *part]
        else:
            spec[name] = part
    return spec


def _output(name: str, **fields: Any) -> dict[str, Any]:
    usual = {"type": "image", "cli_tag": "None", "default": "directory", "optional": True, "folder_name": "/out"}
    return {"name": name, **usual, **fields}


def _chooser(folder: str, **fields: Any) -> dict[str, Any]:
    usual = {"type": "textbox", "cli_tag": "--out", "optional": True, "output_dir_set": True}
    return {"name": "save_dir", "default": folder, **usual, **fields}


def param(kind: str, default: Any, tag: str = "--x", **fields: Any) -> dict[str, Any]:
    """A parameter called `x`."""
    return {"name": "x", "type": kind, "default": default, "cli_tag": tag, "optional": True, **fields}


def choice(default: Any, *values: Any, **fields: Any) -> dict[str, Any]:
    """A radio called `x`."""
    return param("radio", default, options=[{"label": "L", "value": v} for v in values], **fields)


IN, OUT = ["--in", "raw"], ["--out", "results/tool/masks"]

COMMANDS = {
    "a value after its tag": (param("integer", 3), {}, ["--x", "3"]),
    "a value glued to a tag with a sign": (param("float", 2.5, "--x="), {}, ["--x=2.5"]),
    "a value without a tag": (param("textbox", "v", ""), {}, ["v"]),
    "no value": (param("textbox", ""), {}, []),
    "no value for a glued tag": (param("integer", None, "--x="), {}, []),
    "a value given where there is no default": (param("integer", "None"), {"x": 7}, ["--x", "7"]),
    "a tag of two words": (param("integer", 3, "--set x"), {}, ["--set", "x", "3"]),
    "a tag of two words, and no value": (param("integer", None, "--set x"), {}, []),
    "a tag that is not passed": (param("integer", 3, "None"), {}, []),
    "a checkbox that is set": (param("checkbox", True, append_value=False), {}, ["--x"]),
    "a checkbox that is not set": (param("checkbox", False, append_value=False), {}, []),
    "a checkbox with its value": (param("checkbox", False, append_value=True), {}, ["--x", "False"]),
    "a checkbox with its value glued": (param("checkbox", True, "--x=", append_value=True), {}, ["--x=True"]),
    "a boolean": (param("boolean", True), {}, ["--x"]),
    "an option": (choice("b", "a", "b"), {}, ["--x", "b"]),
    "an option that is a number": (choice(1, 0, 1), {}, ["--x", "1"]),
    "the option None": (choice("None", "a", "None"), {}, []),
    "the option ignore": (choice("a", "a", "ignore"), {"x": "ignore"}, []),
    "the option ignore, glued": (choice("ignore", "a", "ignore", cli_tag="--x="), {}, []),
    "two options that leave it out": (choice("", "a", "", "ignore"), {}, []),
    "options that are numbers and texts": (choice(2, "None", 2), {}, ["--x", "2"]),
    "a text with signs of a shell": (param("textbox", "$(id) ${x} 'q'"), {}, ["--x", "$(id) ${x} 'q'"]),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_parameter_in_the_command(case: str, tmp_path: Path) -> None:
    """The words of the job, by kind of parameter, tag and value."""
    item, given, expected = COMMANDS[case]
    module = bilayers.module_of(small(parameters=[item]))
    job = bilayers.job_of(module, tmp_path, {"images": "raw", **given})
    assert job.command == ["tool", *IN, *OUT, *expected]


HIDDEN = {
    "a tag and a value": ([{"cli_tag": "--h", "value": "v"}], ["tool", *IN, *OUT, "--h", "v"]),
    "first": ([{"cli_tag": "--h", "value": "v", "cli_order": 1}], ["tool", "--h", "v", *IN, *OUT]),
    "last": ([{"cli_tag": "--h", "value": "v", "cli_order": -1}], ["tool", *IN, *OUT, "--h", "v"]),
    "before the last": (
        [{"cli_tag": "--l", "value": "1", "cli_order": -1}, {"cli_tag": "--h", "value": "2", "cli_order": -2}],
        ["tool", *IN, *OUT, "--h", "2", "--l", "1"],
    ),
    "glued": ([{"cli_tag": "--h=", "value": "v"}], ["tool", *IN, *OUT, "--h=v"]),
    "without a tag": ([{"cli_tag": "", "value": "v w"}], ["tool", *IN, *OUT, "v", "w"]),
    "a text that says True": ([{"cli_tag": "--h", "value": "True"}], ["tool", *IN, *OUT, "--h", "True"]),
    "a boolean": ([{"cli_tag": "--h", "value": True}], ["tool", *IN, *OUT, "--h"]),
    "a boolean with its value": (
        [{"cli_tag": "--h", "value": False, "append_value": True}],
        ["tool", *IN, *OUT, "--h", "False"],
    ),
    "several with one tag: the last, in the place of the first": (
        [
            {"cli_tag": "--h", "value": "1"},
            {"cli_tag": "--i", "value": "2"},
            {"cli_tag": "--h", "value": "3"},
        ],
        ["tool", *IN, *OUT, "--h", "3", "--i", "2"],
    ),
    "the folder of an output": (
        [{"cli_tag": "--copy=", "value": "/out/copy"}],
        ["tool", *IN, *OUT, "--copy=results/tool/masks/copy"],
    ),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_hidden_arguments(case: str, tmp_path: Path) -> None:
    hidden, expected = HIDDEN[case]
    job = bilayers.job_of(bilayers.module_of(small(hidden_args=hidden)), tmp_path, {"images": "raw"})
    assert job.command == expected


def test_a_command_for_a_shell(tmp_path: Path) -> None:
    """`cd` and variables are the shell's; the arguments are not."""
    job = bilayers.job_of(
        bilayers.module_of(small(cli_command="cd /app && A=1 ./tool -v")), tmp_path, {"images": "raw"}
    )
    assert job.command == ["sh", "-c", 'cd /app && A=1 ./tool -v "$@"', "sh", *IN, *OUT]


_ORDERS = st.integers(-2, 2)
_VALUES = {
    "integer": st.integers(-99, 99),
    # Of `1e-07` the library that writes these specs makes `1.0e-07`, which is another text.
    "float": st.floats(-9, 9).filter(lambda value: "e" not in repr(value) or "." in repr(value)),
    "checkbox": st.booleans(),
    "textbox": WORDS,
}


@st.composite
def _passed(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(_VALUES)))
    found = param(
        kind, draw(_VALUES[kind]), draw(TAGS), optional=draw(st.booleans()), cli_order=draw(st.integers(-2, 2))
    )
    return found | ({"append_value": draw(st.booleans())} if kind == "checkbox" else {})


_HIDDEN = st.fixed_dictionaries(
    {"cli_tag": TAGS, "value": WORDS | st.booleans()},
    optional={"append_value": st.booleans(), "cli_order": st.integers(-2, 2)},
)


@given(
    st.lists(_passed(), max_size=5),
    st.lists(_HIDDEN, max_size=3, unique_by=lambda h: h["cli_tag"]),
    _ORDERS,
    _ORDERS,
    TAGS,
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_job_runs_what_bilayers_would(
    tmp_path_factory: pytest.TempPathFactory,
    items: list[dict[str, Any]],
    hidden: list[dict[str, Any]],
    of_input: int,
    of_output: int,
    tag: str,
) -> None:
    """The arguments and their order, for parameters of all kinds at once, against Bilayers' rule written down anew."""
    named = [{**item, "name": f"x{number}"} for number, item in enumerate(items)]
    spec = small(parameters=named, hidden_args=hidden)
    spec["inputs"][0] |= {"cli_order": of_input, "cli_tag": tag}
    spec["parameters"][0] |= {"cli_order": of_output}
    folder = tmp_path_factory.mktemp("job")
    job = bilayers.job_of(bilayers.module_of(spec), folder, {"images": "raw"})
    values = {p["name"]: p["default"] for p in named} | {"images": "raw", "save_dir": "results/tool/masks"}
    assert job.command == bilayers.words(spec, values)


# --- Where outputs go -------------------------------------------------------------------------------------------------


def _outputs(spec: bilayers.Spec, tmp_path: Path) -> tuple[dict[str, Any], list[str]]:
    job = bilayers.job_of(bilayers.module_of(spec), tmp_path, {"images": "raw"})
    return job.outputs, job.command[1:]


def test_outputs_in_one_folder_are_one_output(tmp_path: Path) -> None:
    outputs, words = _outputs(small(outputs=[_output("masks"), _output("table", type="measurement")]), tmp_path)
    assert outputs == {"out": "results/tool/out"}
    assert words == [*IN, "--out", "results/tool/out"]


def test_an_output_with_a_tag_of_its_own_is_passed(tmp_path: Path) -> None:
    """Bilayers leaves it out; there is no other way to tell the tool where to write."""
    log = _output("log", type="file", cli_tag="--log", default="single", folder_name="/logs/log", format=["log"])
    outputs, words = _outputs(small(outputs=[_output("masks"), log]), tmp_path)
    assert outputs == {"masks": "results/tool/masks", "log": "results/tool/log.log"}
    assert words == [*IN, "--log", "results/tool/log.log", *OUT]


def test_a_tag_that_a_parameter_has_is_not_the_outputs_own(tmp_path: Path) -> None:
    outputs, words = _outputs(small(outputs=[_output("masks", cli_tag="--out")]), tmp_path)
    assert outputs == {"masks": "results/tool/masks"}
    assert words == [*IN, *OUT]


def test_a_hidden_argument_can_say_where(tmp_path: Path) -> None:
    spec = small(hidden_args=[{"cli_tag": "--to", "value": "/out/"}])
    spec["parameters"] = []
    assert _outputs(spec, tmp_path) == ({"masks": "results/tool/masks"}, [*IN, "--to", "results/tool/masks"])


def test_the_command_can_say_where(tmp_path: Path) -> None:
    spec = small(cli_command="tool --to=/out/x --flag")
    spec["parameters"] = []
    assert _outputs(spec, tmp_path)[1] == ["--to=results/tool/masks/x", "--flag", *IN]


def test_a_chooser_without_a_known_folder_takes_what_has_no_place(tmp_path: Path) -> None:
    spec = small(outputs=[_output("masks", folder_name="/elsewhere")])
    assert _outputs(spec, tmp_path) == ({"masks": "results/tool/masks"}, [*IN, *OUT])


def test_a_tool_that_writes_beside_its_input_reads_a_copy(tmp_path: Path) -> None:
    spec = small(outputs=[_output("masks", folder_name="/in")])
    spec["inputs"][0]["folder_name"] = "/in"
    spec["parameters"] = []
    job = bilayers.job_of(bilayers.module_of(spec), tmp_path, {"images": "raw"})
    assert job.command == [
        *("sh", "-c", 'cp -RL "$1"/. "$2" && shift 2 && exec "$@"', "sh", "raw", "results/tool/masks"),
        *("tool", "--in", "results/tool/masks"),
    ]


def test_an_output_that_must_be_there() -> None:
    """The folder is made before the tool starts, so its being there says nothing."""
    module = yaml.safe_load(bilayers.module_of(small(outputs=[_output("masks", optional=False)])))
    assert module["success"] == {"min_files": {"masks": 1}}
    assert "success" not in yaml.safe_load(bilayers.module_of(small()))


# --- Parameters and about ---------------------------------------------------------------------------------------------


def test_parameters_of_every_kind() -> None:
    found = yaml.safe_load(bilayers.module_of(bilayers.load("nuclei")))["params"]
    assert {name: (p["type"], p.get("default", ...)) for name, p in found.items()} == {
        "method": ("string?", "otsu"),
        "channel": ("integer", 0),
        "min_size": ("integer?", 15),
        "sigma": ("number?", ...),
        "scale": ("number", ...),
        "write_outlines": ("boolean", False),
        "split": ("boolean", True),
        "fast": ("boolean", True),
        "pattern": ("string?", ...),
    }
    assert found["channel"]["enum"] == [0, 1]
    assert found["method"]["enum"] == ["otsu", "li", "None"]


def test_names_that_expressions_cannot_hold() -> None:
    items = [{**param("integer", 1), "name": name} for name in ("two words", "class", "1st", "two_words", "größe")]
    module = yaml.safe_load(bilayers.module_of(small(parameters=items)))
    assert list(module["params"]) == ["two_words", "class_", "_1st", "two_words_2", "gr_e"]
    assert [p["name"] for p in bilayers.spec_of(bilayers.text_of(module))["parameters"][1:]] == [
        i["name"] for i in items
    ]


def test_the_words_of_yaml_1_1() -> None:
    """Bilayers reads `no` as false and `1e-3` as text."""
    text = bilayers.text_of(small(parameters=[param("checkbox", "DEFAULT", append_value=False)]))
    module = yaml.safe_load(bilayers.module_of(text.replace("DEFAULT", "on")))
    assert module["params"]["x"]["default"] is True
    text = bilayers.text_of(small(parameters=[param("float", "DEFAULT")]))
    module = yaml.safe_load(bilayers.module_of(text.replace("DEFAULT", "1e-3")))
    assert module["params"]["x"]["default"] == 0.001


def test_the_older_form_of_citations() -> None:
    spec = small()
    older = {**spec, "citations": {"algorithm": spec["citations"]}, "results": None}
    found = bilayers.imported(older)
    assert bilayers.codes(found) == ["SN806", "SN806"]
    assert bilayers.spec_of(found.text or "")["citations"] == spec["citations"]


def test_a_value_is_never_syntax() -> None:
    """A text that looks like an expression, or like the shell's, is a text."""
    spec = small(parameters=[param("textbox", "${params.y} `id`")])
    module = yaml.safe_load(bilayers.module_of(spec))
    assert module["params"]["x"]["default"] == "$${params.y} `id`"
