"""CWL in real containers: a tiny image, made here of static programs, through Docker or podman."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ..sums import sums
from . import engines
from .cwl_runs import cwltool, emit_cwl, graph_from, needs_cwltool
from .engines import NoEngine

IMAGE = "localhost/sncompile-tiny:1"

SPEC = """
sncompile: 1
pipeline: boxed
tables: {t: {key: [k], rows: [{k: a b, v: "$(x) 'q'"}, {k: "it's", v: "\\n"}]}}
steps:
  one:
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file}}
      params: {v: {type: string}}
      shell: "cat ${inputs.i} > ${outputs.o}; printf '<%s>' ${params.v} \\"$V\\" >> ${outputs.o}; ls /only/here >> ${outputs.o}"
    by: [k]
    with: {i: "in/x y.txt", v: "${t.v}"}
    container: {image: "docker://IMAGE", env: {V: "${t.v}"}}
  all:
    module:
      inputs: {i: {type: "file[]"}, f: {type: directory}}
      outputs: {d: {type: directory}}
      shell: "mkdir ${outputs.d}; cp -r ${inputs.i} ${outputs.d}; ls ${inputs.f}/*/* > ${outputs.d}/listed"
      success: {min_files: {d: 1}}
    with: {i: ["${one.o[0]}"], f: in}
    container: "IMAGE"
""".replace("IMAGE", IMAGE)  # noqa: E501


@pytest.fixture(scope="module", params=["docker", "podman"])
def docker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which `docker` runs the tiny image; it is Docker (one that is there, or our own) or podman."""
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        try:
            root = engines.image_root(folder / "image")
            if request.param == "podman":
                environment = stack.enter_context(engines.podman(folder / "store")) | called_docker(folder / "bin")
            elif engines.docker_answers():
                environment = {}
            else:
                environment = stack.enter_context(engines.docker(folder / "store"))
            stack.callback(engines.run, environment, "docker", "rmi", "--force", IMAGE)
            engines.import_image(environment, "docker", root, IMAGE)
        except NoEngine as why:
            pytest.skip(str(why))
        yield environment


def called_docker(folder: Path) -> dict[str, str]:
    """The environment in which podman is what `docker` calls: cwltool's own option for it is not for root."""
    folder.mkdir()
    (folder / "docker").symlink_to(str(shutil.which("podman")))
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


@needs_cwltool
def test_jobs_run_in_their_images(tmp_path: Path, docker: dict[str, str]) -> None:
    """Files, values and variables arrive in a container; outputs come out of it."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "f").touch()
    (tmp_path / "in" / "x y.txt").write_text("data\n")
    graph = graph_from(tmp_path / "spec.yaml")
    emit_cwl(graph)
    done = cwltool(graph, containers=True, env=docker)
    assert done.returncode == 0, done.stderr[-4000:]
    results = tmp_path / "out" / "results"
    assert (results / "one" / "a b" / "o").read_text() == "data\n<$(x) 'q'><$(x) 'q'>mark\n"
    assert sums(results).keys() == {"one/a b/o", "one/it's/o", "all/d/o", "all/d/listed"}
    assert (results / "all" / "d" / "listed").read_text() == "in/deep/f\n"
