"""Modules of git repositories: fetched by `lock`, with a real git, and used by compiles that open no connection."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from sncompile.diagnostics import Report
from sncompile.exchange.repositories import fetch
from sncompile.semantics.modules.lock_file import read_lock
from sncompile.semantics.repositories.references import FetchError, Repository, commit_folder
from tests.command_line import Ended, sncompile

NAME = "git.example.org/org/tools"
SPEC = f"""\
sncompile: 1
pipeline: shout
modules: {{tools: "git+https://{NAME}@v1//modules"}}
steps:
  upper:
    module: tools/upper
    with: {{text: words.txt}}
  framed:
    module: "git+https://{NAME}@v1//modules/frames/frame.yaml"
    with: {{text: "${{upper.shown}}"}}
"""
UPPER = """\
sncompile: 1
module: upper
inputs: {text: {type: file}}
outputs: {shown: {type: file, format: txt}}
command: [python3, "${file('upper.py')}", "${inputs.text}", "${outputs.shown}"]
"""
FRAME = """\
sncompile: 1
pipeline: frame
inputs: {text: {type: file}}
steps: {again: {module: ../upper.yaml, with: {text: "${inputs.text}"}}}
outputs: {shown: "${again.shown}"}
"""
SCRIPT = "import sys\nopen(sys.argv[2], 'w').write(open(sys.argv[1]).read().upper())\n"


class World(NamedTuple):
    """A repository, a project that uses its modules, and the variables by which git finds the one for the other."""

    repository: Path
    project: Path
    env: Mapping[str, str]

    def git(self, *arguments: str) -> str:
        """Have git do something in the repository."""
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments]
        ended = subprocess.run(command, cwd=self.repository, check=True, capture_output=True, text=True)
        return ended.stdout.strip()

    def call(self, *arguments: str) -> Ended:
        """Call `sncompile` in the project."""
        done = sncompile(self.project, *arguments, env={**os.environ, **self.env})
        return Ended(done.returncode, done.stdout, done.stderr)

    def lock(self) -> str:
        """The text of the lock file."""
        return (self.project / "sncompile.lock").read_text()


@pytest.fixture
def world(tmp_path: Path) -> World:
    """The modules stand at the tag `v1`; git takes the repository from a folder, as a user's settings can have it."""
    repository, project = tmp_path / "tools", tmp_path / "project"
    (repository / "modules" / "frames").mkdir(parents=True)
    project.mkdir()
    (repository / "modules" / "upper.yaml").write_text(UPPER)
    (repository / "modules" / "upper.py").write_text(SCRIPT)
    (repository / "modules" / "frames" / "frame.yaml").write_text(FRAME)
    (repository / "modules" / "link.yaml").symlink_to("/etc/hostname")
    (repository / "modules" / "tool.sh").write_text("#!/bin/sh\n")
    (repository / "modules" / "tool.sh").chmod(0o755)
    (project / "spec.yaml").write_text(SPEC)
    (project / "words.txt").write_text("hello\n")
    env = {
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{repository}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://{NAME}", "SNCOMPILE_CACHE": str(tmp_path / "cache"),
    }  # fmt: skip
    world = World(repository, project, env)
    world.git("init", "--quiet", "--initial-branch=main", ".")
    world.git("add", "--all")
    world.git("commit", "--quiet", "--message=one")
    world.git("tag", "v1")
    return world


@pytest.fixture
def here(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same with the variables in this process."""
    for name, value in world.env.items():
        monkeypatch.setenv(name, value)
    return world


def test_modules_are_locked_fetched_and_run(world: World) -> None:
    """Until they are fetched they are not here; then they run, also with plain Snakemake and without the cache."""
    refused = world.call("check", "spec.yaml")
    assert (refused.code, refused.err.count("error[SN244]")) == (1, 2)
    commit = world.git("rev-parse", "v1")
    locked = world.call("lock", "spec.yaml")
    assert locked.code == 0, locked.err
    assert f"git+https://{NAME}@v1: {commit}, new" in locked.out
    assert world.call("check", "spec.yaml", "--locked").code == 0
    ran = world.call("run", "spec.yaml", "--locked")
    assert ran.code == 0, ran.err
    assert (world.project / "results" / "framed.again" / "shown.txt").read_text() == "HELLO\n"


def test_what_is_emitted_is_the_same_on_every_machine(world: World, tmp_path: Path) -> None:
    """Where the cache lies is written nowhere."""
    world.call("lock", "spec.yaml")
    assert world.call("spec.yaml").code == 0
    moved = world._replace(env={**world.env, "SNCOMPILE_CACHE": str(tmp_path / "elsewhere" / "cache")})
    assert moved.call("lock", "spec.yaml").code == 0
    assert moved.call("spec.yaml", "--check").code == 0
    told = (world.project / "build" / "shout" / "Snakefile.map.json").read_text()
    assert f'"file": "git+https://{NAME}@v1//modules/upper.yaml"' in told
    for file in (world.project / "build").rglob("*"):
        assert file.is_dir() or str(tmp_path).encode() not in file.read_bytes()


def test_the_commit_that_is_locked_stays(world: World, tmp_path: Path) -> None:
    """Also where the tag has moved on, and where the cache is gone; `--update` follows the tag."""
    world.call("lock", "spec.yaml")
    before = world.lock()
    (world.repository / "modules" / "upper.py").write_text(f"{SCRIPT}# New.\n")
    world.git("commit", "--quiet", "--all", "--message=two")
    world.git("tag", "--force", "v1")
    shutil.rmtree(tmp_path / "cache")
    assert "error[SN244]" in world.call("check", "spec.yaml").err
    assert world.call("lock", "spec.yaml").code == 0
    assert world.lock() == before
    assert world.call("check", "spec.yaml").code == 0
    assert world.call("lock", "spec.yaml", "--update", "--check").code == 1
    updated = world.call("lock", "spec.yaml", "--update")
    assert f"git+https://{NAME}@v1//modules/upper.py: changed" in updated.out
    assert world.git("rev-parse", "v1") in world.lock()
    assert world.call("check", "spec.yaml", "--locked").code == 0


def test_a_commit_that_is_gone_names_what_helps(world: World, tmp_path: Path) -> None:
    """Its branch was rewritten, and the files are not in this machine's cache."""
    assert world.call("lock", "spec.yaml").code == 0
    before = world.git("rev-parse", "v1")
    world.git("commit", "--quiet", "--amend", "--message=another")
    world.git("tag", "--force", "v1")
    world.git("reflog", "expire", "--expire=now", "--all")
    world.git("gc", "--quiet", "--prune=now")
    moved = world._replace(env={**world.env, "SNCOMPILE_CACHE": str(tmp_path / "elsewhere")})
    lost = moved.call("lock", "spec.yaml")
    assert (lost.code, "git ended with" in lost.err) == (1, False)
    assert f"cannot be fetched: it has no commit `{before}`" in lost.err
    assert "sncompile lock --update SPEC" in lost.err
    assert moved.call("lock", "--update", "spec.yaml").code == 0
    assert moved.call("check", "spec.yaml", "--locked").code == 0


def test_an_update_for_one_spec_does_not_bind_another_to_the_commit_before(world: World) -> None:
    """What was known of files that only the other uses goes with the commit; it is locked anew by itself."""
    (world.project / "other.yaml").write_text(SPEC.replace("tools/upper", "./own.yaml"))
    (world.project / "own.yaml").write_text(UPPER.replace("${file('upper.py')}", "x.py"))
    (world.project / "spec.yaml").write_text(SPEC.partition("  framed:")[0])
    world.call("lock", "spec.yaml", "other.yaml")
    (world.repository / "modules" / "frames" / "frame.yaml").write_text(f"# New.\n{FRAME}")
    world.git("commit", "--quiet", "--all", "--message=two")
    world.git("tag", "--force", "v1")
    world.call("lock", "spec.yaml", "--update")
    assert "has not `git+https://" in world.call("check", "other.yaml").err
    assert world.call("lock", "other.yaml").code == 0
    assert world.call("check", "spec.yaml", "other.yaml", "--locked").code == 0


def test_what_an_update_changes_is_told(world: World) -> None:
    """`diff` with a revision compares with the commit that the lock file had then."""
    world.call("lock", "spec.yaml")
    project = world._replace(repository=world.project)
    project.git("init", "--quiet", ".")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message=one")
    (world.repository / "modules" / "upper.py").write_text(f"{SCRIPT}# New.\n")
    world.git("commit", "--quiet", "--all", "--message=two")
    world.git("tag", "--force", "v1")
    assert world.call("diff", "--git", "HEAD", "spec.yaml").code == 0
    world.call("lock", "spec.yaml", "--update")
    told = world.call("diff", "--git", "HEAD", "spec.yaml")
    assert (told.code, "the module's file `upper/upper.py`" in told.out) == (1, True), told


def test_what_was_altered_in_the_cache_is_refused(world: World, tmp_path: Path) -> None:
    """By a compile, and by `lock`, which would else record it."""
    world.call("lock", "spec.yaml")
    (script,) = (tmp_path / "cache").rglob("upper.py")
    script.write_text(f"{SCRIPT}# Altered.\n")
    for command in ("check", "lock"):
        refused = world.call(command, "spec.yaml")
        assert (refused.code, "error[SN245]" in refused.err) == (1, True), refused.err
    shutil.rmtree(tmp_path / "cache")
    world.call("lock", "spec.yaml")
    assert world.call("check", "spec.yaml").code == 0


def test_locked_modules_of_the_project(world: World) -> None:
    """A file that was changed is refused with `--locked` and recorded by `lock`; one that is gone is forgotten."""
    module = world.project / "own.yaml"
    module.write_text(UPPER.replace("${file('upper.py')}", "x.py"))
    (world.project / "spec.yaml").write_text(SPEC + "  own: {module: ./own.yaml, with: {text: words.txt}}\n")
    world.call("lock", "spec.yaml")
    module.write_text(f"# New.\n{module.read_text()}")
    assert world.call("check", "spec.yaml").code == 0
    assert "`own.yaml` is not as `sncompile.lock` has it" in world.call("check", "spec.yaml", "--locked").err
    assert "own.yaml: changed" in world.call("lock", "spec.yaml").out
    assert world.call("check", "spec.yaml", "--locked").code == 0
    module.unlink()
    (world.project / "spec.yaml").write_text(SPEC)
    world.call("lock", "spec.yaml")
    assert "own.yaml" not in world.lock()


def test_references_from_within_stay_in_the_repository(world: World) -> None:
    """No module of a stranger reads what lies beside the cache, or in the project."""
    (world.repository / "modules" / "frames" / "frame.yaml").write_text(
        FRAME.replace("../upper.yaml", "../../../../../../../../project/secret.yaml")
    )
    world.git("commit", "--quiet", "--all", "--message=two")
    world.git("tag", "--force", "v1")
    (world.project / "secret.yaml").write_text(UPPER)
    refused = world.call("lock", "spec.yaml")
    assert (refused.code, "error[SN212]" in refused.err) == (1, True), refused.err


def test_only_plain_files_are_fetched(here: World) -> None:
    """Byte for byte, programs as programs, without links."""
    (here.repository / ".gitattributes").write_text("* text eol=crlf\n*.sh filter=other\n")
    here.git("add", "--all")
    here.git("commit", "--quiet", "--message=two")
    repository = Repository(NAME, "main")
    folder = commit_folder(repository, fetch(repository, None))
    found = sorted(path.relative_to(folder / "modules").as_posix() for path in (folder / "modules").rglob("*.*"))
    assert found == ["frames/frame.yaml", "tool.sh", "upper.py", "upper.yaml"]
    assert (folder / "modules" / "upper.py").read_bytes() == SCRIPT.encode()
    assert os.access(folder / "modules" / "tool.sh", os.X_OK)
    assert not os.access(folder / "modules" / "upper.py", os.X_OK)


def test_commits_are_references_too(here: World) -> None:
    """Whole and abbreviated, also one that no branch or tag leads to directly."""
    first = here.git("rev-parse", "v1")
    here.git("tag", "--delete", "v1")
    here.git("commit", "--quiet", "--allow-empty", "--message=two")
    assert fetch(Repository(NAME, first), None) == first
    assert fetch(Repository(NAME, first[:9]), None) == first
    with pytest.raises(FetchError, match="v1"):
        fetch(Repository(NAME, "v1"), None)


def test_a_path_that_leads_out_of_the_folder_is_refused(here: World, tmp_path: Path) -> None:
    """Such as no git makes, but somebody may."""
    blob = here.git("rev-parse", "HEAD:modules/upper.py")
    tree = b"100644 ../../pwned.py\0" + bytes.fromhex(blob)
    (tmp_path / "tree").write_bytes(tree)
    made = here.git("hash-object", "-t", "tree", "-w", "--literally", str(tmp_path / "tree"))
    here.git("update-ref", "refs/heads/bad", here.git("commit-tree", made, "-m", "bad"))
    with pytest.raises(FetchError):
        fetch(Repository(NAME, "bad"), None)
    assert not list(tmp_path.rglob("pwned.py"))
    assert not list((tmp_path / "cache").rglob("*.py"))


@pytest.fixture
def server(world: World, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Serves the repository over https as plain files: its host with the port, and the certificate."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate")
    certificate = tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", certificate, "-out", tmp_path / "public.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    certificate.write_bytes(certificate.read_bytes() + (tmp_path / "public.pem").read_bytes())
    served = tmp_path / "served"
    served.mkdir()
    world.git("clone", "--quiet", "--bare", ".", str(served / "tools.git"))
    subprocess.run(["git", "update-server-info"], cwd=served / "tools.git", check=True)
    web = ThreadingHTTPServer(("localhost", 0), partial(SimpleHTTPRequestHandler, directory=str(served)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    web.socket = context.wrap_socket(web.socket, server_side=True)
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    yield f"localhost:{web.server_port}", tmp_path / "public.pem"
    web.shutdown()
    thread.join()
    web.server_close()


def test_a_repository_over_https(world: World, server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """With a real connection, whose certificate is looked at."""
    host, certificate = server
    monkeypatch.delenv("GIT_SSL_NO_VERIFY", raising=False)
    (world.project / "spec.yaml").write_text(SPEC.replace(NAME, f"{host}/tools.git"))
    # A machine's own settings may trust everybody, or send all that is asked to a proxy.
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "no_proxy": "localhost"}
    plain = world._replace(env={**settings, "SNCOMPILE_CACHE": world.env["SNCOMPILE_CACHE"]})
    refused = plain.call("lock", "spec.yaml")
    assert (refused.code, "error[SN710]" in refused.err, "certificate" in refused.err) == (1, True, True), refused.err
    trusting = plain._replace(env={**plain.env, "GIT_SSL_CAINFO": str(certificate)})
    assert trusting.call("lock", "spec.yaml").code == 0
    assert plain.call("check", "spec.yaml", "--locked").code == 0
    lock = read_lock(plain.project / "sncompile.lock", "lock", Report(), {})
    assert lock.repositories == {f"git+https://{host}/tools.git@v1": world.git("rev-parse", "v1")}
