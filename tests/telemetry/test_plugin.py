"""The logger plugin, as plain Snakemake finds and uses it, and a collector that others have written."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..command_line import sncompile
from ..waiting import PATIENCE, until
from .collector import attributes, collector
from .test_telemetry import SECRET, SPEC, check_spans, counts, run

ROOT = Path(__file__).parents[2]
PLAIN = """\
rule all:
    input: "b.txt"
rule a:
    output: "{x}.a"
    log: "{x}.log"
    threads: 2
    shell: "echo hello > {log}; touch {output}"
rule b:
    input: "1.a", "2.a"
    output: "b.txt"
    shell: "touch {output}"
"""


def snakemake(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Plain Snakemake with the plugin, which it finds by its name in the source folder."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--logger", "sncompile-otel", *arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    # Packages that are installed for editing are invisible to Snakemake.
    environment |= {"PYTHONPATH": str(ROOT / "compiler"), "TOKEN": SECRET, "TMPDIR": str(folder), **variables}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )


def ended(folder: Path) -> None:
    """Wait until the plugin's process has sent all: it is then that its folder goes, or tells of its end."""
    until(lambda: all(map(_tells_of_its_end, folder.glob("sncompile-otel-*"))))


def _tells_of_its_end(folder: Path) -> bool:
    # What sends may not have got so far as to write anything when Snakemake has ended.
    return (folder / "telemetry.json").exists() and '"ended"' in (folder / "telemetry.json").read_text()


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_compiled_pipeline_under_plain_snakemake(protocol: str, tmp_path: Path) -> None:
    """Steps, keys, tries and places are those of the spec, and `-q` takes nothing away."""
    (tmp_path / "spec.yaml").write_text(SPEC.replace("RETRIES", "1"))
    assert sncompile(tmp_path, "spec.yaml").returncode == 0
    with collector() as found:
        done = snakemake(
            tmp_path, "-q", "--snakefile", "build/small/Snakefile",
            "--logger-sncompile-otel-url", getattr(found, protocol),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        ended(tmp_path)
    check_spans(found)
    told = attributes(found.span("job first k=b"))
    assert (told["sncompile.step"], told["code.file.path"], told["process.exit.code"]) == ("first", "spec.yaml", 0)
    assert told["code.line.number"] == SPEC.split("\n").index("  first:") + 1
    assert attributes(found.span("run small"))["sncompile.run.state"] == "done"
    assert "token is ***" in [r.body.string_value for r in found.logs]
    assert SECRET.encode() not in found.raw


def test_any_snakefile(tmp_path: Path) -> None:
    """Its rules are the steps, its wildcards the keys; the usual variable says where to."""
    (tmp_path / "Snakefile").write_text(PLAIN)
    with collector() as found:
        done = snakemake(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=found.http)
        assert done.returncode == 0, done.stderr
        ended(tmp_path)
    names = sorted(s.name for s in found.spans)
    assert names == ["job a x=1", "job a x=2", "job b", f"run {tmp_path.name}", "step a", "step b"]
    assert attributes(found.span("job a x=1"))["sncompile.resource.threads"] == 2
    assert [r.body.string_value for r in found.logs] == ["hello", "hello"]


def test_a_failure_and_a_dry_run(tmp_path: Path) -> None:
    """A failed workflow is an error; a dry run is nothing to tell of."""
    (tmp_path / "Snakefile").write_text(PLAIN.replace('"touch {output}"', '"exit 5"'))
    with collector() as found:
        assert snakemake(tmp_path, "-n", OTEL_EXPORTER_OTLP_ENDPOINT=found.http).returncode == 0
        assert found.requests == []
        assert snakemake(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=found.http).returncode == 1
        ended(tmp_path)
    assert attributes(found.span("job b"))["process.exit.code"] == 5
    assert attributes(found.span(f"run {tmp_path.name}"))["sncompile.run.state"] == "failed"


def test_nothing_listens(tmp_path: Path) -> None:
    """The workflow is done as ever, and it is told that nothing arrived."""
    (tmp_path / "Snakefile").write_text(PLAIN)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        done = snakemake(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=url, OTEL_EXPORTER_OTLP_TIMEOUT="1")
    assert done.returncode == 0
    assert (tmp_path / "b.txt").exists()
    assert "telemetry" in done.stderr


@contextmanager
def rotel(folder: Path, forward: str) -> Iterator[dict[str, str]]:
    """Rotel, a collector with receivers of both protocols, that hands on what it gets; gives its two addresses."""
    package = pytest.importorskip("rotel", reason="rotel is not there for this platform")
    agent = Path(package.__file__).parent / "rotel-agent"
    with (folder / "rotel.log").open("wb") as log:
        for _ in range(5):
            ports = _free_ports()
            process = subprocess.Popen(
                [agent, "start", "--otlp-grpc-endpoint", f"127.0.0.1:{ports[0]}", "--otlp-http-endpoint",
                 f"127.0.0.1:{ports[1]}", "--exporter", "otlp", "--otlp-exporter-endpoint", forward,
                 "--otlp-exporter-protocol", "http"], stdout=log, stderr=log,
            )  # fmt: skip
            until(lambda: process.poll() is not None or all(map(_listens, ports)))  # noqa: B023 - called at once
            if process.poll() is None:
                break  # Else somebody took a port between the look and the start.
    try:
        assert process.poll() is None, (folder / "rotel.log").read_text("utf-8", "replace")
        yield {"grpc": f"grpc://127.0.0.1:{ports[0]}", "http": f"http://127.0.0.1:{ports[1]}"}
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for free in (one, other):
            free.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_rotel_takes_it_and_hands_it_on(protocol: str, tmp_path: Path) -> None:
    """Every span that was sent comes out of a real collector at the other side, and so do logs and metrics."""
    with collector() as found, rotel(tmp_path, found.http) as addresses:
        done = run(tmp_path, "--telemetry", addresses[protocol])
        assert done.returncode == 0, done.stderr
        told = counts(tmp_path)
        assert {name: c["lost"] for name, c in told.items()} == {"spans": 0, "log records": 0, "data points": 0}
        until(lambda: len(found.spans) == told["spans"]["made"] and len(found.logs) == told["log records"]["made"])
        until(lambda: bool(found.metrics))
    check_spans(found)


def test_the_wheel_brings_the_plugin(tmp_path: Path) -> None:
    """Where the package is truly installed, Snakemake finds the plugin by itself."""
    shutil.copytree(ROOT / "compiler" / "snakemake_logger_plugin_sncompile_otel",
                    tmp_path / "site" / "snakemake_logger_plugin_sncompile_otel")  # fmt: skip
    listed = "from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry as R; print(*R().plugins)"
    done = subprocess.run(
        [sys.executable, "-c", listed], env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["sncompile-otel"]
