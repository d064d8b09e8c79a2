"""An image's name says where it is, and every part of the compiler reads the same out of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sncompile.api import check, compile_graph, default_out, graph_of
from sncompile.diagnostics import CompileError
from sncompile.ir.graph.images import ImageKind, ImageName, image_name, images_of
from sncompile.ir.graph.model import Graph
from sncompile.runner.software import missing
from sncompile.semantics.program import Options

SPEC = """
sncompile: 1
pipeline: boxed
tables: {{t: {{key: [k], rows: [{{k: a}}, {{k: b}}]}}}}
steps:
  made:
    by: [k]
    container: "{image}"
    module: {{outputs: {{o: {{type: file}}}}, command: [sh, -c, 'echo > "$0"', "${{outputs.o}}"]}}
"""
DIGEST = "@sha256:" + "1" * 64

NAMES = {
    "org/tool:1": ImageName("org/tool:1", ImageKind.REGISTRY),
    "docker://org/tool:1": ImageName("org/tool:1", ImageKind.REGISTRY),
    f"localhost:5000/tool{DIGEST}": ImageName(f"localhost:5000/tool{DIGEST}", ImageKind.REGISTRY),
    "tools/own.sif": ImageName("tools/own.sif", ImageKind.FILE),
    "/tools/own.simg": ImageName("/tools/own.simg", ImageKind.FILE),
    "./folder": ImageName("./folder", ImageKind.FILE),
    "oras://org/tool:1": ImageName("oras://org/tool:1", ImageKind.ELSEWHERE),
    "library://org/tool.sif": ImageName("library://org/tool.sif", ImageKind.ELSEWHERE),
    "https://example.org/tool.sif": ImageName("https://example.org/tool.sif", ImageKind.ELSEWHERE),
}


def graph(image: str, folder: Path, options: Options | None = None) -> Graph:
    """The graph of two jobs in a container."""
    (folder / "spec.yaml").write_text(SPEC.format(image=image))
    return graph_of(check(folder / "spec.yaml", options).require())


def codes(error: pytest.ExceptionInfo[CompileError]) -> set[str]:
    """The codes of the faults that were raised."""
    return {d.code for d in error.value.diagnostics}


@pytest.mark.parametrize("image", NAMES)
def test_where_an_image_is(image: str) -> None:
    assert image_name(image) == NAMES[image]


@pytest.mark.parametrize("image", NAMES)
def test_snakemake_gets_a_path_for_a_file_and_a_scheme_for_all_else(image: str, tmp_path: Path) -> None:
    name, kind = NAMES[image]
    made = graph(image, tmp_path)
    text = compile_graph(made).files["Snakefile"].decode()
    assert f'container:\n        "{f"docker://{name}" if kind is ImageKind.REGISTRY else image}"\n' in text


@pytest.mark.parametrize("image", NAMES)
def test_podman_and_cwl_take_images_of_registries(image: str, tmp_path: Path) -> None:
    name, kind = NAMES[image]
    made = graph(image, tmp_path)
    if kind is ImageKind.REGISTRY:
        text = compile_graph(made, containers="podman").files["Snakefile"].decode()
        # A long command stands in several strings, one below the other.
        assert f"{{CONTAINER:q}} {name} sh" in re.sub(r'"\n +"', "", text)
        assert f'dockerPull: "{name}"' in _cwl(made)
        return
    with pytest.raises(CompileError) as error:
        compile_graph(made, containers="podman")
    assert codes(error) == {"SN608"}
    with pytest.raises(CompileError) as error:
        _cwl(made)
    assert codes(error) == {"SN622"}


def _cwl(made: Graph) -> str:
    files = compile_graph(made, "cwl", out=default_out(made)).files
    return "".join(data.decode() for name, data in files.items() if name.endswith(".cwl"))


@pytest.mark.parametrize("image", NAMES)
def test_what_may_change_behind_its_name_has_to_be_locked(image: str, tmp_path: Path) -> None:
    """A file is the user's own."""
    if DIGEST in image or NAMES[image].kind is ImageKind.FILE:
        assert graph(image, tmp_path, Options(locked=True)).job_count() == 2
        return
    with pytest.raises(CompileError) as error:
        graph(image, tmp_path, Options(locked=True))
    assert codes(error) == {"SN242"}


@pytest.mark.parametrize("image", NAMES)
def test_apptainers_files_are_looked_for_before_a_run(image: str, tmp_path: Path) -> None:
    made = graph(image, tmp_path)
    told = list(missing(made, tmp_path, "apptainer", ["apptainer"], print))
    absent = NAMES[image].kind is ImageKind.FILE
    assert [(d.code, d.message) for d in told] == [("SN708", f"there is no image file `{image}`")] * absent


def test_an_image_file_that_is_there_is_not_missed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert list(missing(graph("./folder", tmp_path), tmp_path, "apptainer", ["apptainer"], print)) == []


def test_the_images_of_a_graph_are_told_once_each(tmp_path: Path) -> None:
    made = graph("org/${k}:1", tmp_path)
    found = images_of(made.families)
    assert [(image, family.name) for image, (family, _) in found.items()] == [("org/a:1", "made"), ("org/b:1", "made")]
    assert {value.span.line for _, value in found.values()} == {8}
    emitted = compile_graph(made).files["tables/made.tsv"]
    assert b"org/a:1" in emitted
    assert b"org/b:1" in emitted
