"""What every command does beyond its own process, in a clone of a stranger's repository, as the kernel tells it.

`docs/security.md` promises which programs a command starts, where it connects, and what it writes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import pytest

from .command_line import SNCOMPILE
from .hostile_repositories import MODULE, PLAIN, TRAPS, Victim
from .test_repositories import FRAME, UPPER
from .waiting import PATIENCE

STRACE = shutil.which("strace")
pytestmark = [
    pytest.mark.skipif(STRACE is None, reason="needs strace, which sees what libraries do below Python"),
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]

_CALLS = (
    "trace=execve,execveat,socket,connect,bind,open,openat,openat2,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,"
    "mkdirat,rmdir,symlink,symlinkat,link,linkat,truncate,chmod,fchmodat,chown,fchownat,mknod,mknodat"
)

MAIN = """\
sncompile: 1
pipeline: main
data: {workspace: results}
tables:
  fields: {file: fields.tsv, key: [well]}
  images: {glob: "images/{image}.tif", key: [image]}
  large: {key: [well], sql: "select well, n from fields where n::integer > 1"}
infer: {largest: {sql: "select max(n) from fields", holds: one value}}
modules: {mod: ./modules}
steps:
  flat: {module: mod/flat, by: [well], over: fields, with: {n: "${fields.n}"}}
"""


_TOGETHER = ("core.hooksPath", "hooks", "core.fsmonitor", "info/attributes", "diff.external", "alias", "core.pager")


class Done(NamedTuple):
    """What the kernel saw of a command: programs that were started, addresses, and what was written."""

    programs: list[str]
    connections: list[str]
    written: list[str]


class Clone:
    """A clone with all traps that fit beside each other, and what a command does in it."""

    def __init__(self, folder: Path) -> None:
        self.victim = Victim(folder / "project")
        self.path = self.victim.path
        self.victim.put("spec.yaml", MAIN)
        self.victim.put("other.yaml", MAIN.replace("flat:", "even:"))
        self.victim.put("images/a.tif", "")
        self.victim.put("foreign.yaml", (Path(__file__).parent / "exchange" / "specs" / "sort_lines.yaml").read_text())
        self.victim.put("foreign-module.yaml", MODULE.replace("\"${file('flat.py')}\"", "x.py"))
        self.victim.commit("three")
        for name in (
            "core.hooksPath",
            "hooks",
            "core.fsmonitor",
            "info/attributes",
            "diff.external",
            "alias",
            "core.pager",
        ):
            TRAPS[name].lay(self.victim)
        self.victim.put("json.py", "open('pwned', 'w').close()\n")
        self.victim.put("git", f"#!/bin/sh\ntouch {self.victim.canary}\n")
        (self.path / "git").chmod(0o755)
        self.scratch, self.cache, self._trace = folder / "scratch", folder / "cache", folder / "trace"
        self.scratch.mkdir()
        self.env = {
            **PLAIN, "TMPDIR": str(self.scratch), "HOME": str(folder), "SNCOMPILE_CACHE": str(self.cache),
            "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip

    def call(self, *arguments: str, code: int = 0) -> Done:
        """Run a command, which must end with a code and leave no trap sprung."""

        assert STRACE is not None
        watch = [STRACE, "-f", "-y", "-qq", "-s", "4096", "-o", str(self._trace), "-e", _CALLS]
        done = subprocess.run(
            [*watch, *SNCOMPILE, *arguments], cwd=self.path, env=self.env, capture_output=True, text=True, check=False,
            timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert not self.victim.canary.exists()
        assert not list(self.path.rglob("pwned"))
        return self._seen()

    def _seen(self) -> Done:
        programs, connections, written = [], [], []
        # The first program is ours.
        for line in self._trace.read_text("utf-8", "replace").split("\n")[1:]:
            call = re.sub(r"^\d+\s+", "", line)
            if " = -1 " in call or not (name := re.match(r"(\w+)\(", call)):
                continue
            paths = re.findall(r'"((?:[^"\\]|\\.)*)"', call)
            if name[1].startswith("execve"):
                programs.append(os.path.basename(paths[0]))
            elif name[1] in ("connect", "bind"):
                connections.append(call)
            elif not name[1].startswith(("open", "socket")) or re.search(r"O_(WRONLY|RDWR|CREAT)", call):
                place = re.match(r"\w+\((?:AT_FDCWD|\d+)<([^>]*)>", call)
                above = place[1] if place else str(self.path)
                written += [os.path.normpath(os.path.join(above, path)) for path in paths]
        return Done(programs, connections, written)

    def outside(self, done: Done, allowed: Collection[str]) -> list[str]:
        """What was written but for files in the clone that are allowed, folders for passing files, and devices."""
        places = [str(self.path / name) for name in allowed]
        places += [str(self.path / Path(name).parent / f".{Path(name).name}.new-") for name in allowed]
        places += [str(self.scratch), "/dev/null", "/dev/tty"]
        return [path for path in done.written if not any(path == p or path.startswith(p) for p in places)]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clone of a stranger's repository."""
    return Clone(tmp_path)


class Promise(NamedTuple):
    """A command, the files that it may write, and whether it may start git."""

    command: str
    writes: tuple[str, ...] = ()
    git: bool = False
    code: int = 0


PROMISES = [
    Promise("check spec.yaml"),
    Promise("check modules/flat.yaml"),
    Promise("plan spec.yaml"),
    Promise("describe spec.yaml"),
    Promise("describe modules/flat.yaml"),
    Promise("graph spec.yaml"),
    Promise("graph spec.yaml --jobs -o graph.dot", writes=("graph.dot",)),
    Promise("infer spec.yaml -o values.yaml", writes=("values.yaml",)),
    Promise("compile spec.yaml -o out", writes=("out", ".out.new-")),
    Promise("compile spec.yaml -t cwl -o out", writes=("out", ".out.new-")),
    Promise("compile spec.yaml -o none --emit jobs"),
    Promise("index . --pattern images/{image}.tif -o index.parquet", writes=("index.parquet",)),
    Promise("import bilayers foreign.yaml -o module.yaml", writes=("module.yaml",)),
    Promise("export bilayers foreign-module.yaml -o spec.out", writes=("spec.out",)),
    Promise("diff spec.yaml other.yaml", code=1),
    Promise("diff --git HEAD~1 spec.yaml", git=True),
    Promise("lock spec.yaml", writes=("sncompile.lock",)),
]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.command)
def test_what_a_command_does(clone: Clone, promise: Promise) -> None:
    """No program but git where that is promised, no connection, nothing written but what is named."""
    done = clone.call(*promise.command.split(), code=promise.code)
    # The one process for queries is looked at by `test_security.py`, with its whole command.
    queries = {os.path.basename(path) for path in (sys.executable, os.path.realpath(sys.executable))}
    assert set(done.programs) - queries == ({"git"} if promise.git else set())
    assert done.connections == []
    assert clone.outside(done, promise.writes) == []


@pytest.mark.parametrize(
    "promise", [p for p in PROMISES if p.writes and "-o out" not in p.command], ids=lambda promise: promise.command
)
def test_links_are_not_written_through(clone: Clone, promise: Promise) -> None:
    """A stranger may have laid a link where a command writes."""
    (name,) = promise.writes
    away = clone.path.parent / "away"
    (clone.path / name).symlink_to(away)
    clone.call(*promise.command.split(), code=1 if name == "sncompile.lock" else 0)
    assert not away.exists()


def test_lock_does_not_write_through_a_link(clone: Clone) -> None:
    """Neither where the link leads to a lock file."""
    away = clone.path.parent / "away"
    away.write_text("sncompile: 1\n")
    (clone.path / "sncompile.lock").symlink_to(away)
    clone.call("lock", "spec.yaml")
    assert away.read_text() == "sncompile: 1\n"
    assert not (clone.path / "sncompile.lock").is_symlink()


def test_what_lock_does(clone: Clone, tmp_path: Path) -> None:
    """With a repository to fetch: git, what git starts to fetch it, the cache and the lock file."""
    other = Victim(tmp_path / "other" / "tools")
    other.put("modules/upper.yaml", UPPER.replace("${file('upper.py')}", "x.py"))
    other.put("modules/frames/frame.yaml", FRAME)
    other.put(".gitattributes", "* filter=other\n")
    other.commit("three")
    for trap in ("core.hooksPath", "hooks", "core.fsmonitor"):
        TRAPS[trap].lay(other)
    name = "git.example.org/tools"
    clone.victim.put("locked.yaml", f"""\
sncompile: 1
pipeline: main
steps: {{upper: {{module: "git+https://{name}@main//modules/upper.yaml", with: {{text: fields.tsv}}}}}}
""")  # fmt: skip
    clone.victim.set(**{f"url.file://{tmp_path}/nowhere.insteadOf": f"https://{name}"})
    clone.env |= {
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{other.path}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://{name}",
    }  # fmt: skip
    done = clone.call("lock", "locked.yaml")
    assert not other.canary.exists()
    # What serves the folder is started by way of a shell, as for anybody; it would be another machine's.
    assert {name for name in done.programs if not name.startswith("git")} <= {"sh"}
    assert done.connections == []
    outside = clone.outside(done, ("sncompile.lock",))
    assert [path for path in outside if not path.startswith(f"{clone.cache}/") and path != str(clone.cache)] == []
    assert clone.call("check", "locked.yaml", "--locked").programs == []


def test_the_kernel_is_heard(clone: Clone) -> None:
    """The watch itself: what is promised to be told of is told."""
    done = clone.call("diff", "--git", "HEAD~1", "spec.yaml")
    assert "git" in done.programs
    assert any(path.startswith(str(clone.scratch)) for path in done.written)
    done = clone.call("compile", "spec.yaml", "-o", "out")
    assert clone.outside(done, ()) != []
