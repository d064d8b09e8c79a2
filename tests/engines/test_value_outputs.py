"""Values that steps write, in every engine: hostile ones are data, and who takes them runs again as they change."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ..command_line import sncompile
from .calls import WAYS, well

SPEC = """\
sncompile: 1
pipeline: values
tables:
  t: {key: [k], rows: [{k: a, raw: data/a.txt}, {k: b, raw: "data/b b.txt"}]}
steps:
  measure:
    by: [k]
    with: {raw: "${t.raw}"}
    module:
      inputs: {raw: {type: file}}
      outputs: {size: {type: integer}, rate: {type: number}, name: {type: string}, big: {type: boolean}}
      shell: |
        wc -c < ${inputs.raw} | tr -d ' ' > ${outputs.size}
        echo 0.50 > ${outputs.rate}
        cat ${inputs.raw} > ${outputs.name}
        printf true > ${outputs.big}
  use:
    by: [k]
    with:
      size: ${measure.size}
      twice: ${measure.size * 2 + 1}
      rate: ${measure.rate}
      name: ${measure.name}
      big: ${measure.big}
    module:
      params:
        size: {type: integer}
        twice: {type: integer}
        rate: {type: number}
        name: {type: string}
        big: {type: boolean}
      outputs: {o: {type: file}}
      resources: {cpus: "${2 if params.size > 20 else 1}"}
      command:
        - sh
        - -c
        - 'out=$1; shift; printf "<%s>" "$@" > "$out"'
        - sh
        - ${outputs.o}
        - {option: --size, value: "${params.size}"}
        - ${params.twice}
        - --rate=${params.rate}
        - ${params.name}
        - ${params.big}
        - n-${params.name}-
        - ${resources.cpus}
  script:
    by: [k]
    with: {size: "${measure.size}", rate: "${measure.rate}", name: "${measure.name}", big: "${measure.big}"}
    module:
      params: {size: {type: integer}, rate: {type: number}, name: {type: string}, big: {type: boolean}}
      outputs: {o: {type: file}}
      shell: |
        printf '<%s>' "${params.name}" ${params.size} ${params.name} 'x${params.name}' > ${outputs.o}
        printf '<%s>' "it has ${params.size}" $(( ${params.size} + 1 )) 'at ${params.rate}' >> ${outputs.o}
        printf '<%s>' "${params.big}" >> ${outputs.o}
        cat >> ${outputs.o} <<'END'
        ${params.size}, ${params.rate}
        END
  all:
    with: {sizes: "${measure.size}", names: "${measure.name}"}
    module:
      params: {sizes: {type: "integer[]"}, names: {type: "string[]"}}
      outputs: {o: {type: file}}
      command:
        - sh
        - -c
        - 'out=$1; shift; printf "<%s>" "$@" > "$out"'
        - sh
        - ${outputs.o}
        - ${params.names}
        - {option: --size, value: "${params.sizes}", repeat: true}
        - {option: --all, value: "${params.sizes}"}
outputs: {all: "${all.o}", use: "${use.o}", script: "${script.o}", size: "${measure.size}"}
"""
HOSTILE = "$(touch hacked) \"q\" 'it''s' {x} `touch hacked` \\n ${y} ; touch hacked\n\nä\u2028{{}}"
RAW = {"a": "a.txt", "b": "b b.txt"}


def lay_out(folder: Path, **texts: str) -> None:
    """The pipeline, with data for each key."""
    (folder / "data").mkdir(exist_ok=True)
    for key, text in texts.items():
        (folder / "data" / RAW[key]).write_bytes(text.encode())
    (folder / "spec.yaml").write_text(SPEC)


def check(folder: Path, **texts: str) -> None:
    """Whether all results are those of such data."""
    results = folder / "results"
    names, sizes = [], []
    for key, text in texts.items():
        size, name = str(len(text.encode())), text.removesuffix("\n")
        names.append(name)
        sizes.append(size)
        cpus = "2" if int(size) > 20 else "1"
        words = ("--size", size, str(int(size) * 2 + 1), "--rate=0.50", name, "true", f"n-{name}-", cpus)
        assert read(results / f"use/{key}/o") == "".join(f"<{word}>" for word in words)
        words = (name, size, name, f"x{name}", f"it has {size}", str(int(size) + 1), "at 0.50", "true")
        assert read(results / f"script/{key}/o") == "".join(f"<{word}>" for word in words) + f"{size}, 0.50\n"
    words = (*names, *(word for size in sizes for word in ("--size", size)), "--all", *sizes)
    assert read(results / "all/o") == "".join(f"<{word}>" for word in words)
    assert not (folder / "hacked").exists()


def read(path: Path) -> str:
    return path.read_bytes().decode()


@pytest.mark.parametrize("level", ["-O1", "-O2"])
@pytest.mark.parametrize("engine", WAYS)
def test_what_a_step_writes_is_a_value_and_never_code(tmp_path, engine, level):
    lay_out(tmp_path, a=HOSTILE, b="--help")
    engine(tmp_path, level)
    check(tmp_path, a=HOSTILE, b="--help")
    lay_out(tmp_path, a=" \n", b="--help")
    engine(tmp_path, level)
    check(tmp_path, a=" \n", b="--help")


@pytest.mark.parametrize(
    ("written", "kind", "told"),
    [
        ("twelve", "integer", "holds no integer"),
        ("1.5", "integer", "holds no integer"),
        ("012", "number", "holds no number"),
        ("yes", "boolean", "holds no boolean"),
        ("a\\0b", "string", "holds a NUL"),
        ("\\377", "string", "is no UTF-8"),
        ("%65537s", "string", "has 65537 bytes"),
    ],
)
def test_who_writes_what_is_no_value_fails(tmp_path, written, kind, told):
    (tmp_path / "wrong.yaml").write_text(f"""\
sncompile: 1
pipeline: wrong
steps:
  write:
    module:
      outputs: {{v: {{type: {kind}}}}}
      shell: printf '{written}' > ${{outputs.v}}
  read:
    with: {{v: "${{write.v}}"}}
    module:
      params: {{v: {{type: {kind}}}}}
      outputs: {{o: {{type: file}}}}
      command: [touch, "${{outputs.o}}", "x${{params.v}}"]
""")
    done = sncompile(tmp_path, "run", "wrong.yaml", "--cores", "1")
    assert done.returncode == 3
    assert "`write` failed" in done.stderr
    assert told in done.stderr
    well(tmp_path, "compile", "wrong.yaml", "--target", "bash", "-o", "out")
    done = subprocess.run(["bash", "out/run.sh"], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert told in done.stderr
    assert not (tmp_path / "results/read").exists()
