"""Repositories that run a program of a stranger's as soon as git is asked about them.

Each trap is a change to an honest repository, and a command of git's that steps into it. The program leaves a file
behind, and does nothing else.
"""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from .waiting import PATIENCE

SPEC = """\
sncompile: 1
pipeline: main
data: {workspace: results}
tables: {fields: {file: fields.tsv, key: [well]}}
modules: {mod: ./modules}
steps: {flat: {module: mod/flat, by: [well], with: {n: "${fields.n}"}}}
"""
MODULE = """\
sncompile: 1
module: flat
params: {n: {type: integer}}
outputs: {out: {type: file, format: txt}}
command: [python3, "${file('flat.py')}", "${params.n}", "${outputs.out}"]
"""

_WHO = {
    "GIT_AUTHOR_NAME": "somebody", "GIT_AUTHOR_EMAIL": "somebody@example.org",
    "GIT_COMMITTER_NAME": "somebody", "GIT_COMMITTER_EMAIL": "somebody@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
"""The variables of somebody who says nothing to git."""


_LOGIN = "protocol=https\nhost=example.org\n\n"


class Victim:
    """A project in a repository with two commits; `canary` is there once a program of the stranger's has run."""

    def __init__(self, path: Path, *options: str) -> None:
        path.mkdir(parents=True)
        self.path = path
        self.canary = path.parent / "canary"
        self.program = path.parent / "program"
        self.program.write_text(f"#!/bin/sh\ntouch {shlex.quote(str(self.canary))}\nexit 1\n")
        self.program.chmod(0o755)
        self.put("spec.yaml", SPEC)
        self.put("fields.tsv", "well\tn\nA1\t1\nA2\t2\n")
        self.put("modules/flat.yaml", MODULE)
        self.put("modules/flat.py", "pass\n")
        self.git("init", "--quiet", "--initial-branch=main", *options, ".")
        self.commit("one")
        self.put("modules/flat.py", "print(2)\n")
        self.commit("two")

    def put(self, name: str, text: str) -> None:
        """Write a file."""
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")

    def git(self, *arguments: str, check: bool = True) -> str:
        """Call git here as anybody does, without any protection."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env={**PLAIN, **_WHO}, input=_LOGIN, capture_output=True, text=True,
            check=False, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout.strip()

    def spring(self, step: tuple[str, ...]) -> bool:
        """Whether a program of the stranger's runs when somebody at a terminal calls git so."""
        import pty

        above, below = pty.openpty()
        subprocess.run(
            ["git", *step], cwd=self.path, env={**PLAIN, **_WHO}, input=_LOGIN, stdout=below, stderr=subprocess.DEVNULL,
            text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        os.close(above)
        os.close(below)
        return self.canary.exists()

    def commit(self, message: str) -> str:
        """Commit everything; gives the commit's name."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        return self.git("rev-parse", "HEAD")

    def set(self, **settings: str) -> None:
        """Write settings into `.git/config`; dots are written as two underscores."""
        for name, value in settings.items():
            self.git("config", "--local", name.replace("__", "."), value)

    def lose(self, name: str) -> None:
        """Take an object out, as if it were still to be fetched."""
        found = self.git("rev-parse", name)
        (self.path / ".git" / "objects" / found[:2] / found[2:]).unlink()


class Trap(NamedTuple):
    """`lay` changes a repository, so that the program runs when `step` is done in it without protection.

    `spec` is the one that is asked about, `lacks` says that a file of the first commit is gone.
    """

    lay: Callable[[Victim], None]
    step: tuple[str, ...]
    lacks: bool = False
    spec: str = "spec.yaml"


def _monitor(victim: Victim) -> None:
    victim.set(core__fsmonitor=str(victim.program))


def _included(victim: Victim) -> None:
    victim.put("settings", f"[core]\n\tfsmonitor = {victim.program}\n")
    victim.set(include__path="../settings")


def _included_if(victim: Victim) -> None:
    victim.put("settings", f"[core]\n\tfsmonitor = {victim.program}\n")
    victim.git("config", "includeIf.gitdir:**.path", "../settings")


def _of_a_worktree(victim: Victim) -> None:
    victim.set(extensions__worktreeConfig="true")
    victim.git("config", "--worktree", "core.fsmonitor", str(victim.program))


def _hooks(victim: Victim) -> None:
    hooks = victim.path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "post-checkout", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"):
        shutil.copy(victim.program, hooks / name)
    victim.set(core__hooksPath="hooks")


def _own_hooks(victim: Victim) -> None:
    hooks = victim.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "post-checkout", "reference-transaction"):
        shutil.copy(victim.program, hooks / name)


def _filter(key: str) -> Callable[[Victim], None]:
    def lay(victim: Victim) -> None:
        victim.put(".gitattributes", "* filter=other\n")
        victim.commit("three")
        victim.git("config", f"filter.other.{key}", str(victim.program))

    return lay


def _own_attributes(victim: Victim) -> None:
    victim.put(".git/info/attributes", "* filter=other\n")
    victim.git("config", "filter.other.smudge", str(victim.program))


def _differ(victim: Victim) -> None:
    victim.set(diff__external=str(victim.program))


def _text_conversion(victim: Victim) -> None:
    victim.put(".git/info/attributes", "* diff=other\n")
    victim.git("config", "diff.other.textconv", str(victim.program))


def _alias(victim: Victim) -> None:
    for name in ("st", "rev-parse", "ls-tree", "cat-file"):  # None but the first has an effect.
        victim.git("config", f"alias.{name}", f"!{victim.program}")


def _signature(victim: Victim) -> None:
    lines = victim.git("cat-file", "commit", "HEAD").split("\n")
    end = lines.index("")
    signed = [*lines[:end], "gpgsig -----BEGIN PGP SIGNATURE-----", " x", " -----END PGP SIGNATURE-----", *lines[end:]]
    (victim.path / ".git" / "signed").write_text("\n".join(signed) + "\n")
    victim.git("reset", "--soft", victim.git("hash-object", "-t", "commit", "-w", ".git/signed"))
    victim.set(gpg__program=str(victim.program), log__showSignature="true")


def _pager(victim: Victim) -> None:
    victim.set(core__pager=str(victim.program), pager__status="true")


def _other_branches(victim: Victim) -> None:
    """Whoever borrows objects asks the lender for its branches."""
    victim.git("clone", "--quiet", ".", "../lender")
    (victim.path / ".git" / "objects" / "info" / "alternates").write_text("../../../lender/.git/objects\n")
    victim.git("-C", "../lender", "commit", "--quiet", "--allow-empty", "--message=new")
    victim.set(core__alternateRefsCommand=str(victim.program))


def _logins(victim: Victim) -> None:
    victim.set(credential__helper=f"!{victim.program}")


def _promised(url: str, **settings: str) -> Callable[[Victim], None]:
    """A partial clone: what it lacks is fetched when it is asked for."""

    def lay(victim: Victim) -> None:
        victim.set(core__repositoryFormatVersion="1", extensions__partialClone="origin")
        victim.set(remote__origin__promisor="true", remote__origin__partialclonefilter="blob:none")
        victim.set(remote__origin__url=url.replace("PROGRAM", str(victim.program)))
        victim.set(**{n: v.replace("PROGRAM", str(victim.program)) for n, v in settings.items()})
        victim.lose("HEAD~1:modules/flat.py")

    return lay


def _served_by(victim: Victim) -> None:
    """A remote on this machine is asked by a program of the repository's choice."""
    subprocess.run(["git", "init", "--quiet", "--bare", victim.path / "other.git"], check=True, env=PLAIN)
    _promised(str(victim.path / "other.git"), remote__origin__uploadpack="PROGRAM")(victim)


def _instead(victim: Victim) -> None:
    _promised("https://example.org/x", protocol__ext__allow="always")(victim)
    victim.git("config", f"url.ext::{victim.program} .insteadOf", "https://example.org/")


def _embedded(victim: Victim) -> None:
    """A bare repository among the files, whose working tree is all of the project."""
    inner = victim.path / "modules"
    for part in ("objects", "refs"):
        (inner / part).mkdir()
        (inner / part / "keep").touch()
    (inner / "HEAD").write_text("ref: refs/heads/main\n")
    settings = {"repositoryformatversion": 0, "bare": "false", "worktree": '".."', "fsmonitor": victim.program}
    lines = ["[core]", *(f"\t{name} = {value}" for name, value in settings.items())]
    (inner / "config").write_text("\n".join(lines) + "\n")
    victim.put("modules/spec.yaml", SPEC.replace("./modules", "./").replace("fields.tsv", "../fields.tsv"))
    victim.commit("three")
    victim.commit("four")


def _embedded_whole(victim: Victim) -> None:
    """A bare repository that has commits of its own, and its folder for a working tree."""
    victim.git("clone", "--quiet", "--bare", ".", "inner")
    inner = Victim.__new__(Victim)
    inner.path = victim.path / "inner"
    inner.set(core__bare="false", core__worktree=".", core__fsmonitor=str(victim.program))
    for name in ("spec.yaml", "fields.tsv", "modules/flat.yaml", "modules/flat.py"):
        victim.put(f"inner/{name}", (victim.path / name).read_text("utf-8"))
    victim.commit("three")
    victim.commit("four")


def _file_to_embedded(victim: Victim) -> None:
    """A `.git` file that leads to a folder among the files."""
    _monitor(victim)
    victim.set(core__worktree="..")
    (victim.path / ".git").rename(victim.path / "inner")
    (victim.path / ".git").write_text("gitdir: inner\n")


def _monitor_in_the_index(victim: Victim) -> None:
    """An index that was written with a monitor asks it again."""
    _monitor(victim)
    victim.git("update-index", "--fsmonitor", check=False)
    victim.canary.unlink(missing_ok=True)


STATUS = ("status", "--short")
CHECKOUT = ("checkout", "--force", "HEAD~1")
ASK = ("cat-file", "-p", "HEAD~1:modules/flat.py")

TRAPS: Mapping[str, Trap] = {
    "core.fsmonitor": Trap(_monitor, STATUS),
    "fsmonitor in the index": Trap(_monitor_in_the_index, STATUS),
    "include.path": Trap(_included, STATUS),
    "includeIf": Trap(_included_if, STATUS),
    "extensions.worktreeConfig": Trap(_of_a_worktree, STATUS),
    "core.hooksPath": Trap(_hooks, CHECKOUT),
    "hooks": Trap(_own_hooks, CHECKOUT),
    "filter.smudge": Trap(_filter("smudge"), ("checkout-index", "--all", "--prefix=out/")),
    "filter.process": Trap(_filter("process"), ("checkout-index", "--all", "--prefix=out/")),
    "filter.clean": Trap(_filter("clean"), ("add", "--renormalize", ".")),
    "info/attributes": Trap(_own_attributes, ("checkout-index", "--all", "--prefix=out/")),
    "diff.external": Trap(_differ, ("diff", "HEAD~1")),
    "diff.textconv": Trap(_text_conversion, ("diff", "HEAD~1")),
    "alias": Trap(_alias, ("st",)),
    "gpg.program": Trap(_signature, ("log",)),
    "core.pager": Trap(_pager, ("status",)),
    "core.alternateRefsCommand": Trap(_other_branches, ("fetch", "../lender")),
    "credential.helper": Trap(_logins, ("credential", "fill")),
    "core.sshCommand": Trap(_promised("ssh://example.org/x", core__sshCommand="PROGRAM"), ASK, lacks=True),
    "core.gitProxy": Trap(_promised("git://example.org/x", core__gitProxy="PROGRAM"), ASK, lacks=True),
    "ext::": Trap(_promised("ext::PROGRAM", protocol__ext__allow="always"), ASK, lacks=True),
    "uploadpack": Trap(_served_by, ASK, lacks=True),
    "url.insteadOf": Trap(_instead, ASK, lacks=True),
    "an embedded bare repository": Trap(_embedded, ("-C", "modules", "status"), spec="modules/spec.yaml"),
    "a repository within": Trap(_embedded_whole, ("-C", "inner", "status"), spec="inner/spec.yaml"),
    "a .git file": Trap(_file_to_embedded, STATUS),
}


class Obstacle(NamedTuple):
    """`lay` puts something in the way of who reads a repository; `code` is what comes of it, if anything does."""

    lay: Callable[[Victim], None]
    code: str | None


def _pipe(name: str) -> Callable[[Victim], None]:
    def lay(victim: Victim) -> None:
        place = victim.path / ".git" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        os.mkfifo(place)
        assert stat.S_ISFIFO(place.stat().st_mode)

    return lay


def _link(name: str, target: str) -> Callable[[Victim], None]:
    def lay(victim: Victim) -> None:
        place = victim.path / ".git" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(target)

    return lay


def _text(name: str, text: bytes) -> Callable[[Victim], None]:
    def lay(victim: Victim) -> None:
        place = victim.path / ".git" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text)

    return lay


def _pipe_as_link(victim: Victim) -> None:
    shutil.rmtree(victim.path / ".git")
    os.mkfifo(victim.path / ".git")


def _nowhere(victim: Victim) -> None:
    shutil.rmtree(victim.path / ".git")
    (victim.path / ".git").write_text("gitdir: /nowhere\n")


def _many_alternates(victim: Victim) -> None:
    lines = []
    for number in range(200):
        other = victim.path / "other" / str(number)
        other.mkdir(parents=True)
        lines.append(str(other))
    (victim.path / ".git" / "objects" / "info" / "alternates").write_text("\n".join(lines) + "\n")


def _branch_and_folder(victim: Victim) -> None:
    """What two folders have of a repository does not fit together."""
    shutil.copytree(victim.path / ".git", victim.path / "common")
    _text("commondir", b"../common\n")(victim)
    name = victim.git("rev-parse", "HEAD").encode()
    (victim.path / "common" / "refs" / "x").write_bytes(name)
    _text("refs/x/y", name)(victim)


def _replaced(victim: Victim) -> None:
    """What is read is what the commit has, and nothing that somebody put in its place."""
    victim.git("replace", victim.git("rev-parse", "HEAD~1"), victim.git("commit-tree", "-m", "x", "HEAD:modules"))


def _grafted(victim: Victim) -> None:
    """A commit has the parents that it names."""
    other = victim.git("commit-tree", "-m", "x", "HEAD:modules")
    (victim.path / ".git" / "info" / "grafts").write_text(f"{victim.git('rev-parse', 'HEAD')} {other}\n")


OBSTACLES: Mapping[str, Obstacle] = {
    "HEAD is a pipe": Obstacle(_pipe("HEAD"), "SN247"),
    "HEAD is a link to a branch": Obstacle(_link("HEAD", "refs/heads/main"), None),
    "HEAD is a link elsewhere": Obstacle(_link("HEAD", "/etc/passwd"), "SN247"),
    "HEAD is a link to a device": Obstacle(_link("HEAD", "/dev/zero"), "SN247"),
    "HEAD is nothing": Obstacle(_text("HEAD", b"\0\xff\n"), "SN247"),
    "packed-refs is a pipe": Obstacle(_pipe("packed-refs"), "SN247"),
    "packed-refs is a device": Obstacle(_link("packed-refs", "/dev/zero"), "SN247"),
    "a branch is a pipe": Obstacle(_pipe("refs/heads/other"), "SN247"),
    "a branch is a link elsewhere": Obstacle(_link("refs/heads/other", "/etc/passwd"), None),
    "a branch has an odd name": Obstacle(_text("refs/heads/-x;touch \x01\n..", b"0" * 40 + b"\n"), None),
    "a branch leads out": Obstacle(_text("refs/heads/other", b"ref: refs/../../../etc/passwd\n"), None),
    "a folder of branches is a link": Obstacle(_link("refs/other", "/"), None),
    "alternates is a pipe": Obstacle(_pipe("objects/info/alternates"), "SN247"),
    "alternates is a device": Obstacle(_link("objects/info/alternates", "/dev/zero"), "SN247"),
    "alternates lead in a ring": Obstacle(_text("objects/info/alternates", b".\n../objects\n"), None),
    "alternates are many": Obstacle(_many_alternates, "SN247"),
    "alternates are long": Obstacle(_text("objects/info/alternates", b"#" * 10**6), "SN247"),
    "a pack is a pipe": Obstacle(_pipe("objects/pack/pack-1.idx"), "SN247"),
    "the index is a pipe": Obstacle(_pipe("index"), "SN247"),
    "the index is damaged": Obstacle(_text("index", b"DIRC\0\0\0\2\xff\xff\xff\xff"), "SN249"),
    "shallow is a pipe": Obstacle(_pipe("shallow"), "SN247"),
    "shallow is none": Obstacle(_text("shallow", b"x\n"), "SN247"),
    "commondir is a pipe": Obstacle(_pipe("commondir"), "SN247"),
    "FETCH_HEAD is a pipe": Obstacle(_pipe("FETCH_HEAD"), None),
    "a reftable": Obstacle(_text("reftable/tables.list", b""), "SN247"),
    ".git is a pipe": Obstacle(_pipe_as_link, "SN247"),
    ".git leads nowhere": Obstacle(_nowhere, "SN247"),
    "a branch that is a folder": Obstacle(_branch_and_folder, "SN247"),
    "replaced objects": Obstacle(_replaced, None),
    "grafts": Obstacle(_grafted, None),
}
