"""Picture → Mermaid, which forges and notebooks draw by themselves."""

from __future__ import annotations

from sncompile.drawing.palette import BOXES, INK, LINKS
from sncompile.drawing.picture import Bond, Link, Node, Picture, Shape
from sncompile.lazy_regex import regex

# Mermaid reads Markdown, HTML and its own entities in labels: all but plain characters are written as entities.
_SPECIAL = regex(r"[^\w .,:/()+×·…→-]")
_ARROWS = {Bond.MAP: "-->", Bond.BROADCAST: "-->", Bond.GATHER: "==>", Bond.LINK: "-->", Bond.ORDER: "-.->"}
_BRACKETS = {Shape.STEP: ("(", ")"), Shape.TABLE: ("[(", ")]"), Shape.FILE: ("[", "]"), Shape.OUTPUT: ("([", "])")}


def to_mermaid(picture: Picture) -> str:
    """The picture as a Mermaid flowchart."""
    ids = {node.id: f"n{number}" for number, node in enumerate(picture.nodes)}
    lines = ["flowchart TB"]
    lines += [f"  {ids[node.id]}{_box(node)}:::{node.shape.value}" for node in picture.nodes]
    lines += [f"  {ids[link.source]} {_arrow(link)} {ids[link.target]}" for link in picture.links]
    for shape, paint in BOXES.items():
        lines.append(f"  classDef {shape.value} fill:{paint.fill},stroke:{paint.line},color:{INK}")
    for bond, color in LINKS.items():
        numbers = [str(n) for n, link in enumerate(picture.links) if link.bond is bond]
        if numbers:
            lines.append(f"  linkStyle {','.join(numbers)} stroke:{color}")
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """A text inside of a quoted Mermaid label."""
    return _SPECIAL.sub(lambda match: f"#{ord(match[0])};", text)


def _box(node: Node) -> str:
    opening, closing = _BRACKETS[node.shape]
    text = "<br/>".join((f"<b>{escaped(node.title)}</b>", *map(escaped, (*node.lines, *filter(None, [node.size])))))
    return f'{opening}"{text}"{closing}'


def _arrow(link: Link) -> str:
    label = f'|"{escaped(link.label)}"|' if link.label else ""
    return f"{_ARROWS[link.bond]}{label}"
