"""Blank lines in our style: never two, none where a block begins, and between all steps if between most of them."""

from __future__ import annotations

from sncompile.syntax.formatting.layout import Block, Layout


def blank_lines(layout: Layout) -> str:
    """The text with blank lines where they belong, and with one line feed at its end."""
    wanted = _wanted(layout)
    opened = {number for number, line in enumerate(layout.lines) if not line and _opens(layout, number - 1)}
    lines: list[str] = []
    for number, line in enumerate(layout.lines):
        kept = number in layout.literal or number in layout.continued
        if line or kept:
            if number in wanted and lines and lines[-1]:
                lines.append("")
            lines.append(line)
        elif lines and lines[-1] and number not in opened:
            lines.append("")
    last = max(layout.literal, default=-1)
    if not (layout.text.endswith("\n") and last >= len(layout.lines) - 2):
        while lines and not lines[-1]:
            lines.pop()
        lines.append("")
    return "\n".join(lines)


def _opens(layout: Layout, number: int) -> bool:
    """Whether a line ends with the colon behind a key whose mapping or list comes below; blank ones go with it."""
    while number > 0 and not layout.lines[number] and number not in layout.literal:
        number -= 1
    if number < 0 or number in layout.literal or number in layout.continued or number in layout.brackets:
        return False
    return layout.lines[number].endswith(":") and not layout.lines[number].lstrip().startswith("#")


def _wanted(layout: Layout) -> set[int]:
    """The lines before which a blank one stands: of steps, if most have one already."""
    steps = _steps(layout)
    if steps is None or len(steps.entries) < 2:
        return set()
    comments = {comment.line for comment in layout.comments}

    def first_of(entry: int) -> int:
        while entry - 1 in comments and layout.lines[entry - 1].lstrip().startswith("#"):
            entry -= 1
        return entry

    heads = [first_of(entry) for entry in steps.entries[1:]]
    apart = sum(not layout.lines[head - 1] for head in heads)
    return set(heads) if 2 * apart > len(heads) else set()


def _steps(layout: Layout) -> Block | None:
    """The mapping of a pipeline's steps."""
    top = next((block for block in layout.blocks if block.above is None and block.kind == "mapping"), None)
    for atom in layout.atoms:
        if atom.key and atom.block is top and getattr(atom.event, "value", None) == "steps":
            line = layout.line_of(atom.start)
            below = (b for b in layout.blocks if b.above is top and b.kind == "mapping" and b.first > line)
            return next(below, None)
    return None
