"""CWL in real containers: a tiny image, made here of static programs, through Docker or podman."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sncompile.api import check, graph_of

from .cwl_runs import cwltool, emit_cwl, needs_cwltool, sums

IMAGE = "localhost/sncompile-tiny:1"
STATIC = ("/bin/busybox", "/bin/bash-static")
# As root, and where there may be neither cgroups nor a network: what podman asks for beside the usual.
PODMAN = """\
#!/bin/bash
global=(--root {store}/graph --runroot {short} --storage-driver vfs --cgroup-manager cgroupfs --events-backend none
  --runtime runc)
if [[ ${{1-}} == run ]]; then
  shift
  set -- run --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 "$@"
fi
exec {podman} "${{global[@]}}" "$@"
"""

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


def _root(folder: Path) -> Path:
    """The files of the image: bash, busybox, and a mark by which it is known."""
    for name in ("bin", "etc", "proc", "sys", "dev", "tmp", "var/tmp", "root", "only/here"):
        (folder / name).mkdir(parents=True)
    (folder / "only" / "here" / "mark").touch()
    shutil.copy(STATIC[0], folder / "bin" / "busybox")
    shutil.copy(STATIC[1], folder / "bin" / "bash")
    listed = subprocess.run([STATIC[0], "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in listed:
        if not (folder / "bin" / name).exists():
            (folder / "bin" / name).symlink_to("busybox")
    (folder / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    for name in ("resolv.conf", "hosts"):
        (folder / "etc" / name).touch()
    return folder


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which `docker` runs the tiny image; skips where neither Docker nor podman does."""
    missing = [path for path in STATIC if not Path(path).exists()]
    if missing:
        pytest.skip(f"an image cannot be made without {' and '.join(missing)} (packages busybox-static, bash-static)")
    folder = tmp_path_factory.mktemp("engine")
    root = _root(folder / "image")
    podman = shutil.which("podman")
    env = {}
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode if shutil.which("docker") else 1:
        if podman is None or os.geteuid() != 0:
            pytest.skip("neither a Docker daemon answers, nor is podman there for root")
        (folder / "bin").mkdir()
        (folder / "bin" / "docker").write_text(
            PODMAN.format(store=folder / "store", short=f"/tmp/sncompile-podman-{os.getpid()}", podman=podman)
        )
        (folder / "bin" / "docker").chmod(0o755)
        env = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    here = {**os.environ, **env}
    archive = folder / "image.tar"
    subprocess.run(["tar", "-C", str(root), "-cf", str(archive), "."], check=True)
    made = subprocess.run(
        ["docker", "import", str(archive), IMAGE], capture_output=True, text=True, check=False, env=here
    )
    tried = subprocess.run(
        ["docker", "run", "--rm", "--net=none", IMAGE, "true"], capture_output=True, text=True, check=False, env=here
    )
    if made.returncode or tried.returncode:
        pytest.skip(f"the engine does not run an image: {(made.stderr + tried.stderr).strip()[-300:]}")
    yield env
    subprocess.run(["docker", "rmi", "--force", IMAGE], capture_output=True, check=False, env=here)


@needs_cwltool
def test_jobs_run_in_their_images(tmp_path: Path, docker: dict[str, str]) -> None:
    """Files, values and variables arrive in a container; outputs come out of it."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "f").touch()
    (tmp_path / "in" / "x y.txt").write_text("data\n")
    graph = graph_of(check(tmp_path / "spec.yaml").require())
    emit_cwl(graph)
    done = cwltool(graph, containers=True, env=docker)
    assert done.returncode == 0, done.stderr[-4000:]
    results = tmp_path / "out" / "results"
    assert (results / "one" / "a b" / "o").read_text() == "data\n<$(x) 'q'><$(x) 'q'>mark\n"
    assert not (results / "one" / "it's").exists()
    assert sums(results).keys() == {"one/a b/o", "all/d/o", "all/d/listed"}
    assert (results / "all" / "d" / "listed").read_text() == "in/deep/f\n"
