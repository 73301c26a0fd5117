"""New arguments for a method: examples varied within their domain; values of the types without any.

The values next to the border of the domain come first, then examples with one to three random changes, and
mixtures of two examples. Where nothing shows the domain (a bare method without an example) it is the whole
type, and edge values are the type's own: 0, 1, -1, the empty text.

Not covered: inputs that take minutes to answer are found out only by running the reference (`suites.py`).
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator, Sequence

from rlcf.javasource.signature import Signature
from rlcf.javasource.types import INTEGERS, JavaType, Uncovered, Value, fit
from rlcf.problems.synthesis.domain import Arguments, Domain, is_integer, is_number, learn

TRIES = 40
"""Changes tried for each input that is wanted."""
_EDGES = (0, 1, -1, 2, 10)
_TEXTS = ("", "a", "Ab", "hello world", "level", "x1y2", "  ", "AAA", "a,b;c", "12345", "Java")


def propose(
    signature: Signature, examples: Sequence[Arguments], count: int, rng: random.Random
) -> list[Arguments]:
    """At most `count` different arguments, none an example, each fit for the signature's types.

    Examples that do not fit the signature are left out. The same arguments give the same inputs.
    """
    fitting = [found for one in examples if (found := fit_all(one, signature)) is not None]
    known = {json.dumps(one) for one in fitting}
    proposed: list[Arguments] = []

    def take(arguments: Arguments | None) -> None:
        if arguments is not None and json.dumps(arguments) not in known and len(proposed) < count:
            known.add(json.dumps(arguments))
            proposed.append(arguments)

    if not fitting:
        for source in _of_types(signature, count, rng):
            take(fit_all(source, signature))
        return proposed
    domain = learn(fitting)
    for changed in _borders(fitting, domain):
        if len(proposed) < count // 2:  # the other half is random
            take(_admitted(changed, domain, signature))
    for _ in range(TRIES * count):
        if len(proposed) == count:
            break
        take(_admitted(_varied(fitting, domain, rng), domain, signature))
    return proposed


def fit_all(arguments: Arguments, signature: Signature) -> Arguments | None:
    """The arguments as values of the parameters; None where they do not fit."""
    if len(arguments) != len(signature.parameters):
        return None
    try:
        return [fit(value, to) for value, to in zip(arguments, signature.parameters, strict=True)]
    except Uncovered:
        return None


def _admitted(arguments: Arguments, domain: Domain, signature: Signature) -> Arguments | None:
    fitted = fit_all(arguments, signature)
    return fitted if fitted is not None and domain.admit(fitted) else None


def _borders(examples: Sequence[Arguments], domain: Domain) -> Iterator[Arguments]:
    """Each example with one parameter moved to where its domain ends."""
    for example in examples:
        for i, slot in enumerate(domain.slots):
            value = example[i]
            if is_integer(value):
                around = (value - 1, value + 1, 2 * value)
                edges: tuple[Value, ...] = (*_EDGES, *around, int(slot.least), int(slot.greatest))
            elif isinstance(value, bool):
                edges = (not value,)
            elif isinstance(value, str):
                edges = ("", value[:1], value[::-1], value * 2, value[:1] * 3, value + value[::-1], value[1:])
            elif isinstance(value, list):
                edges = ([], value[:1], value[-1:], value[::-1], value[1:], value + value[:1], value[:1] * 3)
            else:
                continue
            for edge in edges:
                yield copy.deepcopy([*example[:i], edge, *example[i + 1 :]])


def _varied(examples: Sequence[Arguments], domain: Domain, rng: random.Random) -> Arguments:
    made = [copy.deepcopy(rng.choice(examples)[i]) for i in range(len(examples[0]))]
    if rng.random() < 0.7:
        made = copy.deepcopy(rng.choice(examples))
    for _ in range(rng.choice((1, 1, 2, 3))):
        i = rng.randrange(len(made))
        seen = [example[i] for example in examples]
        made[i] = _change(made[i], seen, domain.slots[i].letters, rng)
    return made


def _change(value: Value, seen: Sequence[Value], letters: str, rng: random.Random) -> Value:
    """`value` with one random change; `seen` are values of its place."""
    if isinstance(value, bool):
        return not value
    if is_integer(value):
        others = [other for other in seen if is_integer(other)] or [value]
        reach = max(map(abs, others)) + 3
        return rng.choice((value + 1, value - 1, 2 * value, value // 2, -value, rng.randint(-reach, reach)))
    if is_number(value):
        return rng.choice(
            (value + 1, value - 0.5, -value, round(value * rng.random() * 2, 2), float(int(value)))
        )
    if isinstance(value, str):
        return _change_text(value, seen, letters, rng)
    if isinstance(value, dict):
        return _change_map(value, letters, rng)
    return _change_list(value, letters, rng)


def _change_text(text: str, seen: Sequence[Value], letters: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    letter = rng.choice(letters) if letters else ""
    others = [other for other in seen if isinstance(other, str)] or [text]
    edits: tuple[Callable[[], str], ...] = (
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at] + letter + text[at:],
        lambda: text[:at] + letter + text[at + 1 :],
        lambda: text[:at] + text[at : at + 1] + text[at:],
        lambda: text[at:] + text[:at],
        lambda: text[:at],
        lambda: text.swapcase(),
        lambda: text + rng.choice(others),
        lambda: "".join(rng.sample(text, len(text))),
    )
    return rng.choice(edits)()


def _change_map(value: dict[Value, Value], letters: str, rng: random.Random) -> dict[Value, Value]:
    keys = list(value)
    if not keys:
        return value
    key = rng.choice(keys)
    choice = rng.randrange(3)
    changed = dict(value)
    if choice == 0 and len({type(item) for item in value.values()}) == 1:
        del changed[key]
    elif choice == 1 and len({type(item) for item in value.values()}) == 1:
        changed[_change(key, keys, letters, rng)] = _change(value[key], [*value.values()], letters, rng)
    else:
        changed[key] = _change(value[key], [*value.values()], letters, rng)
    return changed


def _change_list(value: list[Value], letters: str, rng: random.Random) -> list[Value]:
    if not value:
        return value
    # A list of unlike things is a record, whose parts keep their places.
    alike = len({type(item) for item in value}) == 1
    changed = copy.deepcopy(value)
    at = rng.randrange(len(value))
    edit = rng.randrange(9) if alike else 8
    if edit == 0:
        del changed[at]
    elif edit == 1:
        changed.insert(at, copy.deepcopy(rng.choice(value)))
    elif edit == 2:
        changed.insert(at, _change(copy.deepcopy(value[at]), value, letters, rng))
    elif edit == 3:
        rng.shuffle(changed)
    elif edit == 4:
        changed = changed[:at] or changed
    elif edit == 5:
        other = rng.randrange(len(value))
        changed[at], changed[other] = changed[other], changed[at]
    else:
        changed[at] = _change(changed[at], value, letters, rng)
    return changed


def _of_types(signature: Signature, count: int, rng: random.Random) -> Iterator[Arguments]:
    for edge in range(len(_TEXTS)):
        yield [_edge(to, edge) for to in signature.parameters]
    for _ in range(TRIES * count):
        yield [_random(to, rng) for to in signature.parameters]


def _edge(to: JavaType, number: int) -> Value:
    kind = to.kind
    if kind in ("integer", "number", "object"):
        top = 2 ** (INTEGERS.get(to.name, 32) - 1)
        return (*_EDGES, top - 1, -top, 3, 7, 100, -5)[number]
    if kind == "float":
        return (0.0, 1.0, -1.0, 0.5, 1e9, -2.5, 3.0, 1e-9, 100.0, 7.25, -0.1)[number]
    if kind == "boolean":
        return number % 2 == 0
    if kind == "char":
        return "aZ0 z9A.b-1"[number]
    if kind == "text":
        return _TEXTS[number]
    size = (0, 1, 2, 3, 1, 2, 4, 5, 2, 3, 1)[number]
    if kind == "map":
        key, item = to.entry
        return {_edge(key, i): _edge(item, (i + number) % 5) for i in range(size)}
    return [_edge(to.element, (i * (number % 3) + number) % 5) for i in range(size)]


def _random(to: JavaType, rng: random.Random) -> Value:
    kind = to.kind
    if kind in ("integer", "number", "object"):
        return rng.choice((rng.randint(-3, 12), rng.randint(-100, 100), rng.randint(0, 10)))
    if kind == "float":
        return round(rng.uniform(-20, 20), rng.choice((0, 1, 2)))
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "char":
        return rng.choice("abcxyzABC019 .,")
    if kind == "text":
        return "".join(rng.choice("aabbcdexyzAB 01") for _ in range(rng.randrange(9)))
    size = rng.randrange(7)
    if kind == "map":
        key, item = to.entry
        return {_random(key, rng): _random(item, rng) for _ in range(size)}
    found = [_random(to.element, rng) for _ in range(size)]
    if size and not any(isinstance(item, list | dict) for item in found) and rng.random() < 0.25:
        found.sort()
    return found
