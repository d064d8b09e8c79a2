"""Bilayers specs made up by Hypothesis: every field, every kind, every order; what is placed can be found."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Fields = dict[str, Any]

_LETTERS = st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn"))
TEXTS = st.text(_LETTERS, max_size=12) | st.sampled_from(
    ["no", "1.0", "None", "a: b", "- x", "${x}", "#c", "it's", 'say "x"', "{y}", "1e-3", "2024-01-02", " pad ", "~"]
)
WORDS = st.from_regex(r"[a-z][a-z0-9_.]{0,8}", fullmatch=True).filter(lambda w: w != "ignore")
NAMES = WORDS | st.sampled_from(["two words", "class", "1st", "a-b", "größe", "a.b", "true"])
TAGS = st.sampled_from(["", "--size", "-s", "--size=", "size=", "--set size", "--set size=", "'--odd tag'"])
ORDERS = st.integers(-3, 3)
ANY = st.none() | st.booleans() | st.integers(-9, 9) | TEXTS
MODES = st.sampled_from(["beginner", "advanced"])
FLAGS = st.booleans()


def _shown(kind: str) -> Fields:
    """Fields that are for people alone."""
    return {"label": ANY, "section_id": TEXTS, "mode": MODES, "description": TEXTS}


def _fields(needed: Fields, optional: Fields) -> st.SearchStrategy[Fields]:
    return st.fixed_dictionaries(needed, optional=optional)


def _names(count: int) -> st.SearchStrategy[list[str]]:
    return st.lists(NAMES, min_size=count, max_size=count, unique=True)


@st.composite
def ports(draw: st.DrawFn, section: str) -> Fields:
    """An input or output; `folder_name` is set later, where all are known."""
    kind = draw(st.sampled_from(["image", "measurement", "array", "file", "executable"]))
    needed: Fields = {"type": st.just(kind), "optional": FLAGS}
    if kind == "image":
        subtypes = st.lists(st.sampled_from(["grayscale", "color", "binary", "label"]), unique=True)
        needed |= {"subtype": subtypes, "depth": FLAGS, "timepoints": FLAGS, "tiled": FLAGS, "pyramidal": FLAGS}
    optional: Fields = {
        **_shown(kind),
        "cli_order": ORDERS,
        "default": st.sampled_from(["directory", "single"]),
        "file_count": st.sampled_from(["single", "multiple"]),
        "format": st.lists(st.sampled_from(["tiff", "png", "csv", "ome.tiff"]), max_size=3, unique=True),
        "unique_string": st.lists(TEXTS, max_size=2),
    }
    needed["cli_tag"] = TAGS if section == "inputs" else TAGS | st.sampled_from(["None", None])
    return draw(_fields(needed, optional))


def _numbers(kind: str) -> st.SearchStrategy[Any]:
    if kind == "integer":
        return st.integers(-(10**6), 10**6)
    return st.integers(-99, 99) | st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def parameters(draw: st.DrawFn) -> Fields:
    """A parameter of any kind."""
    kind = draw(st.sampled_from(["integer", "float", "boolean", "checkbox", "dropdown", "radio", "textbox"]))
    needed: Fields = {"type": st.just(kind), "optional": FLAGS, "cli_tag": TAGS | st.sampled_from(["None", None])}
    nothing = st.sampled_from([None, "None", ""])
    if kind in ("dropdown", "radio"):
        one = draw(st.sampled_from([WORDS, st.integers(-9, 9), st.floats(-9, 9), WORDS | st.just("None")]))
        values = draw(st.lists(one, min_size=1, max_size=4, unique_by=str))
        needed["options"] = st.just([{"label": draw(ANY), "value": v} for v in values])
        needed["default"] = st.sampled_from(values) | nothing
        if kind == "dropdown":
            needed["multiselect"] = st.just(False)
    elif kind in ("boolean", "checkbox"):
        needed["default"] = FLAGS
        needed["append_value"] = FLAGS
    elif kind == "textbox":
        needed["default"] = TEXTS | nothing
    else:
        needed["default"] = _numbers(kind) | nothing
    return draw(_fields(needed, {**_shown(kind), "cli_order": ORDERS, "interactive": FLAGS}))


HIDDEN = st.fixed_dictionaries(
    {"cli_tag": TAGS, "value": WORDS | st.booleans() | st.just("two words") | st.just("")},
    optional={"append_value": FLAGS, "cli_order": ORDERS},
)


def _named(draw: st.DrawFn, items: list[Fields]) -> list[Fields]:
    names = draw(_names(len(items)))
    return [{"name": name, **item} for name, item in zip(names, items, strict=True)]


@st.composite
def specs(draw: st.DrawFn) -> Fields:
    """A whole spec. Inputs have tags, and all outputs a folder, so that every path can be told to the tool."""
    inputs = _named(draw, draw(st.lists(ports("inputs"), max_size=3)))
    outputs = _named(draw, draw(st.lists(ports("outputs"), max_size=3)))
    folders = st.sampled_from(["/bilayers/a", "/bilayers/b/", "/bilayers/c/deep", "/bilayers/in put"])
    for item in inputs:
        item["folder_name"] = draw(folders | st.just("/bilayers/inputs"))
    for item in outputs:
        item["folder_name"] = draw(folders)
    params = _named(draw, draw(st.lists(parameters(), max_size=5)))
    for item in params:
        if item["type"] == "textbox" and draw(FLAGS):
            item |= {"output_dir_set": draw(FLAGS), "default": draw(folders)}
    command: Fields = {
        "name": "generate_cli_command",
        "cli_command": draw(st.sampled_from(["tool", "python -m tool -v", "tool 'a b'", "cd /app && ./tool", "X=1 t"])),
    }
    hidden = draw(st.none() | st.lists(HIDDEN, max_size=3, unique_by=lambda h: h["cli_tag"]))
    if hidden is not None or draw(FLAGS):
        command["hidden_args"] = hidden
    citation = st.fixed_dictionaries({"name": TEXTS}, optional={"doi": TEXTS, "license": TEXTS, "description": TEXTS})
    spec: Fields = {
        "citations": draw(st.lists(citation, max_size=3)),
        "docker_image": {"org": draw(WORDS), "name": draw(WORDS), "tag": draw(WORDS | st.just("1.10"))},
        "algorithm_folder_name": draw(NAMES),
        "exec_function": command,
        "inputs": inputs,
        "outputs": outputs,
        "parameters": params,
    }
    if draw(FLAGS):
        spec["docker_image"]["platform"] = draw(WORDS)
    if draw(FLAGS):
        spec["display_only"] = draw(st.none() | st.lists(parameters().map(_displayed), min_size=1, max_size=2))
        if spec["display_only"]:
            spec["display_only"] = _named(draw, spec["display_only"])
    return spec


def _displayed(item: Fields) -> Fields:
    return {name: value for name, value in item.items() if name not in ("cli_tag", "cli_order")}
