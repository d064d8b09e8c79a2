"""The tool that all steps run: it writes into its outputs what it was called with and what its inputs hold.

An output's content is a digest of the job's words, of the contents of its inputs, and of what it found. So it tells
whether everything that was done before it was right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import md5
from pathlib import Path

from .model import SEPARATOR
from .oracle import Job

_SCRIPT = r"""#!/bin/sh
# rec OUTPUT... ::: INPUT... ::: WORD...: an output after -d is a directory.
set -eu
body() {
    part=0
    printf 'env %s\0' "${SN_ENV-}"
    for word do
        if [ "$word" = ":::" ] && [ $part -lt 2 ]; then
            part=$((part + 1)); printf ':::\0'
        elif [ $part = 0 ]; then
            if [ "$word" = -d ]; then printf 'directory\0'
            elif [ -d "$word" ]; then printf 'made before\0'
            elif [ -e "$word" ]; then printf 'written before\0'
            else printf 'output\0'; fi
        elif [ $part = 1 ]; then
            if [ -d "$word" ]; then IFS= read -r line < "$word/id"; printf '%s\0' "$line"
            elif [ -e "$word" ]; then IFS= read -r line < "$word"; printf '%s\0' "$line"
            else printf 'no file %s\0' "$word"; fi
        else
            printf '%s\0' "$word"
        fi
    done
}
if [ -n "${REC_FOLDER-}" ]; then
    # A try that is to fail has failed when its mark is there.
    for word do
        case $word in fails=[0-9])
            name=$(printf '%s\0' "$@" | md5sum); name=${name%% *}
            try=1; while ! mkdir "$REC_FOLDER/$name.$try" 2> /dev/null; do try=$((try + 1)); done
            [ $try -gt "${word#fails=}" ] || exit 9
            break;;
        esac
    done
    said=$(mktemp "$REC_FOLDER/said.XXXXXXXX")
    { printf '%s\0' $# "$@"; body "$@"; } > "$said"
fi
sum=$(body "$@" | md5sum); sum=${sum%% *}
number=0
directory=
for word do
    [ "$word" != ":::" ] || break
    if [ "$word" = -d ]; then directory=yes; continue; fi
    name=$(printf '%s %s' "$sum" $number | md5sum)
    if [ "$directory" ]; then mkdir -p "$word"; printf 'ID %s\n' "${name%% *}" > "$word/id"
    else printf 'ID %s\n' "${name%% *}" > "$word"; fi
    directory=; number=$((number + 1))
done
"""


def install(folder: Path) -> Path:
    """Write the tool into a folder, which has to come first in `PATH`."""
    place = folder / "rec"
    place.write_text(_SCRIPT)
    place.chmod(0o755)
    return folder


def raw(path: str) -> str:
    """What stands in a file that no job writes; as long as every other one."""
    return f"ID {md5(path.encode()).hexdigest()}\n"


def put_raw(folder: Path, paths: Iterable[str]) -> None:
    """Write files that no job writes, into a working folder."""
    for path in paths:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(raw(path))


def contents(jobs: Iterable[Job]) -> dict[str, str]:
    """Path → what should stand in it, of all outputs (for a directory in its file `id`); a ring is an error."""
    writer = {path: job for job in jobs for path in job.outputs.values()}
    found: dict[str, str] = {}

    def content(path: str) -> str:
        if path not in writer:
            return raw(path)
        if path not in found:
            job = writer[path]
            digest = md5(body(job, {p: content(p) for p in job.files()})).hexdigest()
            for number, output in enumerate(job.outputs.values()):
                found[output] = f"ID {md5(f'{digest} {number}'.encode()).hexdigest()}\n"
        return found[path]

    for path in writer:
        content(path)
    return found


def body(job: Job, inputs: Mapping[str, str]) -> bytes:
    """What the tool makes of a job's words, of the contents of its inputs, and of what stands there before it."""
    found = [f"env {job.of.env.get('SN_ENV', '')}"]
    made = iter(job.of.outputs)
    part = 0
    for word in job.words[1:]:
        if word == SEPARATOR and part < 2:
            part += 1
            found.append(SEPARATOR)
        elif part == 0 and word == "-d":
            found.append("directory")
        elif part == 0:
            found.append("made before" if next(made).create else "output")
        elif part == 1:
            found.append(inputs[word].rstrip("\n") if word in inputs else f"no file {word}")
        else:
            found.append(word)
    return b"".join(item.encode() + b"\0" for item in found)
