"""The corpus: hostile texts (`texts.json`), places of a spec to put them (`places.json`), and specs made of both.

In a place `@@` stands for the text, `@raw@` for the text where `${` is none, `@repr@` for the name of a file as an
expression has it, and `@step` for the step's name. `command`, `shell` (the words that bash makes of the script),
`inputs`, `outputs`, `env`, `container` and `lists` (what list files hold) are what the job must be; `@any` is what
nobody can say beforehand, `@output` the path of the job's output, `@length` how many characters the text has. `raw`
places take the text as it is; in all others `${` is written `$${`, as the language has it. `normal` ones are compared
as paths. Places that are `alone` need a spec of their own, and `few` have only the texts that `FEW` names; `without`
are the texts that mean something else there (an empty cell is none).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Json = Any
HERE = Path(__file__).parent
FEW = ("shell", "python", "cwl", "paths")
LONG = 5_000


@cache
def texts() -> Mapping[str, str]:
    """Every hostile text by its name (`shell.substitution`)."""
    found = json.loads((HERE / "texts.json").read_text("utf-8"))
    return {
        f"{group}.{name}": "x" * LONG if text == "@long" else text
        for group, of_group in found.items()
        for name, text in of_group.items()
    }


@cache
def places() -> Mapping[str, Json]:
    """Every place by its name."""
    found: Mapping[str, Json] = json.loads((HERE / "places.json").read_text("utf-8"))
    return found


def texts_for(place: Json) -> Iterator[tuple[str, str]]:
    """The texts that are tried in a place, by their names."""
    for name, text in texts().items():
        if name not in place.get("without", ()) and (not place.get("few") or name.split(".")[0] in FEW):
            yield name, text


@dataclass(frozen=True)
class Attack:
    """One text in one place, as the step `step` of a spec."""

    place: str
    text: str
    step: str = "s"

    def _filled(self, value: Json, text: str) -> Json:
        if isinstance(value, str):
            value = value.replace("@repr@", repr(f"named/{self.step}{self.text}"))
            return value.replace("@step", self.step).replace("@@", text).replace("@raw@", self.text)
        if isinstance(value, list):
            return [self._filled(item, text) for item in value]
        if isinstance(value, dict):
            return {self._filled(k, text): self._filled(v, text) for k, v in value.items()}
        return value

    def document(self) -> Json:
        """The pipeline's document."""
        place = places()[self.place]
        text = self.text if place.get("raw") else self.text.replace("${", "$${")
        kept = ("title", "description", "data", "params", "tables", "infer", "modules")
        inner = {key: self._filled(place[key], text) for key in kept if key in place}
        if "pipeline_outputs" in place:
            inner["outputs"] = self._filled(place["pipeline_outputs"], text)
        step = self._filled(place["step"], text)
        if isinstance(step["module"], dict):
            step["module"].setdefault("outputs", {"o": {"type": "file"}})
        name = self._filled(place.get("name", "@step"), text)
        pipeline = self._filled(place.get("pipeline", "attack"), text)
        return {"sncompile": 1, "pipeline": pipeline, **inner, "steps": {name: step}}

    def expected(self, what: str) -> Json:
        """What `command`, `env` and so on must be; None where the place does not say."""
        return self._filled(places()[self.place].get(what), self.text)

    def lay_out(self, folder: Path) -> Path:
        """Write the files that the place needs, and the spec; raises `OSError` where no file can be called so."""
        place = places()[self.place]
        for name in self._filled(place.get("touch", []), self.text):
            _inside(folder, name).touch()
        for name, content in place.get("files", {}).items():
            _inside(folder, self._filled(name, self.text)).write_text(self._filled(content, "x"), "utf-8")
        for name, rows in place.get("csv", {}).items():
            stream = io.StringIO()
            csv.writer(stream).writerows(self._filled(rows, self.text))
            _inside(folder, self._filled(name, "")).write_text(stream.getvalue(), "utf-8", newline="")
        spec = _inside(folder, self._filled(place.get("spec", "spec.yaml"), self.text))
        spec.write_text(as_yaml(self.document()), "utf-8")
        return spec


def _inside(folder: Path, name: str) -> Path:
    """A place below a folder; whatever would lie elsewhere is no file's name here."""
    path = folder / name
    if not name or name.endswith("/") or not Path(path.resolve()).is_relative_to(folder.resolve()):
        raise OSError(f"no file here: {name!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def as_yaml(document: Json) -> str:
    """JSON is YAML; what hides in an editor is written as an escape, and no surrogate is cut in two."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    return "".join(c if c.isprintable() or c == "\n" else f"\\U{ord(c):08x}"[-10:] for c in text)


def combined(attacks: list[Attack]) -> Json:
    """One pipeline of many attacks, whose steps have names of their own."""
    document: Json = {"sncompile": 1, "pipeline": "attacks", "params": {}, "tables": {}, "steps": {}}
    for attack in attacks:
        own = attack.document()
        document["tables"] |= own.get("tables", {})
        for name, value in own.get("params", {}).items():
            document["params"][f"{name}_{attack.step}"] = value
            renamed = json.dumps(own["steps"])
            for end in ",).":
                renamed = renamed.replace(f"params.{name}{end}", f"params.{name}_{attack.step}{end}")
            own["steps"] = json.loads(renamed)
        document["steps"] |= own["steps"]
    return {key: value for key, value in document.items() if value != {}}
