"""What is told of modules whose files have names of their own, and who cannot hold them."""

from __future__ import annotations

from pathlib import Path

import pytest

from .command_line import sncompile

MODULE = """\
sncompile: 1
module: tool
inputs: {bam: {type: file, companions: [.bai, ^.csi]NAME}}
outputs: {all: {type: directory}, report: {type: file, in: all, path: r.html}, log: {type: file, path: log.txtFROM}}
command: [tool, "${inputs.bam}", "${outputs.all}"]
"""


def test_a_description_names_them(tmp_path: Path) -> None:
    text = MODULE.replace("NAME", ', as: "in/{name}"').replace("FROM", ', from: "*.log"')
    (tmp_path / "tool.yaml").write_text(text)
    told = sncompile(tmp_path, "describe", "tool.yaml").stdout
    assert "bam  file, called in/{name}, with .bai, ^.csi" in told
    assert "report  file, at r.html in all" in told
    assert "log     file, at log.txt, taken from *.log" in told
    assert "scratch  a folder of its own" in told


@pytest.mark.parametrize("name", ["", ", as: x"])
def test_bilayers_has_neither_scratch_folders_nor_companions(name: str, tmp_path: Path) -> None:
    (tmp_path / "tool.yaml").write_text(MODULE.replace("NAME", name).replace("FROM", ""))
    done = sncompile(tmp_path, "export", "bilayers", "tool.yaml")
    assert done.returncode == 1
    assert "`tool` has files with companions, which Bilayers does not have" in done.stderr
