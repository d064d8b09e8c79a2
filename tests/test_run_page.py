"""The page about a run as a reader uses it: search, filters, sorting, plates, images, links; in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sncompile.ir.jobs.expansion import Job
from sncompile.notebook.live import run_html
from sncompile.runner.page.links import Links
from sncompile.runner.page.results import head_of
from sncompile.runner.page.wells import is_well, well_key
from sncompile.runner.report import report_page
from sncompile.runner.watch import Watch

from .browser import Browser, browser, needs_chromium
from .made_runs import make_run

SPEC = """\
sncompile: 1
pipeline: screen
tables: {t: {key: [plate, well, site], file: t.tsv}}
steps:
  image:
    by: [plate, well, site]
    module:
      outputs: {o: {type: file, format: svg}}
      resources: {cpus: 2, memory: 1GB, time: 30min}
      shell: touch ${outputs.o}
  count:
    by: [plate, well]
    with: {i: "${image.o}"}
    module:
      inputs: {i: {type: "file[]"}}
      outputs: {o: {type: file, format: csv}}
      shell: cat ${inputs.i} > ${outputs.o}
"""
WELLS = [f"{row}{column:02d}" for row in "ABC" for column in (1, 2, 10)]
SITES = ("1", "2", "10")
JOBS = 2 * len(WELLS) * (len(SITES) + 1)


def state(number: int, job: Job) -> str:
    """One job failed, what needs it and its like waits, all else is done."""
    if dict(job.key) == {"plate": "P1", "well": "B02", "site": "10"}:
        return "failed"
    return "to do" if job.key["well"] == "B02" and job.step == "count" else "done"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a run over two plates, of which one job failed; its images are there."""
    folder = tmp_path_factory.mktemp("screen")
    (folder / "spec.yaml").write_text(SPEC)
    rows = [f"{plate}\t{well}\t{site}\n" for plate in ("P1", "P2") for well in WELLS for site in SITES]
    (folder / "t.tsv").write_text("plate\twell\tsite\n" + "".join(rows))
    made = make_run(folder / "spec.yaml", folder, state, ended=1, measured=True)
    for row in rows:
        image = folder / "results" / "image" / row.strip().replace("\t", "/") / "o.svg"
        image.parent.mkdir(parents=True)
        image.write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>'
        )
    (made / "report.html").write_text(report_page(Watch(made)))
    return made


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture
def page(reader: Browser, run: Path) -> Iterator[Browser]:
    """The page in a browser, which must not complain of anything."""
    reader.open("about:blank")
    reader.open(f"file://{run}/report.html")
    reader.until("document.querySelector('tr.job')")
    yield reader
    assert reader.troubles == []


def shown(page: Browser) -> list[str]:
    """The jobs in the table."""
    return page.texts("tr.job > td:first-child")


@needs_chromium
def test_what_needs_attention_comes_first(page: Browser) -> None:
    first, second, *_ = shown(page)
    assert first == "image plate=P1, well=B02, site=10"
    assert second.startswith("image plate=P1, well=A01")
    assert page.texts(".controls ~ p") == [f"{JOBS} of {JOBS} jobs"]
    assert page.texts(".chip.is-failed, .chip.is-not-run, .chip.is-done") == ["failed 1", "not run 2", "done 69"]


@needs_chromium
def test_words_are_searched_for_and_a_value_is_meant_as_a_whole(page: Browser) -> None:
    """`site=1` is not site 10; part of a word finds what it is part of; words are all wanted."""
    page.write("#jobs input", "site=1 P2 well=A0")
    assert shown(page) == ["image plate=P2, well=A01, site=1", "image plate=P2, well=A02, site=1"]
    assert page.value("location.hash") == "#q=site%3D1+P2+well%3DA0"
    page.write("#jobs input", "nothing is so")
    assert shown(page) == []


@needs_chromium
def test_states_and_steps_are_filters(page: Browser) -> None:
    page.click(".chip.is-not-run")
    assert shown(page) == ["count plate=P1, well=B02", "count plate=P2, well=B02"]
    page.click(".chip.is-failed")
    assert len(shown(page)) == 3
    page.choose("#jobs select", "image")
    assert shown(page) == ["image plate=P1, well=B02, site=10"]


@needs_chromium
def test_columns_sort_and_what_has_no_value_comes_last(page: Browser) -> None:
    """By a press the longest first, by another one the shortest; the rest comes when it is asked for."""
    page.click(".more")
    assert len(shown(page)) == JOBS
    at = page.texts("#jobs thead th").index("took") + 1
    for shortest_first in (False, True):
        page.click(f"#jobs th:nth-child({at}) button")
        page.click(".more")
        took = page.texts(f"tr.job > td:nth-child({at})")
        known = [float(text.removesuffix(" s")) for text in took if text != "–"]
        assert took[-2:] == ["–", "–"]
        assert known == sorted(known, reverse=not shortest_first)


@needs_chromium
def test_a_job_has_its_command_its_files_and_what_it_used(page: Browser) -> None:
    """The links lead to the files themselves."""
    page.write("#jobs input", "image P2 C10 site=2")
    page.click("tr.job")
    (told,) = page.texts(".details")
    assert "touch results/image/P2/C10/2/o.svg" in told
    assert "30:00 min, 1.0 GB, 2 cores" in told
    log, output = page.value("[...document.querySelectorAll('.details a:has(code)')].map((a) => a.href)")
    assert log.endswith("/logs/image/P2/C10/2.log")
    page.open(output)
    assert page.value("document.documentElement.tagName") == "svg"


@needs_chromium
def test_plates_show_the_worst_of_each_well(page: Browser) -> None:
    """A well is a link to its jobs."""
    page.click(".shows .chip:nth-child(2)")
    assert page.texts(".plate figcaption") == ["plate=P1", "plate=P2"]
    worst = page.value("[...document.querySelectorAll('.plate [data-well]')].map((w) => w.className)")
    assert worst.count("is-done") == 2 * len(WELLS) - 2
    assert page.value("document.querySelector('.plate [data-well=B02]').title") == "B02: 1 failed, 1 not run, 2 done"
    page.click(".plate:nth-child(2) [data-well=B02]")
    assert len(shown(page)) == 4
    assert page.value("document.querySelector('#jobs input').value") == "plate=P2 well=B02"


@needs_chromium
def test_images_are_shown_for_the_jobs_that_are_chosen(page: Browser) -> None:
    page.write("#jobs input", "P1 site=2")
    page.click(".shows .chip:nth-child(3)")
    page.until("[...document.querySelectorAll('.gallery img')].some((i) => i.complete && i.naturalWidth === 8)")
    assert len(page.texts(".gallery figcaption")) == len(WELLS)


@needs_chromium
def test_an_address_leads_to_what_was_looked_at(page: Browser, run: Path) -> None:
    page.open("about:blank")
    page.open(f"file://{run}/report.html#state=failed&show=plates")
    assert page.texts(".chip[aria-pressed=true]") == ["plates", "failed 1"]
    assert page.value("document.querySelectorAll('[data-well]').length") == 1


# --- What needs no browser --------------------------------------------------------------------------------------------


def data_of(page: str) -> dict[str, object]:
    """The data in a page."""
    found: dict[str, object] = json.loads(page.partition('id="sn-data">')[2].partition("</script>")[0])
    return found


def test_every_job_is_in_the_page_whether_it_was_started_or_not(run: Path) -> None:
    data = data_of((run / "report.html").read_text())
    assert isinstance(data["jobs"], list)
    assert len(data["jobs"]) == JOBS
    assert data["steps"] == [
        {"name": "image", "by": ["plate", "well", "site"], "well": 1},
        {"name": "count", "by": ["plate", "well"], "well": 1},
    ]


@pytest.mark.parametrize(
    ("by", "keys", "found"),
    [
        (["plate", "well"], [("P1", "A01"), ("P1", "P24")], 1),
        (["plate", "Metadata_Well"], [("A01", "A1")], 1),
        (["plate", "place"], [("P1", "A01"), ("P2", "A01")], 1),
        (["plate", "well"], [("P1", "A01"), ("P1", "A25")], None),
        (["plate", "place"], [("P1", "A1")], None),
        (["plate", "well"], [], None),
    ],
)
def test_a_key_names_wells_if_all_of_its_values_do(
    by: list[str], keys: list[tuple[str, str]], found: int | None
) -> None:
    assert well_key(by, keys) == found


def test_wells_are_those_of_plates_of_at_most_384() -> None:
    assert [w for w in ("A01", "A1", "P24", "A00", "A25", "Q01", "a01", "A001", "A01x") if is_well(w)] == [
        "A01",
        "A1",
        "P24",
    ]


def test_a_notebook_folds_the_steps_of_a_large_run(tmp_path: Path) -> None:
    """Those that have something to tell come first; the rest is one line that unfolds."""
    steps = "".join(
        f'  s{n}: {{module: {{outputs: {{o: {{type: file}}}}, command: [touch, "${{outputs.o}}"]}}}}\n'
        for n in range(40)
    )
    (tmp_path / "spec.yaml").write_text(f"sncompile: 1\npipeline: many\nsteps:\n{steps}")
    watch = Watch(make_run(tmp_path / "spec.yaml", tmp_path, lambda n, job: "failed" if n == 38 else "done", ended=1))
    seen, _, folded = run_html(watch, watch.look()).partition("<details>")
    assert seen.index("<td>s38</td>") < seen.index("<td>s0</td>")
    assert "<summary>10 more steps</summary>" in folded
    assert "<td>s39</td>" in folded


def test_links_never_have_a_scheme(tmp_path: Path) -> None:
    """Whatever a file is called, and wherever the page stands."""
    links = Links.beside(tmp_path / "page.html", tmp_path / "runs" / "r", tmp_path)
    assert links.to("javascript:alert(1)") == "./javascript%3Aalert%281%29"
    assert links.to("a b/<c>#?.png") == "./a%20b/%3Cc%3E%23%3F.png"
    assert links.to("//host/x").startswith("../")
    assert links.to(f"{tmp_path}/a") == "./a"
    assert links.to("s3://bucket/a") == ""
    assert Links.beside(tmp_path / "runs" / "r" / "p.html", tmp_path / "runs" / "r", tmp_path).work == "../../"


def test_the_first_rows_of_a_table(tmp_path: Path) -> None:
    """No more than is seen at a glance, whatever the file holds."""
    table = tmp_path / "t.csv"
    table.write_text("well,n\n" + "".join(f"A{n:02d},{n}\n" for n in range(20)))
    found = head_of(table, ",")
    assert found is not None
    assert (found.head, found.rows[0], len(found.rows), found.more) == (["well", "n"], ["A00", "0"], 8, True)
    table.write_bytes(b"\x00\xff" * 300_000)
    assert head_of(table, ",") is None or head_of(table, ",")
    table.write_text("")
    assert head_of(table, ",") is None
