"""Jobs in real containers: what they see, whose their files are, how they end, and images by their digests."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ..command_line import begin, finish, sncompile
from ..runs import newest_run, record
from ..waiting import until
from . import engines
from .engines import NoEngine

IMAGE = "localhost/sncompile-tiny:1"

SPEC = """
sncompile: 1
pipeline: boxed
data: {raw: "in", workspace: "out put"}
tables: {t: {key: [k], rows: [{k: a b, v: "$(x) 'q'"}, {k: "it's", v: "\\n"}, {k: "x,y:z", v: "{v}"}]}}
steps:
  one:
    by: [k]
    with: {i: "${data.raw}/x y.txt", v: "${t.v}"}
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file}, seen: {type: file}}
      params: {v: {type: string}}
      container: {image: "IMAGE", env: {V: "${params.v}", TOKEN: {secret: true}}}
      shell: |
        cat ${inputs.i} > ${outputs.o}
        cat <<END >> ${outputs.o}
        $V|$TOKEN
        END
        printf '<%s>' ${params.v} >> ${outputs.o}
        { ls /only/here; ls; ls /sys/class/net; } > ${outputs.seen}
  all:
    with: {i: ["${one.o[0]}"], f: "${data.raw}"}
    module:
      inputs: {i: {type: "file[]"}, f: {type: directory}}
      outputs: {d: {type: directory}}
      container: "IMAGE"
      command: [sh, -c, 'd=$1; shift; mkdir "$d"; cp "$@" "$d"; id -u > "$d/user"; ls /only/here >> "$d/user"', x,
                "${outputs.d}", "${inputs.i}"]
      success: {min_files: {d: 2}}
"""

SCRATCH = """
sncompile: 1
pipeline: scratch
data: {raw: "in", workspace: "out put"}
tables: {t: {key: [k], rows: [{k: a b, v: "$(x) 'q'"}, {k: "it's", v: "-n"}]}}
steps:
  one:
    by: [k]
    with: {i: "${data.raw}/x y.txt", v: "${t.v}"}
    module:
      inputs: {i: {type: file, as: "in/${params.v}.txt"}}
      outputs: {o: {type: file, from: "*.out"}, d: {type: directory, from: d}}
      params: {v: {type: string}}
      container: "IMAGE"
      command: [sh, -c, 'cat "$1" in/* > "$2.out"; printf "%s\\n" "$2" >> "$2.out"; mkdir d; ls > d/there', x, "${inputs.i}", "${params.v}"]
  all:
    with: {i: "${one.o}", f: "${data.raw}"}
    module:
      inputs: {i: {type: "file[]", as: "{index}"}, f: {type: directory, as: raw}}
      outputs: {o: {type: file}}
      container: "IMAGE"
      shell: |
        cat ${inputs.i} raw/* > ${outputs.o}
        ls >> ${outputs.o}
"""  # noqa: E501

SLOW = """
sncompile: 1
pipeline: slow
tables: {t: {key: [k], rows: [{k: a}, {k: b}]}}
steps:
  one:
    by: [k]
    module:
      outputs: {o: {type: file}}
      container: {image: "IMAGE"}
      command: [sh, -c, "sleep 600", "${outputs.o}"]
"""


class Engine:
    """An engine under test: its name, the variables it needs, and what the image is called."""

    def __init__(self, name: str, environment: dict[str, str], image: str) -> None:
        self.name, self.environment, self.image = name, environment, image

    def sncompile(self, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """`sncompile`, in a folder."""
        return sncompile(folder, *arguments, env={**os.environ, **self.environment, **variables})

    def containers(self) -> list[str]:
        """The containers that run."""
        return engines.run(self.environment, self.name, "ps", "--quiet").stdout.split()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return engines.image_root(tmp_path_factory.mktemp("image") / "root")
    except NoEngine as why:
        pytest.skip(str(why))


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which there is Docker."""
    with ExitStack() as stack:
        try:
            environment = stack.enter_context(engines.docker(tmp_path_factory.mktemp("docker") / "store"))
        except NoEngine as why:
            pytest.skip(str(why))
        yield environment


@pytest.fixture(scope="module", params=["docker", "podman", "apptainer"])
def engine(request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        try:
            if request.param == "apptainer":
                environment, image = engines.apptainer(folder), str(folder / "tiny.sif")
                done = engines.run(environment, "apptainer", "build", image, root)
                if done.returncode:
                    raise NoEngine(f"Apptainer makes no image: {done.stderr[-300:]}")
            else:
                image = IMAGE
                if request.param == "docker":
                    environment = request.getfixturevalue("daemon")
                else:
                    environment = stack.enter_context(engines.podman(folder / "store"))
                engines.import_image(environment, request.param, root, IMAGE)
        except NoEngine as why:
            pytest.skip(str(why))
        yield Engine(request.param, environment, image)


@pytest.fixture
def wrapping(engine: Engine) -> Engine:
    if engine.name == "apptainer":
        pytest.skip("Snakemake itself runs Apptainer; this is about what wraps commands")
    return engine


def write(folder: Path, text: str, image: str) -> None:
    (folder / "spec.yaml").write_text(text.replace("IMAGE", image))
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / "x y.txt").write_text("data\n")
    (folder / "secret.txt").write_text("of nobody's business\n")


def test_links_and_files_of_scratch_folders(engine: Engine, tmp_path: Path) -> None:
    """Links lead to inputs inside of containers as well, also to those that are links themselves."""
    write(tmp_path, SCRATCH, engine.image)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "in" / "x y.txt").rename(tmp_path / "elsewhere" / "file")
    (tmp_path / "in" / "x y.txt").symlink_to(tmp_path / "elsewhere" / "file")
    done = engine.sncompile(tmp_path, "run", "spec.yaml", "--containers", engine.name)
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out put"
    assert (out / "one" / "it's" / "o").read_text() == "data\ndata\n-n\n"
    assert (out / "one" / "a b" / "d" / "there").read_text() == "$(x) 'q'.out\nd\nin\n"
    assert (out / "all" / "o").read_text() == "data\ndata\n$(x) 'q'\ndata\ndata\n-n\ndata\n1\n2\nraw\n"
    assert not list(out.rglob("scratch/*"))


def test_jobs_run_in_their_images(engine: Engine, tmp_path: Path) -> None:
    """Files, values, variables and a secret arrive exactly; outputs come out of it, and belong to the caller."""
    write(tmp_path, SPEC, engine.image)
    done = engine.sncompile(tmp_path, "run", "spec.yaml", "--containers", engine.name, TOKEN="se cret")
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out put"
    assert (out / "one" / "a b" / "o").read_text() == "data\n$(x) 'q'|se cret\n<$(x) 'q'>"
    assert (out / "one" / "it's" / "o").read_text() == "data\n\n|se cret\n<\n>"
    assert (out / "one" / "x,y:z" / "o").read_text() == "data\n{v}|se cret\n<{v}>"
    assert (out / "all" / "d" / "user").read_text() == f"{os.getuid()}\nmark\n"
    assert {p.stat().st_uid for p in out.rglob("*")} == {os.getuid()}
    again = engine.sncompile(tmp_path, "run", "spec.yaml", "--containers", engine.name, TOKEN="se cret")
    assert "up to date" in again.stderr
    engine.sncompile(tmp_path, "report", "spec.yaml", "-o", "page.html")
    assert f"run by {engine.name}" in (tmp_path / "page.html").read_text()
    assert not any("se cret" in p.read_text("utf-8", "replace") for p in tmp_path.rglob("build/**/*") if p.is_file())


def test_a_container_sees_what_is_declared(wrapping: Engine, tmp_path: Path) -> None:
    """The data roots and the emitted files, no network, and nothing of the folder around them."""
    write(tmp_path, SPEC, wrapping.image)
    done = wrapping.sncompile(tmp_path, "run", "spec.yaml", "--containers", wrapping.name, TOKEN="")
    assert done.returncode == 0, done.stderr
    seen = (tmp_path / "out put" / "one" / "a b" / "seen").read_text().split("\n")
    assert seen == ["mark", "build", "in", "out put", "lo", ""]


def test_folders_outside_of_the_working_folder(engine: Engine, tmp_path: Path) -> None:
    """Data roots elsewhere, with names that options could misread, are there for the jobs."""
    write(tmp_path, SPEC, engine.image)
    elsewhere = Path(f"/var/opt/sncompile-{os.getpid()}, x:y")
    try:
        (elsewhere / "raw").mkdir(parents=True)
        (elsewhere / "raw" / "x y.txt").write_text("far\n")
        roots = ["--data", f"raw={elsewhere}/raw", "--data", f"workspace={elsewhere}/out"]
        done = engine.sncompile(tmp_path, "run", "spec.yaml", "--containers", engine.name, *roots, TOKEN="t")
        assert done.returncode == 0, done.stderr
        assert (elsewhere / "out" / "one" / "it's" / "o").read_text().startswith("far\n")
    finally:
        subprocess.run(["rm", "-rf", str(elsewhere)], check=True)


def test_a_failure_is_the_tools_own(wrapping: Engine, tmp_path: Path) -> None:
    # Not the first process of the container: without an init, which podman may lack, that heeds no signal.
    text = SLOW.replace("sleep 600", "echo it is here >&2; sh -c 'kill -SEGV $$'; exit $?")
    write(tmp_path, text, wrapping.image)
    done = wrapping.sncompile(tmp_path, "run", "spec.yaml", "--containers", wrapping.name)
    assert done.returncode == 3
    assert "SN701" in done.stderr
    assert "it is here" in done.stderr
    assert "139" in (newest_run(tmp_path) / "engine.log").read_text()


def test_batches_run_in_a_container(engine: Engine, tmp_path: Path) -> None:
    rows = ", ".join(f"{{k: 'k {n}'}}" for n in range(7))
    text = SLOW.replace("{k: a}, {k: b}", rows).replace("by: [k]", "by: [k]\n    batch: 3")
    text = text.replace('"sleep 600", ', "'ls /only/here > \"$1\"', x, ")
    write(tmp_path, text, engine.image)
    done = engine.sncompile(tmp_path, "run", "spec.yaml", "-O2", "--containers", engine.name)
    assert done.returncode == 0, done.stderr
    assert "3 jobs" in done.stderr
    assert {p.read_text() for p in (tmp_path / "results" / "one").glob("k */o")} == {"mark\n"}


def _started(engine: Engine, folder: Path) -> subprocess.Popen[str]:
    """A run, once its two containers run."""
    write(folder, SLOW, engine.image)
    words = ("run", "spec.yaml", "--cores", "2", "--containers", engine.name)
    run = begin(folder, *words, env={**os.environ, **engine.environment})
    until(lambda: len(engine.containers()) == 2, run)
    return run


def test_cancelling_ends_the_containers(wrapping: Engine, tmp_path: Path) -> None:
    run = _started(wrapping, tmp_path)
    done = wrapping.sncompile(tmp_path, "cancel", "spec.yaml")
    assert "cancelled" in done.stdout + done.stderr
    assert finish(run).code == 3
    assert wrapping.containers() == []


def test_killing_the_engine_leaves_no_container(wrapping: Engine, tmp_path: Path) -> None:
    run = _started(wrapping, tmp_path)
    os.kill(record(newest_run(tmp_path))["process"]["pid"], signal.SIGKILL)
    assert finish(run).code == 3
    until(lambda: wrapping.containers() == [])


def test_a_missing_image_is_told_before_anything_runs(wrapping: Engine, tmp_path: Path) -> None:
    write(tmp_path, SPEC, "localhost/nobody/has:this")
    done = wrapping.sncompile(tmp_path, "run", "spec.yaml", "--containers", wrapping.name, TOKEN="")
    assert done.returncode == 3
    assert "SN708" in done.stderr
    assert "spec.yaml:14:26" in done.stderr
    assert not (tmp_path / "out put").exists()
    assert not list((tmp_path / "runs").iterdir())


def test_images_by_their_digests(engine: Engine, daemon: dict[str, str], root: Path, tmp_path: Path) -> None:
    """What was locked is used when the tag has moved on; `--update` follows it."""
    if engine.name == "podman":
        pytest.skip("podman wants a registry's certificate, which this one has not")
    with ExitStack() as stack:
        try:
            address = stack.enter_context(engines.registry(tmp_path / "registry"))
            name = f"{address}/lab/tiny:1"
            engines.import_image(daemon, "docker", root, name)
        except NoEngine as why:
            pytest.skip(str(why))
        assert engines.run(daemon, "docker", "push", name).returncode == 0
        work = tmp_path / "work"
        work.mkdir()
        write(work, SPEC, name)
        refused = engine.sncompile(work, "spec.yaml", "--locked")
        assert refused.returncode == 1
        assert "SN242" in refused.stderr
        locked = engine.sncompile(work, "lock", "spec.yaml")
        assert locked.returncode == 0, locked.stderr
        before = (work / "sncompile.lock").read_text()
        assert name in before
        # The tag moves on to an image in which the tools are gone.
        (tmp_path / "empty").mkdir()
        (tmp_path / "empty" / "bin").mkdir()
        (tmp_path / "empty" / "bin" / "true").symlink_to("busybox")
        (tmp_path / "empty" / "bin" / "busybox").write_bytes(Path(engines.STATIC[0]).read_bytes())
        (tmp_path / "empty" / "bin" / "busybox").chmod(0o755)
        engines.import_image(daemon, "docker", tmp_path / "empty", name)
        assert engines.run(daemon, "docker", "push", name).returncode == 0
        done = engine.sncompile(
            work, "run", "spec.yaml", "--locked", "--containers", engine.name, TOKEN="t", APPTAINER_NOHTTPS="1"
        )
        assert done.returncode == 0, done.stderr + "".join(p.read_text() for p in work.glob("runs/*/engine.log"))
        assert engine.sncompile(work, "lock", "spec.yaml", "--check").returncode == 0
        assert engine.sncompile(work, "lock", "spec.yaml", "--check", "--update").returncode == 1
        assert engine.sncompile(work, "lock", "spec.yaml", "--update").returncode == 0
        assert (work / "sncompile.lock").read_text() != before


LINKED = """
sncompile: 1
pipeline: linked
data: {raw: raw, workspace: results}
steps:
  one:
    with: {i: "${data.raw}/x.txt", d: "${data.raw}/folder", n: "${data.raw}/near/y.txt"}
    module:
      inputs: {i: {type: file}, d: {type: directory}, n: {type: file}}
      outputs: {o: {type: file}}
      container: "IMAGE"
      command: [sh, -c, 'cat "$2" "$3"/* "$4" > "$1"; ! echo 2> /dev/null >> "$2"', x,
                "${outputs.o}", "${inputs.i}", "${inputs.d}", "${inputs.n}"]
"""


def test_links_lead_somewhere(engine: Engine, tmp_path: Path) -> None:
    """Chains of links, relative ones, links inside of a folder, and folders that are links: to be read, not written."""
    folder, store = tmp_path / "work", Path(f"/var/opt/sncompile-links-{os.getpid()}")
    try:
        (folder / "raw" / "folder").mkdir(parents=True)
        (store / "plate").mkdir(parents=True)
        for name in ("x", "y", "z"):
            (store / "plate" / f"{name}.txt").write_text(f"{name}\n")
        (store / "x.txt").symlink_to("plate/x.txt")
        (folder / "raw" / "x.txt").symlink_to(store / "x.txt")
        (folder / "raw" / "near").symlink_to(os.path.relpath(store / "plate", folder / "raw"))
        (folder / "raw" / "folder" / "z.txt").symlink_to(store / "plate" / "z.txt")
        (folder / "spec.yaml").write_text(LINKED.replace("IMAGE", engine.image))
        done = engine.sncompile(folder, "run", "spec.yaml", "--containers", engine.name)
        assert done.returncode == 0, done.stderr + "".join(p.read_text() for p in folder.glob("logs/**/*.log"))
        assert (folder / "results" / "one" / "o").read_text() == "x\nz\ny\n"
        assert (store / "plate" / "x.txt").read_text() == "x\n"
    finally:
        subprocess.run(["rm", "-rf", str(store)], check=True)


def test_a_link_that_cannot_be_followed_is_told(engine: Engine, tmp_path: Path) -> None:
    text = LINKED.replace("raw}/folder", "raw}/usr").replace("raw}/near/y", "raw}/x")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "x.txt").write_text("x\n")
    (tmp_path / "raw" / "usr").symlink_to("/usr/lib")
    (tmp_path / "spec.yaml").write_text(text.replace("IMAGE", engine.image))
    done = engine.sncompile(tmp_path, "run", "spec.yaml", "--containers", engine.name)
    assert done.returncode == 3
    assert "SN734" in done.stderr
    assert "/usr/lib" in done.stderr


LISTS = """
sncompile: 1
pipeline: lists
tables: {t: {key: [k], rows: [{k: a b}, {k: "it's"}]}}
steps:
  one:
    by: [k]
    module:
      outputs: {o: {type: file}}
      container: "IMAGE"
      command: [sh, -c, 'echo "$1" > "$1"', x, "${outputs.o}"]
  all:
    with: {i: "${one.o}"}
    module:
      inputs: {i: {type: "file[]"}}
      outputs: {o: {type: file}}
      container: "IMAGE"
      command: [sh, -c, 'tr "\\n" "\\0" < "$2" | xargs -0 cat > "$1"', x, "${outputs.o}", {list_file: "${inputs.i}"}]
  script:
    with: {i: "${one.o}"}
    module:
      inputs: {i: {type: "file[]"}}
      outputs: {o: {type: file}}
      container: "IMAGE"
      shell: 'while read -r path; do cat "$path"; done < ${list_file(inputs.i)} > ${outputs.o}'
"""


def test_list_files_are_there(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(LISTS.replace("IMAGE", engine.image))
    done = engine.sncompile(tmp_path, "run", "spec.yaml", "--containers", engine.name)
    assert done.returncode == 0, done.stderr + "".join(p.read_text() for p in tmp_path.glob("logs/**/*.log"))
    for step in ("all", "script"):
        assert (tmp_path / "results" / step / "o").read_text() == "results/one/a b/o\nresults/one/it's/o\n"
