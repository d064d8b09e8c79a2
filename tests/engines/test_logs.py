"""What jobs have said: shown without steering a terminal, without secrets, and kept once, for its owner alone."""

from __future__ import annotations

import os
import pty
import random
import resource
import subprocess
from pathlib import Path

import pytest

import sncompile as sn
from sncompile.runner.failures import log_tail
from sncompile.runner.log_files import hide_in, pieces, shown, start_of_tail
from sncompile.telemetry.redaction import NO_SECRETS, SHOWN, Redaction

from ..command_line import SNCOMPILE, begin, finish, sncompile
from ..runs import newest_run, started, until_two_wait

SECRET = "hunter2 'of mine'"
SPEC = """\
sncompile: 1
pipeline: small
tables: {t: {key: [k], rows: [{k: a}, {k: b}, {k: c}]}}
steps:
  first:
    module:
      outputs: {o: {type: file}}
      params: {k: {type: string}}
      container: {image: "example/tool:1", env: {TOKEN: {secret: true}}}
      shell: |
        printf '\\033]0;title\\007\\033[31mred\\033[0m\\n'
        echo "the token is $TOKEN for "${params.k}
        echo ${params.k} >> started.txt
        while [ -e wait ]; do sleep 0.1; done
        if [ ${params.k} = b ]; then exit 3; fi
        touch ${outputs.o}
    by: [k]
    with: {k: "${k}"}
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A run of the spec, which knows the secret."""
    (folder / "spec.yaml").write_text(SPEC)
    words = ("run", "spec.yaml", "--cores", "2", "--containers", "none", "--keep-going", *arguments)
    return begin(folder, *words, env={**os.environ, "TOKEN": SECRET})


def by_terminal(folder: Path, *arguments: str) -> str:
    """What a terminal is sent by `sncompile`."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*SNCOMPILE, *arguments], cwd=folder, stdout=theirs, stderr=theirs)
    os.close(theirs)
    found = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # The other side is closed.
            break
        if not piece:
            break
        found += piece
    os.close(ours)
    assert process.wait() == 0
    return found.decode().replace("\r\n", "\n")


def files(folder: Path) -> list[Path]:
    """All files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_nothing_tells_what_a_tool_printed_of_a_secret(tmp_path: Path) -> None:
    """Not its log, the record, the messages, the page, Snakemake's own files; and all are their owner's alone."""
    code, out, err = finish(start(tmp_path, "--", "--show-failed-logs"))
    assert code == 3
    assert "the token is *** for b" in err
    run = newest_run(tmp_path)
    assert (tmp_path / "logs" / "first" / "b.log").read_bytes().endswith(b"the token is *** for b\n")
    assert sncompile(tmp_path, "report").returncode == 0
    asked = [sncompile(tmp_path, "status"), sncompile(tmp_path, "status", "--json"), sncompile(tmp_path, "logs", "."),
             sncompile(tmp_path, "logs", ".", "--engine", "--raw")]  # fmt: skip
    told = [out, err, *(done.stdout + done.stderr for done in asked), str(sn.attach(tmp_path).logs("first"))]
    assert not [text for text in told if "hunter2" in text]
    assert not [path for path in files(tmp_path) if b"hunter2" in path.read_bytes()]
    assert run.stat().st_mode & 0o777 == 0o700
    open_to_others = [p for p in files(run) if p.stat().st_mode & 0o077 and p.name != "report.html"]
    assert open_to_others == []


def test_a_running_job_tells_no_secret_that_is_not_known_here(tmp_path: Path) -> None:
    """Its log is its owner's alone; who has the variable sees it without the value, who has not sees nothing of it."""
    (tmp_path / "wait").touch()
    process = start(tmp_path)
    until_two_wait(tmp_path, process)
    logs = [tmp_path / "logs" / "first" / f"{k}.log" for k in started(tmp_path)]
    assert [path.stat().st_mode & 0o777 for path in logs] == [0o600, 0o600]
    unknown = sncompile(tmp_path, "logs", ".").stdout
    assert unknown.count("(withheld until the job has ended: the values of TOKEN are not set here)") == 2
    known = sncompile(tmp_path, "logs", ".", env={**os.environ, "TOKEN": SECRET}).stdout
    assert known.count("the token is *** for") == 2
    assert "hunter2" not in unknown + known
    (tmp_path / "wait").unlink()
    finish(process)


def test_a_terminal_is_not_steered(tmp_path: Path) -> None:
    """Control characters are escapes there; what goes to a file or a pipe is what the tool wrote."""
    finish(start(tmp_path))
    told = by_terminal(tmp_path, "logs", ".", "first", "k=a")
    assert told == f"\\x1b]0;title\\x07\\x1b[31mred\\x1b[0m\nthe token is {SHOWN} for a\n"
    assert "\x1b]0;title\x07" in by_terminal(tmp_path, "logs", ".", "--raw")
    assert "\x1b" not in by_terminal(tmp_path, "logs", ".", "--follow")
    assert sncompile(tmp_path, "logs", ".", "first", "k=a").stdout.startswith("\x1b]0;title\x07\x1b[31mred")
    assert sncompile(tmp_path, "logs", ".", "first", "k=a", "--tail", "1").stdout == "the token is *** for a\n"
    logs = sn.attach(tmp_path).logs("first", k="a")
    assert "\x1b" in logs
    assert "\x1b" not in repr(logs)


def test_a_log_is_stored_once_and_not_overwritten_by_a_later_run(tmp_path: Path) -> None:
    """The record has it by a second name; the next try writes another file."""
    finish(start(tmp_path))
    first, log = newest_run(tmp_path), tmp_path / "logs" / "first" / "b.log"
    kept = first / "logs" / "first" / "b.log"
    assert kept.samefile(log)
    before = kept.read_bytes()
    finish(start(tmp_path))
    assert newest_run(tmp_path) != first
    assert not kept.samefile(log)
    assert kept.read_bytes() == before


def test_a_large_log_takes_little_memory(tmp_path: Path) -> None:
    """To print it all, or its end; it is one line, so that no reading of lines helps."""
    finish(start(tmp_path))
    log = newest_run(tmp_path) / "logs" / "first" / "a.log"
    with log.open("wb") as file:
        file.write(b"begin\n")
        file.truncate(1_000_000_000)
        file.seek(0, os.SEEK_END)
        file.write(b"\nthe end\n")

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (500_000_000, 500_000_000))

    for arguments, size in ((("--tail", "1"), 8), ((), 1_000_000_009)):
        process = subprocess.Popen(
            [*SNCOMPILE, "logs", ".", "first", "k=a", *arguments], cwd=tmp_path, stdout=subprocess.PIPE,
            preexec_fn=little,
        )  # fmt: skip
        assert process.stdout is not None
        count = 0
        while piece := process.stdout.read(1 << 20):
            count += len(piece)
        assert (process.wait(), count) == (0, size)
    assert len(sn.attach(tmp_path).logs("first", k="a")) < 10_000_000


# --- By themselves ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_a_secret_is_found_wherever_its_text_is_cut(seed: int) -> None:
    """The pieces that a text comes in make no difference."""
    dice = random.Random(seed)
    secrets = ["abcab", "cabcabd", "x" * 300, "first line\nsecond"]
    words = [*secrets, "ab", "c", "abca", "x" * 299, "first line\n", "é"]
    text = "".join(dice.choice(words) for _ in range(200)).encode()
    hide = Redaction(secrets)
    places = sorted(dice.sample(range(len(text)), 50))
    cut = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    told = b"".join(hide.in_bytes(cut)).decode()
    assert not [secret for secret in secrets if secret in told.replace(SHOWN, "|")]
    assert hide.is_in(cut)
    assert b"".join(Redaction(["nowhere"]).in_bytes(cut)) == text
    assert not Redaction(["nowhere"]).is_in(cut)


def test_what_is_too_short_to_be_a_secret_is_left() -> None:
    """Three letters stand everywhere."""
    assert Redaction(["abc", ""])("abc") == "abc"
    assert Redaction(["abcd"])("abcd") == SHOWN


def test_the_end_of_a_file(tmp_path: Path) -> None:
    """By lines, whether the last one ends or not, and over the pieces that it is read in."""
    path = tmp_path / "log"
    for text in (b"", b"a", b"a\n", b"a\nb", b"a\nb\n", b"\n\n\n", b"x" * 600_000 + b"\ny\n", b"z\n" * 400_000):
        path.write_bytes(text)
        lines = text.splitlines(keepends=True)
        for count in (0, 1, 2, 3, 500_000):
            found = b"".join(pieces(path, start_of_tail(path, count)))
            assert found == b"".join(lines[max(0, len(lines) - count) :] if count else []), (text[:9], count)
    assert start_of_tail(tmp_path / "none", 1) == 0


def test_what_a_terminal_is_shown() -> None:
    """Whatever pieces it comes in: no control character but tabs and ends of lines, and no byte is lost."""
    text = "a\tb\r\nc\rd\x1b[31m\x9bé\u202e".encode() + b"\xff"
    wanted = "a\tb\nc\\x0dd\\x1b[31m\\x9bé\\u202e\\xff"
    for size in range(1, len(text) + 1):
        told = b"".join(shown(text[n : n + size] for n in range(0, len(text), size)))
        assert told.decode() == wanted


def test_the_end_of_a_log_is_told_as_it_reads(tmp_path: Path) -> None:
    """A bar that was drawn a thousand times is one line, and hides no message; colours are no part of what is said."""
    path = tmp_path / "log"
    bars = "".join(f"\rEpoch 1: {n:3}%|{'█' * (n // 10):10}| {n}/100 [00:0{n % 10}]" for n in range(100))
    path.write_text(
        f"\x1b[1mtraining\x1b[0m{bars}\rValueError: no data{bars}\r\n\x1b[31mstopped\x1b[0m\r\n", newline=""
    )
    last = "| Epoch 1:  99%|█████████ | 99/100 [00:09]"
    assert log_tail(path, 9, NO_SECRETS) == ["| training", last, "| ValueError: no data", last, "| stopped"]


def test_secrets_are_taken_out_of_files(tmp_path: Path) -> None:
    """In one step, or in the same file where somebody goes on writing; others are not touched."""
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"my secret\n" * 3)
    other.write_bytes(b"nothing")
    before = other.stat()
    with path.open("ab") as going_on:
        hide_in([path, other, tmp_path / "none"], Redaction(["secret"]), in_place=True)
        going_on.write(b"more\n")
    assert path.read_bytes() == b"my ***\n" * 3 + b"more\n"
    assert other.stat() == before
    path.write_bytes(b"secret")
    hide_in([path], Redaction(["secret"]))
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"***", 0o600)
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]
