"""What is set of a pipeline, and stays so while the kernel lives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from html import escape
from typing import Any

from sncompile.diagnostics import CompileError, did_you_mean
from sncompile.faults.names import UNKNOWN_OPTION


class Settings(MutableMapping[str, Any]):
    """The parameters, inputs or data roots of a pipeline: what is set, over the defaults that the spec gives.

    `settings[NAME] = …` sets one, `del settings[NAME]` brings the default back. A name that the pipeline does not have
    raises `CompileError`; whether a value fits is told by `check()`. A group of parameters is set by a mapping, or one
    by one: `settings["ref.species"]`.
    """

    def __init__(self, kind: str, defaults: Callable[[], Mapping[str, Any]], given: Mapping[str, Any]) -> None:
        self._kind, self._defaults = kind, defaults
        self.given: dict[str, Any] = {}
        """What is set, without defaults."""
        self.closed = ""
        """Why nothing can be set here, where that is so."""
        self.update(given)

    def _known(self, name: str) -> str:
        known = self._defaults()
        if name not in known:
            hint = did_you_mean(name, known, what="there are") or "there are none"
            raise CompileError([UNKNOWN_OPTION.at(None, f"there is no {self._kind} `{name}`", help=hint)])
        return name

    def _members(self, name: str) -> list[str]:
        """The names of what is in a group; none for what is no group."""
        return [other for other in self._defaults() if other.startswith(f"{name}.")]

    def __getitem__(self, name: str) -> Any:
        members = self._members(name)
        if members:
            inner = dict.fromkeys(member.removeprefix(f"{name}.").partition(".")[0] for member in members)
            return {part: self[f"{name}.{part}"] for part in inner}
        known = self._known(name)
        return self.given.get(known, self._defaults()[known])

    def __setitem__(self, name: str, value: Any) -> None:
        if isinstance(value, Mapping) and self._members(name):
            for part, inner in value.items():
                self[f"{name}.{part}"] = inner
            return
        known = self._known(name)
        if self.closed:
            raise CompileError([UNKNOWN_OPTION.at(None, f"`{name}` is not set here", help=self.closed)])
        self.given[known] = value

    def __delitem__(self, name: str) -> None:
        for member in self._members(name) or [self._known(name)]:
            self.given.pop(member, None)

    def __contains__(self, name: object) -> bool:
        return name in self._defaults() or bool(self._members(str(name)))

    def __iter__(self) -> Iterator[str]:
        return iter(self._defaults())

    def __len__(self) -> int:
        return len(self._defaults())

    def __repr__(self) -> str:
        return "\n".join(
            f"{name} = {value!r}{'' if name in self.given else '  (default)'}" for name, value in self.items()
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(str(value))}</td>"
            f"<td>{'set' if name in self.given else 'default'}</td></tr>"
            for name, value in self.items()
        )
        return f"<table><tr><th>{escape(self._kind)}</th><th>value</th><th></th></tr>{rows}</table>"
