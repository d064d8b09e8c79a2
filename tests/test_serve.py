"""The live page: what it gives out and what it refuses, and, in a real browser, a run from its first job to its end."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import numpy
import pytest
import tifffile

from sncompile.runner.page.live import LivePage
from sncompile.runner.page.server import PageServer
from sncompile.runner.watch import Watch

from .browser import browser, needs_chromium
from .command_line import begin, finish, sncompile
from .made_runs import make_run
from .runs import SPEC, newest_run, start, until_two_wait

FOLDERS = """\
sncompile: 1
pipeline: folders
tables: {t: {key: [k], rows: [{k: a}, {k: b}]}}
steps:
  make:
    by: [k]
    module:
      outputs: {file: {type: file, format: html}, all: {type: directory}}
      shell: touch ${outputs.file} ${outputs.all}
"""


@contextmanager
def serving(run: Path) -> Iterator[PageServer]:
    """A server of a run's page."""
    server = PageServer(LivePage(Watch(run)))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.close()
        thread.join()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a run, with files beside its outputs that are none."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "spec.yaml").write_text(FOLDERS)
    made = make_run(folder / "spec.yaml", folder, lambda number, job: "done" if number else "waiting", ended=1)
    for k in "ab":
        results = folder / "results" / "make" / k
        (results / "all").mkdir(parents=True)
        (results / "file.html").write_text("<script>document.title = 'run'</script>")
        (results / "all" / "<b>.txt").write_text("in the folder")
        (results / "all" / "out.txt").symlink_to(folder / "secret.txt")
        (results / "other.txt").write_text("no output")
    (folder / "secret.txt").write_text("secret")
    (made / "logs" / "make").mkdir(parents=True)
    (made / "logs" / "make" / "b.log").write_text("said <b>")
    return made


@pytest.fixture(scope="module")
def server(run: Path) -> Iterator[PageServer]:
    with serving(run) as found:
        yield found


def ask(
    server: PageServer, path: str, *, method: str = "GET", host: str | None = None
) -> tuple[int, str, dict[str, str]]:
    """The status, content and head of an answer; a path without `/` at its beginning is below the secret."""
    address = urlsplit(server.address)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    connection.request(
        method, path if path.startswith("/") else address.path + path, headers={"Host": host} if host else {}
    )
    answer = connection.getresponse()
    content = answer.read().decode("utf-8", "replace")
    connection.close()
    return answer.status, content, dict(answer.headers)


def test_outputs_and_logs_are_given_out(server: PageServer) -> None:
    """Those of jobs that were started, and those that stood there before; what a job made runs as a stranger."""
    for k in "ab":
        status, content, head = ask(server, f"file/work/results/make/{k}/file.html")
        assert (status, head["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "document.title" in content
        assert head["Content-Security-Policy"].startswith("sandbox")
        assert "allow-same-origin" not in head["Content-Security-Policy"]
    status, content, head = ask(server, "file/run/logs/make/b.log")
    assert (status, content, head["Content-Type"]) == (200, "said <b>", "text/plain; charset=utf-8")
    assert head["X-Content-Type-Options"] == "nosniff"


def test_images_have_previews(server: PageServer, run: Path) -> None:
    """Of those that a browser does not show; without being asked for, the file is what it is."""
    image = Watch(run).working / "results" / "make" / "b" / "all" / "image.tif"
    tifffile.imwrite(image, numpy.arange(10_000, dtype="uint16").reshape(100, 100))
    where = "file/work/results/make/b/all/image.tif"
    assert ask(server, where)[2]["Content-Type"] == "image/tiff"
    status, content, head = ask(server, f"{where}?preview")
    assert (status, head["Content-Type"]) == (200, "image/jpeg")
    assert "JFIF" in content[:12]
    assert ask(server, "file/work/results/make/b/other.tif?preview")[0] == 404
    assert '"preview":"?preview"' in ask(server, "")[1]


def test_logs_are_given_out_without_secrets(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    copy = tmp_path / "runs" / "copy"
    shutil.copytree(run, copy)
    source_map = copy / "emitted" / "Snakefile.map.json"
    source_map.write_text(json.dumps({**json.loads(source_map.read_text()), "secrets": ["TOKEN"]}))
    (copy / "logs" / "make" / "b.log").write_text("with open-sesame in it")
    monkeypatch.setenv("TOKEN", "open-sesame")
    with serving(copy) as server:
        assert ask(server, "file/run/logs/make/b.log")[:2] == (200, "with *** in it")


def test_a_folder_that_is_an_output_is_given_out_with_all_in_it(server: PageServer) -> None:
    status, content, _ = ask(server, "file/work/results/make/b/all")
    assert status == 200
    assert '<a href="./%3Cb%3E.txt">&lt;b&gt;.txt</a>' in content
    assert ask(server, "file/work/results/make/b/all/%3Cb%3E.txt")[:2] == (200, "in the folder")


@pytest.mark.parametrize(
    "path",
    [
        "file/work/secret.txt",
        "file/work/spec.yaml",
        "file/work/results/make/b/other.txt",
        "file/work/results/make/b/all/out.txt",
        "file/work/results/make/b/all/../../../../secret.txt",
        "file/work/results/make/b/all/%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret.txt",
        "file/work/results/make",
        "file/run/events.jsonl",
        "file/run/logs/../run.json",
        "file/system/etc/passwd",
        "file/work//etc/passwd",
        "file/work/results/make/b/file.html%00",
        "file/elsewhere/x",
        "file/",
        "other",
    ],
)
def test_nothing_else_is_given_out(server: PageServer, path: str) -> None:
    """No file beside outputs and logs, by whatever way; no link that leads out of a folder."""
    status, content, _ = ask(server, path)
    assert status == 404
    assert "secret" not in content


def test_a_pipe_and_a_folder_that_cannot_be_read_are_no_files(
    run: Path, server: PageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To read a pipe would wait for who writes to it."""
    folder = run.parent.parent / "results" / "make" / "a" / "all"
    os.mkfifo(folder / "pipe")
    try:
        assert ask(server, "file/work/results/make/a/all/pipe")[0] == 404
    finally:
        (folder / "pipe").unlink()

    def refused(path: Path) -> Iterator[os.DirEntry[str]]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refused)
    assert ask(server, "file/work/results/make/a/all")[0] == 404


def test_who_does_not_know_the_secret_gets_nothing(server: PageServer) -> None:
    for path in ("/", "/events", "/wrong/", "/file/work/results/make/b/file.html"):
        assert ask(server, path)[0] == 404
    assert ask(server, "", host="evil.example:80")[0] == 404
    assert ask(server, "")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written(server: PageServer, method: str) -> None:
    assert ask(server, "file/work/results/make/b/file.html", method=method)[0] == 501


def test_it_listens_to_this_machine_alone_and_says_its_end(server: PageServer) -> None:
    """Of a run that has ended the events are: how it stands, and that this is all."""
    assert server.server_address[0] == "127.0.0.1"
    status, content, _ = ask(server, "events")
    assert status == 200
    assert [line for line in content.splitlines() if line.startswith("event")] == [
        "event: parts",
        "event: data",
        "event: end",
    ]


def test_the_page_of_a_run_that_is_served_writes_nothing(run: Path, server: PageServer) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in run.rglob("*"))
    ask(server, "")
    ask(server, "events")
    assert sorted((path, path.stat().st_mtime_ns) for path in run.rglob("*")) == before


def test_a_run_that_is_not_there_and_a_port_that_is_taken(run: Path, server: PageServer, tmp_path: Path) -> None:
    assert sncompile(tmp_path, "serve").returncode == 2
    ended = sncompile(run, "serve", run, "--port", str(server.server_address[1]))
    assert ended.returncode == 1
    assert "leave out --port" in ended.stderr


@needs_chromium
def test_a_page_follows_its_run_from_its_first_jobs_to_its_end(tmp_path: Path) -> None:
    """The badge, the graph and the jobs change without anybody's doing; Ctrl-C ends the server, and not the run."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "wait").touch()
    running = start(tmp_path)
    try:
        until_two_wait(tmp_path, running)
        server = begin(tmp_path, "serve")
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        with browser(tmp_path) as page:
            page.open(address)
            page.until("document.querySelector('.badge').textContent === 'running'")
            assert sorted(page.texts("#jobs .chip.is-running, #jobs .chip.is-waiting")) == ["running 2", "waiting 4"]
            (tmp_path / "wait").unlink()
            page.until("document.querySelector('.badge').textContent === 'done'")
            page.until("document.querySelector('#jobs .chip.is-done')?.textContent === 'done 6'")
            assert page.texts("[data-id=second] .sn-state") == ["3 of 3"]
            assert page.value("document.title") == "small: done"
            # Links lead to what is there: nothing has failed.
            seen = "[...document.querySelectorAll('nav a')].filter(a => a.offsetParent).map(a => a.hash)"
            assert "#timeline" in page.value(seen)
            assert page.value(f"{seen}.filter(hash => !document.querySelector(hash))") == []
            page.write("#jobs input", "second k=b")
            page.click("tr.job")
            page.open(page.value("document.querySelector('.details a').href"))
            assert page.value("document.body.textContent") == "looking at b\n"
            assert page.troubles == []
        server.send_signal(signal.SIGINT)
        assert finish(server).code == 0
    finally:
        (tmp_path / "wait").unlink(missing_ok=True)
        assert finish(running).code == 0
    assert not (newest_run(tmp_path) / "cancel.json").exists()
