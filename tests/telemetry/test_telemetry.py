"""Telemetry of real runs, as a collector sees it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sncompile.telemetry.destination import SIGNALS, Destination, destination
from sncompile.telemetry.redaction import Redaction

from ..command_line import sncompile
from ..runs import newest_run
from ..waiting import PATIENCE, until
from .collector import Collector, attributes, collector

SECRET = "s3cr et/pass+word'&"
SPEC = """\
sncompile: 1
pipeline: small
tables: {t: {key: [k], rows: [{k: a}, {k: b}]}}
steps:
  first:
    module:
      container: {image: "example/tool:1", env: {TOKEN: {secret: true}}}
      outputs: {o: {type: file, format: txt}}
      params: {k: {type: string}}
      shell: |
        echo "first line of "${params.k}
        echo "token is $TOKEN"
        echo ${params.k} > ${outputs.o}
      resources: {memory: 100MB, cpus: 1}
    by: [k]
    with: {k: "${k}"}
  second:
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file, format: txt}}
      params: {k: {type: string}}
      container: docker://debian:12
      shell: |
        if [ ${params.k} = b ] && [ ! -e tried ]; then touch tried; echo "no such plate" >&2; exit 7; fi
        cp ${inputs.i} ${outputs.o}
    by: [k]
    with: {k: "${k}", i: "${first.o}"}
    retries: RETRIES
"""


def run(folder: Path, *arguments: str, retries: int = 1, **variables: str) -> subprocess.CompletedProcess[str]:
    """`sncompile run` with these environment variables."""
    (folder / "spec.yaml").write_text(SPEC.replace("RETRIES", str(retries)))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    words = ("run", "spec.yaml", "--containers", "none", "-c", "2", *arguments)
    return sncompile(folder, *words, env={**environment, "TOKEN": SECRET, **variables})


def counts(folder: Path) -> dict[str, Any]:
    """What the record says of the telemetry, once it has ended."""
    path = newest_run(folder) / "telemetry.json"
    until(lambda: path.exists() and json.loads(path.read_text())["state"] == "ended")
    return json.loads(path.read_text())["signals"]


def check_spans(found: Collector) -> None:
    """A run, its steps, its jobs with their tries, each below what it is a part of."""
    spans = {s.span_id: s for s in found.spans}
    assert sorted(s.name for s in spans.values()) == [
        "job first k=a", "job first k=b", "job second k=a", "job second k=b", "job second k=b",
        "run small", "step first", "step second",
    ]  # fmt: skip
    assert len({s.trace_id for s in spans.values()}) == 1
    for span in spans.values():
        kind, _, name = span.name.partition(" ")
        parent = {"run": "", "step": "run small", "job": f"step {name.split()[0]}"}[kind]
        assert (spans[span.parent_span_id].name if span.parent_span_id else "") == parent
        above = spans.get(span.parent_span_id, span)
        assert above.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= above.end_time_unix_nano


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_run_as_a_collector_sees_it(protocol: str, tmp_path: Path) -> None:
    """Spans with their parents and attributes, metrics, logs with their spans, over both protocols; no secret."""
    with collector() as found:
        done = run(tmp_path, "--telemetry", getattr(found, protocol), "--benchmark")
        assert done.returncode == 0, done.stderr
        told = counts(tmp_path)
    # It may still have been on its way when the run had ended; once all has arrived there is nothing to tell.
    assert "did not arrive" not in done.stderr
    assert "telemetry" not in sncompile(tmp_path, "status").stdout
    assert {name: c["lost"] for name, c in told.items()} == {"spans": 0, "log records": 0, "data points": 0}
    check_spans(found)
    assert told["spans"]["made"] == len(found.spans) == 8
    tries = sorted(
        (attributes(s) for s in found.spans if s.name == "job second k=b"), key=lambda a: a["sncompile.job.attempt"]
    )
    line = SPEC.split("\n").index("  second:") + 1
    for number, (tried, state, code) in enumerate(zip(tries, ("failed", "done"), (7, 0), strict=True), 1):
        assert tried["sncompile.job.attempt"] == number
        assert (tried["sncompile.job.state"], tried["process.exit.code"]) == (state, code)
        assert (tried["sncompile.step"], tried["sncompile.key.k"]) == ("second", "b")
        assert tried["container.image.name"] == "docker://debian:12"
        assert (tried["code.file.path"], tried["code.line.number"], tried["code.column.number"]) == (
            "spec.yaml", line, 3,
        )  # fmt: skip
    first = attributes(found.span("job first k=a"))
    assert (first["sncompile.resource.mem_mb"], first["sncompile.resource.threads"]) == (100, 1)
    assert attributes(found.span("run small"))["sncompile.run.state"] == "done"
    assert found.resource["service.name"] == "sncompile"
    check_logs(found)
    check_metrics(found)


def check_logs(found: Collector) -> None:
    """Each line with the span of the job that wrote it, and the secret by no form of its value."""
    span = found.span("job first k=b")
    lines = [r for r in found.logs if r.span_id == span.span_id]
    assert [r.body.string_value for r in lines] == ["first line of b", "token is ***"]
    assert {r.trace_id for r in lines} == {span.trace_id}
    assert attributes(lines[0])["log.file.path"] == "logs/first/b.log"
    assert SECRET.encode() not in found.raw


def check_metrics(found: Collector) -> None:
    """How many jobs are in which state at the end, how long each took, and how long it waited."""
    jobs: dict[tuple[str, str], int] = {}
    for metric in found.metrics:
        if metric.name == "sncompile.jobs":
            for point in metric.gauge.data_points:
                told = attributes(point)
                jobs[told["sncompile.step"], told["sncompile.job.state"]] = point.as_int
    assert {key: n for key, n in jobs.items() if n} == {("first", "done"): 2, ("second", "done"): 2}
    for name, count in (("sncompile.job.duration", 5), ("sncompile.job.queue_time", 4)):
        last = [m for m in found.metrics if m.name == name][-1]
        assert last.unit == "s"
        assert sum(p.count for p in last.histogram.data_points) == count


def test_a_failed_run_is_an_error(tmp_path: Path) -> None:
    """The spans of the job, its step and its run say so, with the exit status."""
    with collector() as found:
        assert run(tmp_path, "--telemetry", found.http, retries=0).returncode == 3
        counts(tmp_path)
    states = {s.name: s.status.code for s in found.spans}
    assert (states["job second k=b"], states["step second"], states["run small"]) == (2, 2, 2)
    assert states["job first k=a"] == 0
    assert found.span("job second k=b").status.message == "exit status 7"
    assert "no such plate" in [r.body.string_value for r in found.logs]


def test_the_standard_variables_are_enough(tmp_path: Path) -> None:
    """Address, protocol, headers, resource, a signal that is not wanted, and the span that the run is a part of."""
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with collector() as found:
        done = run(
            tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=found.grpc.replace("grpc", "http"), OTEL_SERVICE_NAME="plates",
            OTEL_EXPORTER_OTLP_PROTOCOL="grpc", OTEL_EXPORTER_OTLP_HEADERS="x-lab=imaging",
            OTEL_RESOURCE_ATTRIBUTES="team=screening", OTEL_METRICS_EXPORTER="none", TRACEPARENT=parent,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        counts(tmp_path)
    span = found.span("run small")
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (parent[3:35], parent[36:52])
    assert (found.resource["service.name"], found.resource["team"]) == ("plates", "screening")
    assert {headers["x-lab"] for headers in found.headers} == {"imaging"}
    assert found.metrics == []


def test_nothing_is_sent_unless_asked(tmp_path: Path) -> None:
    """Neither without an address nor where the variables forbid it."""
    with collector() as found:
        assert run(tmp_path).returncode == 0
        assert run(tmp_path, "--telemetry", found.http, OTEL_SDK_DISABLED="true").returncode == 0
        assert not list(tmp_path.glob("runs/*/telemetry*"))
    assert found.requests == []


def test_a_collector_that_is_down_harms_nobody(tmp_path: Path) -> None:
    """The run is done as ever, and what was lost is counted and told."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        done = run(tmp_path, "--telemetry", url, OTEL_EXPORTER_OTLP_TIMEOUT="1")
        assert done.returncode == 0, done.stderr
        told = counts(tmp_path)
    assert (told["spans"]["made"], told["spans"]["lost"]) == (8, 8)
    assert "telemetry" in done.stderr
    asked = sncompile(tmp_path, "status", ".")
    assert "8 of 8 spans" in asked.stdout
    assert f"did not arrive at {url}" in asked.stdout
    assert (tmp_path / "results" / "second" / "b" / "o.txt").exists()


def test_a_collector_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    """The run ends while the collector still owes its first answer; once it gives answers, all arrives after all."""
    with collector(hang=True) as found:
        # What was sent first is not given up before the run has ended, however long that takes.
        done = run(tmp_path, "--telemetry", found.http, OTEL_EXPORTER_OTLP_TIMEOUT=str(PATIENCE))
        assert done.returncode == 0, done.stderr
        assert found.requests == []
        assert "telemetry is still being sent" in done.stderr
        found.answers.set()
        assert counts(tmp_path)["spans"]["lost"] == 0
    check_spans(found)


def test_a_run_that_was_killed_is_told_to_its_end(tmp_path: Path) -> None:
    """Whoever sends outlives the engine, and tells what ran when it died."""
    with collector() as found:
        # bash runs it before every job, as it does with the start file of a module system, which is what a run heeds.
        killer = _killer(tmp_path)
        done = run(tmp_path, "--telemetry", found.http, BASH_ENV=str(killer), MODULESHOME=str(killer.parent))
        assert done.returncode == 3
        assert counts(tmp_path)["spans"]["lost"] == 0
    assert attributes(found.span("run small"))["sncompile.run.state"] == "crashed"
    stopped = [s for s in found.spans if attributes(s).get("sncompile.job.state") == "stopped"]
    assert stopped


def _killer(folder: Path) -> Path:
    """What every shell of a job begins with: it kills the engine, whose number stands in the run's record.

    It does so once the engine has told of a job, which it does beside its work.
    """
    path = folder / "kill.sh"
    path.write_text(
        'case "$PWD" in */results*) ;; *) test -d runs && {\n'
        "  until grep -qs job_info runs/*/events.jsonl; do sleep 0.1; done\n"
        "  kill -9 $(sed -n 's/^ \"pid\": \\([0-9]*\\),*$/\\1/p' runs/*/run.json)\n"
        "} ;; esac\n"
    )
    return path


def test_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`use_opentelemetry` sends where the variables say."""
    import sncompile

    monkeypatch.setenv("TOKEN", SECRET)
    (tmp_path / "spec.yaml").write_text(SPEC.replace("RETRIES", "1"))
    with collector() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.http)
        settings = sncompile.SnakemakeBackendConfig(
            use_opentelemetry=True, print_exec=False, cores=2, containers="none"
        )
        sncompile.SnakemakeBackend(settings).run(sncompile.load(tmp_path / "spec.yaml"))
        assert counts(tmp_path)["spans"]["lost"] == 0
    check_spans(found)


@pytest.mark.parametrize(
    ("url", "variables", "wanted"),
    [
        ("http://host:4318", {}, {s: ("http/protobuf", f"http://host:4318/v1/{s}") for s in SIGNALS}),
        ("http://host:4317", {}, dict.fromkeys(SIGNALS, ("grpc", "http://host:4317"))),
        ("https://host/otlp/", {}, {s: ("http/protobuf", f"https://host/otlp/v1/{s}") for s in SIGNALS}),
        ("grpcs://host:1", {}, dict.fromkeys(SIGNALS, ("grpc", "https://host:1"))),
        (
            "http://host:1",
            {"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "grpc", "OTEL_TRACES_EXPORTER": "none"},
            {"metrics": ("http/protobuf", "http://host:1/v1/metrics"), "logs": ("grpc", "http://host:1")},
        ),
        (None, {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://x"}, {"logs": ("http/protobuf", None)}),
        (None, {}, None),
    ],
)
def test_addresses_and_protocols(
    url: str | None, variables: dict[str, str], wanted: dict[str, tuple[str, str | None]] | None
) -> None:
    found: Destination | None = destination(url, variables)
    assert (None if found is None else {s: (p, found.endpoint(s)) for s, p in found.protocols.items()}) == wanted


@pytest.mark.parametrize("url", ["localhost:4318", "ftp://host", "http://", "http://host:port", "grpc://"])
def test_a_bad_address_is_told(url: str, tmp_path: Path) -> None:
    """With what to write instead, before anything is run."""
    done = run(tmp_path, "--telemetry", url)
    assert done.returncode == 3
    assert f"error[SN707]: `{url}` is no address of a collector; write http://HOST:4318" in done.stderr
    assert not (tmp_path / "results").exists()


def test_a_missing_extra_is_told(tmp_path: Path) -> None:
    """To whoever asks in so many words; the standard variables alone may be meant for others."""
    hide = tmp_path / "hide" / "opentelemetry"
    hide.mkdir(parents=True)
    (hide / "__init__.py").write_text("")
    hidden = {"PYTHONPATH": str(hide.parent)}
    done = run(tmp_path, "--telemetry", "http://localhost:1", **hidden)
    assert done.returncode == 3
    assert "error[SN707]: what sends telemetry is not installed" in done.stderr
    assert "pip install 'sncompile[telemetry]'" in done.stderr
    assert run(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT="http://localhost:1", **hidden).returncode == 0


@pytest.mark.parametrize(
    "secret", [SECRET, "x", 'a"b\\c', "ünïcode key", "-----KEY-----\nMIIEvQIBADANBg\n-----END-----"]
)
def test_secrets_are_taken_out_in_every_form(secret: str) -> None:
    """As they are, quoted for a shell, as JSON, in an address, in base64, and line by line."""
    import base64
    import shlex
    from urllib.parse import quote

    hide = Redaction([secret, ""], shortest=1)
    for form in (secret, shlex.quote(secret), json.dumps(secret), quote(secret, safe=""), *secret.split("\n"),
                 base64.b64encode(secret.encode()).decode().rstrip("=")):  # fmt: skip
        assert form not in hide(f"7: {form}; {form}.")
    assert Redaction([])("as it is") == "as it is"
