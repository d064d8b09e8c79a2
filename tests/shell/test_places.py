"""Where a value may stand in a script: it is passed on exactly, or refused; what a diagnostic advises works."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sncompile.api import graph_of, optimize
from sncompile.diagnostics import Severity
from sncompile.ir.jobs.expansion import jobs

from . import running
from .scripts import HOSTILE, Generated

VALUES = [value for value in HOSTILE if "PWNED" in value] + ["it's", '"', "\\", "", "-n", "a b", "*", "if", "a=b", "\n"]
TRIED = VALUES if "SNCOMPILE_SCRIPTS" in os.environ else VALUES[::7]

PASSED = {
    "a word": ("argv @", "@"),
    "double quotes": ('argv "@"', "@"),
    "single quotes": ("argv '@'", "@"),
    "after quotes in quotes": ("argv \"'\"'\"'; argv '@'", "@"),
    "an ANSI-C string": ("argv $'@'", "@"),
    "a translated string": ('argv $"@"', "@"),
    "backticks": ('argv "`printf %s @; echo .`"', "@."),
    "backticks in backticks": ('argv "`printf %s "\\`printf %s @; echo .\\`"; echo .`"', "@.."),
    "an assignment": ('x=@; argv "$x"', "@"),
    "an export": ('export x=@; argv "$x"', "@"),
    "an item": ('x=(a @ b); argv "$${x[1]}"', "@"),
    "a default": ('argv "$${x:-@}"', "@"),
    "a default outside of quotes": ("argv $${x:-@}", "@"),
    "a pattern": ('y=@.; argv "$${y#@}" "$${y%.}"', "@"),
    "a here-string": ('argv "$(cat <<< @; echo .)"', "@\n."),
    "a here-document": ('argv "$(cat <<E\n@\nE\necho .)"', "@\n."),
    "a here-document with tabs": ('argv "$(cat <<-E\n\t@\n\tE\necho .)"', "@\n."),
    "two here-documents": ('argv "$(cat /dev/fd/3 - 3<<A <<B\n@\nA\n@\nB\necho .)"', "@\n@\n."),
    "after a strange delimiter": ("cat <<'---' > /dev/null\nIt's a note.\n---\nargv @", "@"),
    "after an empty delimiter": ("cat <<'' > /dev/null\nit's\n\nargv @", "@"),
    "after a delimiter with a blank": ('cat <<"A B" > /dev/null\nit\'s\nA B\nargv @', "@"),
    "after a delimiter with a backslash": ("cat <<E\\ F > /dev/null\nit's\nE F\nargv @", "@"),
    "after `$#`": ('argv $# "$${#HOME}" @', "@"),
    "after a sign within a word": ("argv a#it\\'s @", "@"),
    "after a comment": ("true;# it's\nargv @", "@"),
    "a comment": ("# @\n: # @ it's\nargv @", "@"),
    "after `case`": ("case x in a) ;; (x) argv @;; esac", "@"),
    "in a substitution with `case`": ('argv "$(case x in x) printf %s @;; esac; echo .)"', "@."),
    "the subject of `case`": ("case @ in @) argv @;; esac", "@"),
    "a test": ("[[ @ == @ && ! @ != @ && -z '' ]] && argv @", "@"),
    "an old test": ("[ x@ = x@ ] && argv @", "@"),
    "a continued line": ("argv \\\n  @ \\\n  # it's\n", "@"),
    "a loop": ('for i in @; do argv "$i"; done', "@"),
    "a function": ('f() { argv "$1"; }; f @', "@"),
    "a subshell in a subshell": ("( (argv @) )", "@"),
    "arithmetic around": ("((1)) && argv $((1 + 1)) @", "@"),
    "behind `--`": ('set -- @; argv "$1"', "@"),
    "`bash -c`, as an argument": ("export RECORD; bash -c 'argv \"$1\"' _ @", "@"),
    "`bash -s`, as an argument": ("export RECORD; bash -s -- @ <<'END'\nargv \"$1\"\nEND", "@"),
    "a quoted word of code": ('eval "argv $(printf %q @)"', "@"),
    "`eval` of a variable": ("x=@; eval 'argv \"$x\"'", "@"),
    "a trap of a variable": ("x=@; trap 'argv \"$x\"' EXIT", "@"),
    "a variable of awk": ('argv "$(x=@ awk \'BEGIN { printf "%s.", ENVIRON["x"] }\')"', "@."),
    "a program's argument": ('argv "$(perl -e \'print $ARGV[0], "."\' -- @)"', "@."),
    "a key": ('declare -A m; m[@.]=1 m["@,"]=2; x=@.; argv "$${m["$x"]}$${m[@,]}" @', "@"),
    "keys": ('declare -A m=([@.]=1); argv "$${!m[*]}"', "@."),
    "a file in arithmetic": ("printf 5 > f1; (( $(wc -c < f1) == 1 )) && argv @", "@"),
}
"""Scripts with `@` for the value, and what they hand over as the last argument of their last call."""

REFUSED = {
    "SN321": [
        "echo \\@",
        'echo "\\@"',
        "echo $((@ + 1))",
        "(( @ ))",
        "echo $[@]",
        "x=(1); echo $${x[@]}",
        "x[@]=1",
        "echo $${HOME:@}",
        "echo $${HOME:1:@}",
        "for ((i = @; i < 2; i++)); do :; done",
        "cat <<'E'\n@\nE",
        "cat <<@\na\n@",
        "echo $${@}",
        "echo $${!@}",
        "declare -A m; n[@]=1",
        "@() { :; }",
        "function @ { :; }",
        "echo \"$${x:-'@'}\"",
        "x=([@]=1)",
        "echo $(( $((1 + @)) ))",
    ],
    "SN324": [
        "eval @",
        'eval "echo @"',
        "eval echo @",
        "eval 'echo '@",
        'eval "$(echo @)"',
        "command eval @",
        "builtin eval @",
        "trap 'rm @' EXIT",
        "trap @ EXIT",
        "bash -c @",
        'bash -c "echo @"',
        "bash -euo pipefail -c 'echo '@",
        "/bin/sh -ec @",
        "env A=b bash -c @",
        'sh -c "echo `basename @`"',
        "sudo -u x bash -c @",
        "echo x | xargs -I{} sh -c 'echo {} '@",
        "find . -exec sh -c @ _ {} \\;",
        "timeout 5 bash -c @",
        "su -c @",
        "su - x -c @",
        "ssh host @",
        "ssh -p 22 host echo @",
        "ssh host <<E\n@\nE",
        "watch @",
        "parallel @ ::: a",
        "python3 -c @",
        'python -c "print(@)"',
        "python -c\"print('@')\"",
        "perl -ne @",
        "perl -e 'print '@",
        "ruby -e @",
        "node -e @",
        "node --eval @",
        "Rscript -e @",
        "R --slave -e @",
        "julia -e @",
        "let @",
        "let x=@",
        "declare -i x=@",
        "local -i y=1 x=@",
        "declare -i x; x=@",
        "declare @",
        "export @",
        "readonly @=1",
        "typeset -n x=@",
        "unset @",
        "read @",
        "read -r x @ < f",
        "mapfile @ < f",
        "mapfile -C @ x < f",
        "printf -v @ x",
        "test -v @",
        "[ -v @ ]",
        "[[ -v @ ]]",
        "[[ @ -eq 1 ]]",
        "[[ 1 -lt @ ]]",
        "getopts a @",
        "alias x=@",
        "for @ in a; do :; done",
        "PS4=@",
        "export PS4=@",
        "BASH_ENV=@ bash x",
        "bash <<E\necho @\nE",
        "bash <<< @",
        "echo @ | bash",
        "printf '%s' @ | sh -s",
        "cat <<E | bash\n@\nE",
        "{ echo @; } | bash",
        "(echo @) | bash",
        "python - <<E\n@\nE",
        "source <(echo @)",
        "bash <(echo @)",
        "sbatch --wrap=@",
        "sbatch --wrap @",
        "echo $(( $(echo @) ))",
        "x[$(echo @)]=1",
        "psql <<E\nselect '@'\nE",
        "compgen -W @",
        "env -S @",
        "flock f -c @",
        "wait -p @",
        "env BASH_ENV=@ bash x",
        "sudo timeout 5s ssh -p 22 host echo @",
        "$BASH -c @",
        "\"$${SHELL}\" -c 'echo '@",
        "dc -e @",
        "ed f <<E\n@\nE",
        'bash -c "$(cat <<E\necho @\nE\n)"',
    ],
    "SN326": [
        "echo 'it is @",
        'echo "@',
        "echo `@",
        "cat <<E\n@\n E",
        "echo $(echo @",
        "( echo @",
        "echo $${x:-@",
        "echo $(cat <<E) @\nx\nE",
    ],
}
"""Scripts with `@` for a text that is refused, by the code."""

WARNED = [
    "awk '$1 == \"@\"' f",
    "awk -v a=b -F, '{print \"'@'\"}' f",
    "gawk @ f",
    "sed s/a/@/ f",
    "sed -e 's/a/@/' f",
    'sed -n -E "/@/p" f',
    "sed -i.bak 's/@//' f",
    "sed -ne /@/p f",
]

UNWARNED = [
    "awk -v x=@ '{print x}' f",
    "awk '{print}' @",
    "sed s/a/b/ @",
    "awk -f @ f",
    "sed -f @ f",
    "x=@ awk '{print ENVIRON[\"x\"]}' f",
    "grep -e @ f",
    "python script.py -c @",
    "bash run.sh -c @",
    "python @ x",
    "bash @ -c x",
    "perl -pe 1 @",
    "ssh -i @ host ls",
    "cat @ | bash",
    "read -p @ x < f",
    "printf -v x %s @",
    "export x=@",
    "declare x=@",
    "[[ @ == -eq ]]",
    "[ @ -eq 1 ]",
    "trap 'x' @",
    "wc -l < @",
    "source @",
    ". @",
    "@ x y",
    "bash -c 'echo \"$1\"' _ @",
    "xargs -0 tool --x @ < f",
    "printf '%s\\n' @ | sort",
    "find . -name @ -exec ls {} \\;",
    'ssh host "ls $(printf %q @)"',
    "echo $(( $(wc -l < @) / 4 ))",
    "parallel -q echo @ ::: a",
    "rsync -e ssh @ host:x",
    "env X=@ tool",
    "x=@; echo $(( $(wc -l < $x) / 4 ))",
]
"""Scripts with `@` for a text of which nothing is said."""


def written(script: str, kind: str = "x", value: object = "v") -> Generated:
    """A script with a value in the place of `@`."""
    text = script.replace("$@", "$\0").replace("[@]}", "[@]}").replace("@", "${params.%s0}" % kind).replace("\0", "@")
    return Generated(text, {f"{kind}0": value}, [])  # type: ignore[dict-item]


def codes(scripts: list[str], folder: Path, kind: str = "x", value: object = "v") -> dict[str, set[str]]:
    """The codes that are told of each script."""
    folder.mkdir(parents=True, exist_ok=True)
    checked = running.compiled([written(script, kind, value) for script in scripts], folder)
    lines = (folder / "spec.yaml").read_text("utf-8").split("\n")
    places = [number for number, line in enumerate(lines, 1) if line.lstrip().startswith('"shell": ')]
    found: dict[str, set[str]] = {script: set() for script in scripts}
    for told in checked.diagnostics:
        assert told.span is not None
        assert told.help
        found[scripts[places.index(told.span.line)]].add(told.code)
    return found


@pytest.mark.parametrize("value", TRIED)
def test_a_value_is_passed_on_as_it_is(value: str, tmp_path: Path) -> None:
    """In every place that takes one, and nothing else happens."""
    scripts = [written(script, "x", value) for script, _ in PASSED.values()]
    checked = running.compiled(scripts, tmp_path)
    assert not checked.failed, [d for d in checked.diagnostics if d.severity is Severity.ERROR]
    (tmp_path / "run").mkdir()
    ran = running.run(running.texts(running.graph(checked)), tmp_path / "run")
    for number, (name, (_, means)) in enumerate(PASSED.items()):
        found = ran[f"s{number}"]
        assert found.status == 0, (name, found.said)
        assert found.files <= {"f1"}, name
        assert found.calls[-1][-1] == means.replace("@", value), name


@pytest.mark.parametrize("code", REFUSED)
def test_a_text_is_refused_where_it_would_be_run(code: str, tmp_path: Path) -> None:
    """With the code that says why; a number, which can be nothing but a number, is not."""
    told = codes(REFUSED[code], tmp_path / "text")
    assert [script for script, found in told.items() if code not in found] == []
    if code == "SN324":
        for kind in ("n", "o"):
            told = codes(REFUSED[code], tmp_path / kind, kind, 5 if kind == "n" else "5")
            assert [script for script, found in told.items() if (code in found) == (kind == "n")] == []


def test_a_text_in_a_program_of_awk_or_sed_is_told(tmp_path: Path) -> None:
    """As a warning; a number is fine."""
    assert codes(WARNED, tmp_path / "text") == {script: {"SN325"} for script in WARNED}
    assert codes(WARNED, tmp_path / "number", "n", 5) == {script: set() for script in WARNED}


COMPUTED = [
    "x=@; echo $((x + 1))",
    "x=@; (( x > 1 ))",
    "export x=@; [[ $x -gt 1 ]]",
    "for x in @; do echo $((x)); done",
    'x="a@"; l[$x]=1',
]


def test_a_text_that_a_variable_takes_into_arithmetic_is_told(tmp_path: Path) -> None:
    """As a warning; a number is fine."""
    assert codes(COMPUTED, tmp_path / "text") == {script: {"SN328"} for script in COMPUTED}
    assert codes(COMPUTED, tmp_path / "number", "n", 5) == {script: set() for script in COMPUTED}


RUN_LATER = [
    'c="tool @"; eval "$c"',
    'c=@; eval "$$(echo x) $${c:-y}"',
    'x=@; bash -c "tool $x"',
    'declare x=@; ssh host "tool $x"',
    'for x in @; do sh -c "tool $x"; done',
    'x[0]=@; eval "$${x[0]}"',
    'x=@; awk "{ print $x }"',
    "cat > run.sh <<E\ntool @\nE\nbash run.sh",
    "cat <<E | tee run.sh\ntool @\nE\n./run.sh",
    "echo tool @ > run.sh; . ./run.sh",
    "printf 'print(%s)' @ > run.py; python3 run.py",
]
NOT_RUN = [
    'x=@; bash -c \'tool "$1"\' _ "$x"',
    "x=@; bash -c 'tool \"$x\"'",
    'x=@; ssh host "tool $(printf %q "$x")"',
    "cat > list.txt <<E\n@\nE\nsort list.txt",
    "echo @ > list.txt; bash run.sh list.txt",
    'x=@; "$x" a',
]


def test_a_text_that_a_variable_or_a_file_takes_into_code_is_told(tmp_path: Path) -> None:
    """As a warning; a number is fine, and so is a text that is handed over."""
    assert codes(RUN_LATER, tmp_path / "text") == {script: {"SN328"} for script in RUN_LATER}
    assert codes(RUN_LATER, tmp_path / "number", "n", 5) == {script: set() for script in RUN_LATER}
    assert codes(NOT_RUN, tmp_path / "fine") == {script: set() for script in NOT_RUN}


def test_a_text_is_fine_where_it_stays_one(tmp_path: Path) -> None:
    """Nothing is told."""
    assert codes(UNWARNED, tmp_path) == {script: set() for script in UNWARNED}


def test_deep_and_long_scripts_end(tmp_path: Path) -> None:
    """Many levels are refused; so many that each could double the work are not slow."""
    deep = "echo " + "$(( 1 + $(echo " * 40 + "@" + ")))" * 40
    assert "SN324" in codes([deep], tmp_path)[deep]
    signs = ("$(", "((", "`", "$${x:-", "a[", "<<E ", "case x in ", "\\", '"$(', "x=(", "[[ ", "$[", "<(", "{ ")
    scripts = [f"echo @{start}{sign * 4001}" for sign in signs for start in ("\n", " ")]
    told = codes(scripts, tmp_path)
    assert [sign for sign in ("$(", "`") if not told[f"echo @\n{sign * 4001}"]] == []


CHAIN = """
sncompile: 1
pipeline: chain
tables: {t: {key: [k], rows: [{k: a, v: "$(touch PWNED) it's"}, {k: b, v: "`touch PWNED`"}]}}
steps:
  one:
    module:
      params: {v: {type: string}, program: {type: string}}
      outputs: {o: {type: file}}
      command: ["${params.program}", "${params.v}", "${outputs.o}"]
    by: [k]
    with: {v: "${t.v}", program: "if"}
  two:
    module:
      params: {v: {type: string}}
      inputs: {i: {type: file}}
      outputs: {o: {type: file}}
      shell: |
        cat <<E > ${outputs.o}
        ${params.v}
        E
        argv "${params.v}" "$(cat ${inputs.i})" # it's
    by: [k]
    with: {v: "${t.v}", i: "${one.o}"}
outputs: {o: "${two.o}"}
"""


def test_scripts_that_become_one_job_stay_apart(tmp_path: Path) -> None:
    """`fuse`: each has its own variables; a first word that is a keyword is a program."""
    (tmp_path / "spec.yaml").write_text(CHAIN)
    from sncompile.api import check

    fused = optimize(graph_of(check(tmp_path / "spec.yaml").require()), 2).graph
    assert list(fused.families) == ["two"]
    made = list(jobs(fused))
    (tmp_path / "run").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "if").write_text('#!/bin/sh\nprintf %s "$1" > "$2"\n')
    (tmp_path / "bin" / "if").chmod(0o755)
    head = "PATH=../../bin:$PATH; mkdir -p results/{one,two}/{a,b}\n"
    ran = running.run({f"r{n}": head + str(job.shell) for n, job in enumerate(made)}, tmp_path / "run")
    for number, value in enumerate(("$(touch PWNED) it's", "`touch PWNED`")):
        assert ran[f"r{number}"].calls == [[value, value]], ran[f"r{number}"].said
        assert ran[f"r{number}"].files == {"results"}
