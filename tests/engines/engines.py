"""Real container engines for tests, started where there are none, and a tiny image made of static programs."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..waiting import PATIENCE

STATIC = ("/bin/busybox", "/bin/bash-static")
HERE = Path(__file__).parent

# As root, and where there may be neither cgroups nor a network.
_CONTAINERS = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
"""
_STORAGE = """\
[storage]
driver = "vfs"
graphroot = "{folder}/graph"
runroot = "{short}"
"""


class NoEngine(Exception):
    """An engine cannot be had here; the message says why."""


def image_root(folder: Path) -> Path:
    """The files of an image: bash, busybox, and a mark by which it is known."""
    missing = [path for path in STATIC if not Path(path).exists()]
    if missing:
        raise NoEngine(f"an image cannot be made without {' and '.join(missing)} (busybox-static, bash-static)")
    for name in ("bin", "etc", "proc", "sys", "dev", "tmp", "var/tmp", "root", "only/here"):
        (folder / name).mkdir(parents=True)
    (folder / "tmp").chmod(0o1777)
    (folder / "only" / "here" / "mark").touch()
    shutil.copy(STATIC[0], folder / "bin" / "busybox")
    shutil.copy(STATIC[1], folder / "bin" / "bash")
    listed = subprocess.run([STATIC[0], "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in listed:
        if not (folder / "bin" / name).exists():
            (folder / "bin" / name).symlink_to("busybox")
    (folder / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    for name in ("resolv.conf", "hosts", "localtime", "group"):
        (folder / "etc" / name).touch()
    return folder


def _need(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise NoEngine(f"{', '.join(missing)} not installed; `make test-engines` does so where it may")
    if os.geteuid() != 0:
        raise NoEngine("only root can set the engine up")


@contextlib.contextmanager
def _short_folder() -> Iterator[Path]:
    """A folder for what runs: the address of a socket in it may not be long. It is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="sncompile-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def podman(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which podman has a store of its own."""
    _need("podman", "runc", "conmon")
    folder.mkdir(parents=True)
    names = {"CONTAINERS_CONF": "containers.conf", "CONTAINERS_STORAGE_CONF": "storage.conf"}
    environment = {variable: str(folder / name) for variable, name in names.items()}
    with _short_folder() as short:
        (folder / "containers.conf").write_text(_CONTAINERS)
        (folder / "storage.conf").write_text(_STORAGE.format(folder=folder, short=short))
        try:
            yield environment
        finally:
            run(environment, "podman", "rm", "--all", "--force")


@contextlib.contextmanager
def docker(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which `docker` speaks to a daemon of its own."""
    _need("docker", "dockerd")
    folder.mkdir(parents=True)
    with _short_folder() as short, (folder / "log").open("wb") as log:
        address = f"unix://{short}/docker.sock"
        command = ["dockerd", "--data-root", folder / "data", "--exec-root", folder / "exec", "-H", address,
                   "--pidfile", folder / "pid", "--bridge=none", "--iptables=false", "--ip6tables=false",
                   "--storage-driver=vfs", "--default-ulimit", "nofile=1024:1024"]  # fmt: skip
        environment = {"DOCKER_HOST": address}
        daemon = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _await(daemon, lambda: run(environment, "docker", "info").returncode == 0, folder / "log")
            yield environment
        finally:
            daemon.terminate()
            daemon.wait()


@contextlib.contextmanager
def registry(folder: Path) -> Iterator[str]:
    """The address of a registry on this machine."""
    _need("docker-registry")
    folder.mkdir(parents=True)
    storage = f"{{filesystem: {{rootdirectory: {folder}/data}}}}"
    # It takes a port that is free, and tells which.
    (folder / "config.yml").write_text(f"version: 0.1\nstorage: {storage}\nhttp: {{addr: '127.0.0.1:0'}}\n")
    told = folder / "log"
    with told.open("wb") as log:
        server = subprocess.Popen(["docker-registry", "serve", folder / "config.yml"], stdout=log, stderr=log)
    try:
        _await(server, lambda: _LISTENS.search(told.read_text("utf-8", "replace")), told)
        yield _LISTENS.findall(told.read_text("utf-8", "replace"))[0]
    finally:
        server.terminate()
        server.wait()


_LISTENS = re.compile(r"listening on (127\.0\.0\.1:\d+)\D")


def _await(process: subprocess.Popen[bytes], there, log: Path) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + PATIENCE
    while not there():
        if process.poll() is not None or time.monotonic() > deadline:
            raise NoEngine(f"it does not start: {log.read_text('utf-8', 'replace').strip()[-300:]}")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.2)


def apptainer(folder: Path) -> dict[str, str]:
    """The environment in which there is Apptainer; fetches it where apt can and nobody has installed it."""
    if shutil.which("apptainer"):
        return {}
    _need("apt-get", "patchelf")
    done = subprocess.run([HERE / "containers" / "apptainer.sh", folder], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoEngine(f"Apptainer cannot be fetched: {done.stderr.strip()[-300:]}")
    return {"PATH": f"{done.stdout.strip()}:{os.environ['PATH']}"}


def run(environment: Mapping[str, str], *command: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
    """A command with variables more."""
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, **more
    )


def docker_answers() -> bool:
    """Whether there is a Docker here that nobody has to start."""
    return shutil.which("docker") is not None and run({}, "docker", "info").returncode == 0


def import_image(environment: Mapping[str, str], engine: str, root: Path, name: str) -> None:
    """Make an image of a folder's files, and see that it runs."""
    archive = root.with_suffix(".tar")
    subprocess.run(["tar", "-C", str(root), "-cf", str(archive), "."], check=True)
    made = run(environment, engine, "import", archive, name)
    tried = run(environment, engine, "run", "--rm", "--network", "none", name, "true")
    if made.returncode or tried.returncode:
        raise NoEngine(f"{engine} does not run an image: {(made.stderr + tried.stderr).strip()[-300:]}")
