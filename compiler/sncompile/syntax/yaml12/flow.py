"""Collections in brackets."""

from __future__ import annotations

from typing import Any

from ruamel.yaml.events import MappingEndEvent, MappingStartEvent, SequenceEndEvent, SequenceStartEvent

from sncompile.syntax.yaml12.cursor import AFTER_INDICATOR, FLOW_SIGNS, Properties
from sncompile.syntax.yaml12.scalars import FLOW_PLAIN, FLOW_PLAIN_MORE, Scalars


class Flow(Scalars):
    """Reads collections in brackets; their lines may be indented as they like. `begun` is where the brackets opened."""

    def _flow_collection(self, props: Properties) -> None:
        self._enter()
        begun = self._at
        mapping = self._text[begun] == "{"
        close = "}" if mapping else "]"
        start = self._mark(begun if props.start is None else props.start)
        opening: Any = MappingStartEvent if mapping else SequenceStartEvent
        self.events.append(opening(props.anchor, props.tag, True, start, self._mark(begun + 1), flow_style=True))
        self._at += 1
        self._skip_in_flow(begun)
        while self._text[self._at] != close:
            if mapping:
                self._flow_entry(begun)
            else:
                self._flow_item(begun)
            self._skip_in_flow(begun)
            sign = self._text[self._at]
            if sign == ",":
                self._at += 1
                self._skip_in_flow(begun)
            elif sign != close:
                what = "mapping" if mapping else "sequence"
                self._fail(f"did not find expected ',' or '{close}'", None, f"while parsing a flow {what}", begun)
        self._at += 1
        ending: Any = MappingEndEvent if mapping else SequenceEndEvent
        self.events.append(ending(self._mark(self._at - 1), self._mark(self._at)))
        self._depth -= 1

    def _skip_in_flow(self, begun: int) -> None:
        self._separate()
        if self._at >= self._end or self._at_document_mark():
            mapping = self._text[begun] == "{"
            what, close = ("mapping", "}") if mapping else ("sequence", "]")
            self._fail(f"did not find expected ',' or '{close}'", None, f"while parsing a flow {what}", begun)

    def _is_flow_sign(self, sign: str) -> bool:
        return self._text[self._at] == sign and self._text[self._at + 1] in AFTER_INDICATOR + FLOW_SIGNS

    def _flow_entry(self, begun: int) -> None:
        """An entry of a mapping in braces."""
        if self._is_flow_sign("?"):
            self._at += 1
            self._skip_in_flow(begun)
        like_json = self._flow_node(begun)
        self._flow_value(begun, like_json)

    def _flow_value(self, begun: int, like_json: bool) -> None:
        self._skip_in_flow(begun)
        if self._text[self._at] == ":" and (like_json or self._is_flow_sign(":")):
            self._at += 1
            self._skip_in_flow(begun)
            if self._text[self._at] not in ",]}":
                self._flow_node(begun)
                return
        self._empty(self._at)

    def _flow_item(self, begun: int) -> None:
        """An item of a sequence in brackets, which may be a pair: `[a: b]` holds one mapping."""
        place, number = self._at, len(self.events)
        if self._is_flow_sign("?"):
            self._at += 1
            self._skip_in_flow(begun)
            self._flow_node(begun)
            self._close_pair(place, number, begun, True)
            return
        like_json = self._flow_node(begun)
        end = self._at
        self._skip_in_flow(begun)
        pair = self._text[self._at] == ":" and (like_json or self._is_flow_sign(":"))
        if pair and "\n" in self._text[place : self._at]:
            self._fail("did not find expected ',' or ']'", None, "while parsing a flow sequence", begun)
        if pair:
            self._close_pair(place, number, begun, like_json)
        else:
            self._at = end

    def _close_pair(self, place: int, number: int, begun: int, like_json: bool) -> None:
        mark = self._mark(place)
        self.events.insert(number, MappingStartEvent(None, None, True, mark, mark, flow_style=True))
        self._flow_value(begun, like_json)
        self._skip_in_flow(begun)
        mark = self._mark(self._at)
        self.events.append(MappingEndEvent(mark, mark))

    def _flow_node(self, begun: int) -> bool:
        """A node inside of brackets: whether a `:` may follow it at once, as after a text in quotes."""
        props = Properties()
        while self._text[self._at] in "&!":
            props = self._property(props)
            self._skip_in_flow(begun)
        sign = self._text[self._at]
        if sign in "[{":
            self._flow_collection(props)
            return True
        if sign in "'\"":
            self._quoted(props, -1)
            return True
        if sign == "*":
            self._alias(props)
        elif sign in ",]}" or self._is_flow_sign(":"):
            if sign == "," and props.start is None:
                self._fail("did not find expected node content", None, "while parsing a flow node", begun)
            self._empty(self._at, props)
        else:
            self._plain(props, -1, FLOW_PLAIN, FLOW_PLAIN_MORE)
        return False
