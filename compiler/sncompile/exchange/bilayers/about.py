"""What people are told of a tool: Bilayers' citations and image ↔ a module's title, licence, citations and image."""

from __future__ import annotations

import re
from typing import Any

from sncompile.diagnostics import Report
from sncompile.exchange.bilayers.carried import plain
from sncompile.exchange.bilayers.names import module_name
from sncompile.exchange.bilayers.spec import Spec
from sncompile.faults import exchange as faults
from sncompile.lazy_regex import regex
from sncompile.syntax.document import About, ModuleDoc

_CITED = regex(r"(?:(?P<name>.*), )?doi:(?P<doi>\S+)", re.DOTALL)
_MODULE = regex(r"[A-Za-z_][A-Za-z0-9_.-]*")


def module_about(spec: Spec, stem: str) -> dict[str, Any]:
    """`module`, `title`, `description`, `license` and `citations` of a module, by the spec's citations."""
    name = spec.folder_name.strip() or stem
    found: dict[str, Any] = {"module": name if _MODULE.fullmatch(name) else module_name(name)}
    cited = [c.fields for c in spec.citations]
    if not cited:
        return found
    for key, field in (("title", "name"), ("description", "description")):
        if (text := _text(cited[0].get(field))) != "":
            found[key] = text
    licences = {text for c in cited if (text := _text(c.get("license"))) != ""}
    if len(licences) == 1:
        found["license"] = licences.pop()
    citations = [_citation(_text(c.get("name")), _text(c.get("doi"))) for c in cited]
    # The first one's name is the title already.
    kept = [text for number, text in enumerate(citations) if text and (number or "doi:" in text)]
    if kept:
        found["citations"] = kept
    return found


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _citation(name: str, doi: str) -> str:
    if not doi:
        return name
    return f"{name}, doi:{doi}" if name and name != doi else f"doi:{doi}"


def write_about(doc: ModuleDoc, report: Report) -> dict[str, Any]:
    """`citations`, `docker_image` and `algorithm_folder_name`; an image that Bilayers cannot name is told."""
    return {
        "citations": _citations(doc.about, doc.name.name),
        "docker_image": _image(doc, report),
        "algorithm_folder_name": doc.name.name,
    }


def _image(doc: ModuleDoc, report: Report) -> dict[str, str]:
    container = doc.container
    nothing = dict.fromkeys(("org", "name", "tag", "platform"), "")
    if container is None or container.image is None:
        message = "the module has no container, and Bilayers runs every tool in one"
        hint = "add `container: {image: org/tool:1.0}`"
        report.add(faults.NEEDED.at(doc.name.span, message, help=hint))
        return nothing
    image = plain(container.image)
    found = _parts_of_image(image) if isinstance(image, str) else None
    if found is None:
        message = "this image has no name of the form `org/name:tag`"
        hint = "name it by a tag; Bilayers has no digests, URLs and expressions"
        report.add(faults.LOST.at(container.span, message, help=hint))
        return nothing
    return found


def _citations(about: About, name: str) -> list[dict[str, Any]]:
    """Bilayers' citations for what a module says: the first one is of the tool itself."""
    title = about.title or name
    found = [{"name": title, "doi": "", "license": about.license, "description": about.description}]
    for number, text in enumerate(about.citations):
        match = _CITED.fullmatch(text)
        cited, doi = (match["name"] or match["doi"], match["doi"]) if match else (text, "")
        if number == 0 and doi and cited == title:
            found[0]["doi"] = doi
        else:
            found.append({"name": cited, "doi": doi, "license": about.license, "description": ""})
    return found


def _parts_of_image(image: str) -> dict[str, str] | None:
    """Bilayers' parts of an image's name; None where it has no tag that could stand there."""
    path, _, last = image.rpartition("/")
    name, _, tag = last.partition(":")
    if not name or "@" in name or "://" in image:
        return None
    return {"org": path or "library", "name": name, "tag": tag or "latest", "platform": "linux/amd64"}


def same_image(left: str, right: str) -> bool:
    """Whether two names are of one image: `library/` and `:latest` go without saying."""
    return _full(left) == _full(right)


def _full(image: str) -> str:
    image = image.removeprefix("docker.io/")
    image = image if "/" in image else f"library/{image}"
    return image if ":" in image.rpartition("/")[2] else f"{image}:latest"
