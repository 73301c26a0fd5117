"""Small changes to Java text, each by chance: what models and people get wrong, one slip at a time.

    drop_token(code, rng)                       # a Change: the same seed gives the same text

Some break compilation, some compute something else; where there is nothing of its kind to change, the code
stays as it was. Everything is done on tokens and lines.

Not covered: two changes at once; names from outside the code; whether the meaning changed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from rlcf.javasource.tokens import is_name, places

Change = Callable[[str, random.Random], str]
"""Gives the code with one change, or as it was where there is nothing of its kind to change."""

OPERATORS = (
    ("+", "-", "*", "/", "%"),
    ("<", "<=", ">", ">=", "==", "!="),
    ("&&", "||"),
    ("&", "|", "^"),
    ("<<", ">>", ">>>"),
    ("++", "--"),
    ("+=", "-=", "*=", "/=", "="),
)
"""Operators that stand in the same places: one becomes another of its row."""

CONFUSED = (
    ("+", "-"), ("*", "+"), ("/", "%"), ("/", "*"), ("<", ">"), ("<", "<="), (">", ">="), ("==", "!="),
    ("+=", "-="), ("&&", "||"), ("max", "min"), ("toUpperCase", "toLowerCase"), ("limit", "skip"),
    ("anyMatch", "allMatch"), ("filter", "map"), ("true", "false"), ("even", "odd"), ("distinct", "sorted"),
    ("indexOf", "lastIndexOf"), ("|", "^"), ("square", "cube"),
)  # fmt: skip
"""Tokens taken for each other: the result mostly compiles and computes something else."""
_SWAPS = (*CONFUSED, *((right, left) for left, right in CONFUSED))
_TWINS = {old: [new for one, new in _SWAPS if one == old] for old, _ in _SWAPS}

MISUSED = (
    ("==", "="), (".length()", ".length"), (".length", ".length()"), (".length", ".size()"),
    ("Arrays.stream(", "stream("), (".toArray()", ".toList()"), (".sum()", ".total()"), ("->", "=>"),
    ("(int) ", ""), (".orElse(0)", ""), ("Math.", ""), ("new ", ""), ("String.valueOf(", "toString("),
    ('"', "'"), ("'", '"'), ("for (int v : ", "for (v in "), (".append(", ".add("), ("return ", "print "),
)  # fmt: skip
"""Text of Java mistaken for another language or another class: the result mostly does not compile."""

TYPES = ("int", "int[]", "String", "boolean", "char", "double")


def drop_token(code: str, rng: random.Random) -> str:
    return _put(code, rng.choice(places(code)), "")


def double_token(code: str, rng: random.Random) -> str:
    token = rng.choice(places(code))
    return _put(code, token, f"{token.group()} {token.group()}")


def drop_punctuation(code: str, rng: random.Random) -> str:
    return _put_one(code, rng, [(token, "") for token in places(code) if token.group() in ";){}]"])


def drop_return(code: str, rng: random.Random) -> str:
    return _put_one(code, rng, [(token, "") for token in places(code) if token.group() == "return"])


def swap_tokens(code: str, rng: random.Random) -> str:
    """Two neighbours, or two that stand anywhere."""
    tokens = places(code)
    if len(tokens) < 2:
        return code
    at = rng.randrange(len(tokens) - 1)
    one, other = tokens[at], tokens[at + 1]
    if rng.random() < 0.5:
        one, other = sorted(rng.sample(tokens, 2), key=lambda token: token.start())
    between = code[one.end() : other.start()]
    return code[: one.start()] + other.group() + between + one.group() + code[other.end() :]


def confuse(code: str, rng: random.Random) -> str:
    """A token becomes its twin of CONFUSED."""
    return _put_one(
        code, rng, [(token, new) for token in places(code) for new in _TWINS.get(token.group(), ())]
    )


def misuse(code: str, rng: random.Random) -> str:
    """Text becomes what MISUSED has for it."""
    spots = [
        (match, new)
        for old, new in MISUSED
        for match in re.finditer(re.escape(old), code)
        if not (old == "==" and code[match.start() - 1] in "!<>")
    ]
    return _put_one(code, rng, spots)


def misspell(code: str, rng: random.Random) -> str:
    """A letter of a long name lost, doubled or swapped with the next."""
    spots = [token for token in places(code) if token.group().isidentifier() and len(token.group()) > 2]
    if not spots:
        return code
    token = rng.choice(spots)
    name, at = token.group(), rng.randrange(1, len(token.group()) - 1)
    letters = (name[at + 1] + name[at], name[at] * 2 + name[at + 1], name[at + 1])
    return _put(code, token, name[:at] + rng.choice(letters) + name[at + 2 :])


def other_variable(code: str, rng: random.Random) -> str:
    """A variable of one letter taken for another one, which may not exist."""
    spots = [token for token in places(code) if len(token.group()) == 1 and token.group().islower()]
    return _put(code, rng.choice(spots), rng.choice("xyzwvicn")) if spots else code


def other_type(code: str, rng: random.Random) -> str:
    spots = [token for token in places(code) if token.group() in TYPES]
    return _put(code, rng.choice(spots), rng.choice(TYPES)) if spots else code


def off_by_one(code: str, rng: random.Random) -> str:
    spots = [token for token in places(code) if token.group().isdigit()]
    if not spots:
        return code
    token = rng.choice(spots)
    return _put(code, token, str(abs(int(token.group()) + rng.choice((-1, 1)))))


def change_operator(code: str, rng: random.Random) -> str:
    rows = {operator: row for row in OPERATORS for operator in row}
    found = [token for token in places(code) if token.group() in rows]
    if not found:
        return code
    token = rng.choice(found)
    return _put(code, token, rng.choice([other for other in rows[token.group()] if other != token.group()]))


def change_constant(code: str, rng: random.Random) -> str:
    found = [token for token in places(code) if re.match(r"[\"'\d]|true$|false$", token.group())]
    if not found:
        return code
    token = rng.choice(found)
    text = token.group()
    if text in ("true", "false"):
        return _put(code, token, "false" if text == "true" else "true")
    if text[0] in "\"'":
        return _put(
            code, token, rng.choice(['""', '"a"', '"0"'] if text[0] == '"' else ["'a'", "'0'", "' '"])
        )
    if text.isdigit():
        return _put(code, token, str(rng.choice([int(text) + 1, max(0, int(text) - 1), 0, 10 * int(text)])))
    return _put(code, token, rng.choice(["0", "1", "0.5"]))


def negate_condition(code: str, rng: random.Random) -> str:
    """Of an `if`; a negated loop would mostly never end."""
    found = places(code)
    starts = [
        i for i, token in enumerate(found[:-1]) if token.group() == "if" and found[i + 1].group() == "("
    ]
    if not starts:
        return code
    first = last = rng.choice(starts) + 1
    depth = 1
    while depth and last + 1 < len(found):
        last += 1
        depth += (found[last].group() == "(") - (found[last].group() == ")")
    opened, closed = found[first].end(), found[last].start()
    return f"{code[:opened]}!({code[opened:closed]}){code[closed:]}"


def swap_variable(code: str, rng: random.Random) -> str:
    """A variable, as far as tokens tell, becomes another one."""
    found = places(code)
    around = [""] + [token.group() for token in found] + [""]
    free = [
        token
        for i, token in enumerate(found)
        if is_name(token.group()) and token.group()[0].islower() and around[i] != "." and around[i + 2] != "("
    ]
    names = sorted({token.group() for token in free})
    if len(names) < 2:
        return code
    token = rng.choice(free)
    return _put(code, token, rng.choice([name for name in names if name != token.group()]))


def change_result(code: str, rng: random.Random) -> str:
    """What a `return` gives, off by one, negated or with a text added."""
    found = list(re.finditer(r"\breturn\b([^;{}]+);", code))
    if not found:
        return code
    match = rng.choice(found)
    value = match.group(1).strip()
    other = rng.choice((f"({value}) + 1", f"!({value})", f"-({value})", f"({value}) - 1", "null"))
    return f"{code[: match.start()]}return {other};{code[match.end() :]}"


def drop_line(code: str, rng: random.Random) -> str:
    """Any line that is not blank."""
    lines = code.splitlines(keepends=True)
    dropped = rng.choice([index for index, line in enumerate(lines) if line.strip()])
    return "".join(lines[:dropped] + lines[dropped + 1 :])


def drop_statement(code: str, rng: random.Random) -> str:
    """A line before the two closing braces, where there are at least two."""
    lines = code.splitlines(keepends=True)
    if len(lines) >= 4:
        del lines[rng.randrange(len(lines) - 2)]
    return "".join(lines)


def swap_statements(code: str, rng: random.Random) -> str:
    """Two neighbouring lines before the two closing braces."""
    lines = code.splitlines(keepends=True)
    if len(lines) >= 4:
        at = rng.randrange(len(lines) - 3)
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
    return "".join(lines)


def cut_before(code: str, rng: random.Random) -> str:
    """Ends before any token, as in a snippet that was cut."""
    return code[: rng.choice(places(code)).start()]


def cut_behind(code: str, rng: random.Random) -> str:
    """Ends after any token, as a model does that ran out of tokens."""
    return code[: rng.choice(places(code)).end()]


def cut_and_close(code: str, rng: random.Random) -> str:
    """Ends after a line; then what is open (method and class are, from the prompt) is closed."""
    ends = [match.end() for match in re.finditer(r"[;{}]\s*\n", code)]
    kept = code[: rng.choice(ends)] if ends else code
    texts = [token.group() for token in places(kept)]
    return kept + "}" * (2 + texts.count("{") - texts.count("}"))


def _put(code: str, token: re.Match[str], text: str) -> str:
    return code[: token.start()] + text + code[token.end() :]


def _put_one(code: str, rng: random.Random, spots: Sequence[tuple[re.Match[str], str]]) -> str:
    return _put(code, *rng.choice(spots)) if spots else code
