"""Declarations of a text, one level deep, also where prose stands between them or the text breaks off.

    outline(scan(text))                        the items at the top
    outline(scan(text), class_item.body)       the members of a class

A header is read backwards from its `{` or `;`, so that prose before a declaration is no part of it. The
reader stops at a `}` that it has seen no `{` of: there the text closes what was open before it.

Not covered: compact constructors and instance initializers are `other`; what a statement means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rlcf.javasource.outline.scan import Token
from rlcf.javasource.tokens import KEYWORDS, is_name

MODIFIERS = frozenset(
    re.findall(
        r"\w+",
        "public private protected static final abstract native synchronized transient volatile strictfp "
        "default sealed",
    )
)
PRIMITIVES = frozenset(re.findall(r"\w+", "boolean byte char short int long float double void var"))
TYPE_KEYWORDS = ("class", "interface", "enum", "record")
_HEADER_WORDS = frozenset(("extends", "implements", "permits", "super", "final"))


@dataclass(frozen=True, slots=True)
class Item:
    """A declaration, or what stands where one could."""

    kind: str
    """package, import, type, method, field, initializer (a static one), other (a statement, prose), or close:
    a `}` too many."""
    name: str
    """What it declares; of an import all of it."""
    start: int
    """Index of its first character, its modifiers and the comments right before it included."""
    end: int
    """Behind its last."""
    complete: bool = True
    """Whether it was closed."""
    body: tuple[int, int] = (0, 0)
    """Its tokens between the braces, first and behind the last."""
    head: int = 0
    """Index of its first character without the comments before it."""
    parameters: int = 0
    """Of a method how many."""
    modified: bool = False
    """Whether it begins with a modifier, so that a field is no local variable."""


def outline(tokens: Sequence[Token], span: tuple[int, int] | None = None) -> list[Item]:
    """The items among `tokens[span]`, in order. The last may be incomplete; behind a close there is none."""
    first, last = span or (0, len(tokens))
    return _Reader(tokens, last).read(first)


def mentioned(tokens: Iterable[Token]) -> set[str]:
    """Names that occur."""
    return {token.text for token in tokens if not token.comment and is_name(token.text)}


@dataclass(slots=True)
class _Reader:
    tokens: Sequence[Token]
    last: int

    def read(self, first: int) -> list[Item]:
        items: list[Item] = []
        at = first
        while at < self.last:
            begin = at
            stop = self._stop(at)
            if stop >= self.last:
                items += self._left_over(begin)
                break
            sign = self.tokens[stop].text
            if sign == "}":
                items += self._left_over(begin, stop)
                token = self.tokens[stop]
                items.append(Item("close", "}", token.start, token.end, head=token.start))
                break
            if sign == ";":
                items += self._declared(begin, stop, stop)
                at = stop + 1
            else:
                closed = self._matching(stop)
                items += self._declared(begin, stop, closed)
                at = closed + 1
        return items

    def _stop(self, at: int) -> int:
        """The next `;`, `{` or unmatched `}` outside parentheses and initial values; prose may leave a `(`
        open, so that a `{` counts wherever it ends a header."""
        depth, assigns = 0, False
        while at < self.last:
            text = self.tokens[at].text
            if text == "}" or (text == "{" and ((depth == 0 and not assigns) or self._ends_header(at))):
                return at
            assigns |= text == "=" and depth == 0
            if text == ";" and depth == 0:
                return at
            if text in "([" and not self.tokens[at].comment:
                depth += 1
            elif text in ")]":
                depth = max(0, depth - 1)
            elif text == "{":
                at = self._matching(at)
            at += 1
        return self.last

    def _ends_header(self, at: int) -> bool:
        return self._type_header(at, 0) is not None or self._method_header(at, 0) is not None

    def _matching(self, at: int) -> int:
        """The `}` of the `{` at `at`, or `last`."""
        depth = 0
        while at < self.last:
            text = self.tokens[at].text
            depth += (text == "{") - (text == "}")
            if depth == 0:
                return at
            at += 1
        return self.last

    def _declared(self, begin: int, stop: int, closed: int) -> list[Item]:
        """The item that ends in `closed`, and before it what does not belong to it."""
        if stop == closed and self.tokens[stop].text == ";":
            return self._simple(begin, stop)
        found, kind = self._type_header(stop, begin), "type"
        if found is None:
            found, kind = self._method_header(stop, begin), "method"
        complete = closed < self.last
        end = self.tokens[min(closed, self.last - 1)].end
        if found is None:
            words = [token.text for token in self.tokens[begin:stop] if not token.comment]
            kind = "initializer" if words == ["static"] else "other"
            return [self._item(kind, "", begin, begin, end, complete, (stop + 1, closed))]
        start, name, count = found
        return [
            *self._left_over(begin, start),
            self._item(kind, name, begin, start, end, complete, (stop + 1, closed), count),
        ]

    def _simple(self, begin: int, stop: int) -> list[Item]:
        words = range(begin, stop + 1)
        for keyword in ("import", "package"):
            for at in reversed(words):
                if self.tokens[at].text == keyword and self._is_path(at + 1, stop):
                    name = " ".join(t.text for t in self.tokens[at + 1 : stop] if not t.comment)
                    name = name.replace(" . ", ".")
                    item = self._item(keyword, name, begin, at, self.tokens[stop].end, True, (stop, stop))
                    return [*self._left_over(begin, at), item]
        end = self.tokens[stop].end
        name, start = self._field(begin, stop)
        if name:
            return [
                *self._left_over(begin, start),
                self._item("field", name, begin, start, end, True, (stop, stop)),
            ]
        return [self._item("other", "", begin, begin, end, True, (stop, stop))]

    def _is_path(self, at: int, stop: int) -> bool:
        texts = [token.text for token in self.tokens[at:stop] if not token.comment]
        if texts[:1] == ["static"]:
            texts = texts[1:]
        names, dots = texts[::2], texts[1::2]
        return bool(names) and all(n == "*" or is_name(n) for n in names) and all(d == "." for d in dots)

    def _field(self, begin: int, stop: int) -> tuple[str, int]:
        """Name and first token of `type name [= value];`."""
        equals = next((at for at in range(begin, stop) if self.tokens[at].text == "="), stop)
        at = self._before(equals)
        while self._text(at) == "]" and self._text(at - 1) == "[":
            at -= 2
        if not is_name(self._text(at)):
            return "", begin
        start = self._type_back(self._before(at), begin)
        if start is None:
            return "", begin
        start = self._modifiers_back(start, begin)
        return self._text(at), start

    def _type_header(self, brace: int, begin: int) -> tuple[int, str, int] | None:
        """First token, name and 0 of the type whose body opens at `brace`."""
        at = brace - 1
        while at >= begin:
            token = self.tokens[at]
            text = token.text
            if text in TYPE_KEYWORDS and is_name(self._text(at + 1)) and not self._is_literal(at):
                if text == "record" and self._text(at + 2) not in ("(", "<"):
                    return None
                if text == "record" and self._text(at - 1) in ("new", "."):
                    return None
                start = at - 1 if self._text(at - 1) == "@" else at
                return self._modifiers_back(start, begin), self._text(at + 1), 0
            inside = is_name(text) or text in _HEADER_WORDS or text in PRIMITIVES or text in "<>,.?&()[]@"
            if not inside and not token.comment:
                return None
            at -= 1
        return None

    def _is_literal(self, at: int) -> bool:
        """Whether a `class` is that of `Foo.class`, and no full stop before a declaration."""
        return self._text(at - 1) == "." and self.tokens[at - 1].end == self.tokens[at].start

    def _method_header(self, brace: int, begin: int) -> tuple[int, str, int] | None:
        """First token, name and number of parameters of the method whose body opens at `brace`."""
        at = self._before(brace)
        words = at
        while words >= begin and (is_name(self._text(words)) or self._text(words) in (",", ".", "throws")):
            if self._text(words) == "throws":
                at = self._before(words)
                break
            words = self._before(words)
        while self._text(at) == "]" and self._text(at - 1) == "[":
            at -= 2
        if at < begin or self._text(at) != ")":
            return None
        opened = self._opening(at, begin)
        name = self._before(opened)
        if opened < begin or name < begin or not is_name(self._text(name)):
            return None
        start = self._type_back(self._before(name), begin)
        constructor = start is None and self._text(self._before(name)) in {*MODIFIERS, "", "{", "}", ";"}
        if start is None:
            # A constructor, which nothing but modifiers stands before.
            if not constructor or not self._text(name)[0].isupper() or name - 1 < begin:
                return None
            start = name
        return self._modifiers_back(start, begin), self._text(name), self._count(opened, at)

    def _count(self, opened: int, closed: int) -> int:
        depth, count = 0, 0
        for token in self.tokens[opened + 1 : closed]:
            depth += (token.text in "<([{") - (token.text in ">)]}") if len(token.text) == 1 else 0
            count += token.text == "," and depth == 0
        return count + 1 if any(not t.comment for t in self.tokens[opened + 1 : closed]) else 0

    def _type_back(self, at: int, begin: int) -> int | None:
        """First token of the type that ends at `at`."""
        while self._text(at) == "]" and self._text(at - 1) == "[":
            at -= 2
        if at < begin:
            return None
        if self._text(at) == ">":
            depth = 0
            while at >= begin:
                depth += (self._text(at) == ">") - (self._text(at) == "<")
                at -= 1
                if depth == 0:
                    break
            if depth or at < begin:
                return None
        text = self._text(at)
        if text in PRIMITIVES:
            return at
        if not is_name(text):
            return None
        while self._text(at - 1) == "." and at - 2 >= begin and is_name(self._text(at - 2)):
            at -= 2
        return at

    def _modifiers_back(self, at: int, begin: int) -> int:
        """First token of the modifiers, annotations and type parameters before `at`."""
        while at > begin:
            before = self._before(at)
            text = self._text(before)
            if text in MODIFIERS:
                at = before
            elif text == "sealed" or (text == "-" and self._text(before - 1) == "non"):
                at = before - (text == "-")
            elif text == ">":
                opened = before
                depth = 0
                while opened >= begin:
                    depth += (self._text(opened) == ">") - (self._text(opened) == "<")
                    if depth == 0:
                        break
                    opened -= 1
                previous = self._text(self._before(opened))
                first = previous in MODIFIERS or opened == begin or previous in ";{}"
                if opened < begin or not first or not self._are_types(opened, before):
                    return at
                at = opened
            else:
                annotation = self._annotation_back(before, begin)
                if annotation is None:
                    return at
                at = annotation
        return at

    def _are_types(self, first: int, last: int) -> bool:
        words = (self._text(at) for at in range(first, last + 1))
        return all(is_name(word) or word in ("extends", "super", *"<>,.?&[]@") for word in words)

    def _annotation_back(self, at: int, begin: int) -> int | None:
        if self._text(at) == ")":
            at = self._before(self._opening(at, begin))
        while at >= begin and is_name(self._text(at)):
            if self._text(at - 1) == "@":
                return at - 1 if at - 1 >= begin else None
            if self._text(at - 1) != ".":
                return None
            at -= 2
        return None

    def _opening(self, at: int, begin: int) -> int:
        """The `(` of the `)` at `at`, or before `begin`."""
        depth = 0
        while at >= begin:
            text = self._text(at)
            depth += (text == ")") - (text == "(")
            if depth == 0:
                return at
            at -= 1
        return begin - 1

    def _before(self, at: int) -> int:
        """The token before `at` that is no comment."""
        at -= 1
        while at >= 0 and self.tokens[at].comment:
            at -= 1
        return at

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < self.last else ""

    def _left_over(self, begin: int, end: int | None = None) -> list[Item]:
        """What is no declaration, comments at its end not counted: they belong to what follows."""
        stop = self.last if end is None else end
        while stop > begin and self.tokens[stop - 1].comment:
            stop -= 1
        while begin < stop and self.tokens[begin].comment:
            begin += 1
        if begin >= stop:
            return []
        complete = end is not None
        return [self._item("other", "", begin, begin, self.tokens[stop - 1].end, complete, (stop, stop))]

    def _item(
        self,
        kind: str,
        name: str,
        begin: int,
        start: int,
        end: int,
        complete: bool,
        body: tuple[int, int],
        parameters: int = 0,
    ) -> Item:
        head, modified = self.tokens[start].start, self.tokens[start].text in MODIFIERS
        while start > begin and self.tokens[start - 1].comment:
            start -= 1
        while kind == "other" and self.tokens[start].comment and self.tokens[start].start < head:
            start += 1
        return Item(kind, name, self.tokens[start].start, end, complete, body, head, parameters, modified)


KEYWORDS_OF_STATEMENTS = KEYWORDS - MODIFIERS - PRIMITIVES - {*TYPE_KEYWORDS, "import", "package"}
"""Keywords that no declaration begins with."""
