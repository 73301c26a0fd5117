"""Mutants: programs that are almost right, made from right ones by one small change each.

Models write such programs: most no longer compile, many run and answer wrongly, a few loop without end or
throw. Each mutant says what was changed. The same seed gives the same mutants.

    mutants(load_problems("mbjp"), count=2000)
    mutants_of(problem, LOGIC, 40, rng)             # of one problem, of some kinds of change

Not covered: changes in the prompt; two changes in one program; names from outside the completion.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rlcf.javasource.tokens import is_name, places, texts
from rlcf.problems.problem import Problem

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
TRIES = 100
"""Changes tried before a completion counts as one that has no more of a kind."""
SPARE_TRIES = 6
"""The same of `mutants_of`, for each mutant wanted."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A completion with one change."""

    problem: Problem
    completion: str
    change: str
    """What was done, e.g. `operator changed`."""


def mutants(problems: Sequence[Problem], count: int, seed: int = 0) -> list[Mutant]:
    """`count` different mutants of the references of `problems`, of every kind of change as many."""
    rng = random.Random(seed)
    references = {problem.task_id: problem.reference for problem in problems if problem.reference}
    by_id = {problem.task_id: problem for problem in problems}
    known = set(references.items())
    made: list[Mutant] = []
    names = list(references)
    while len(made) < count:
        rng.shuffle(names)  # every reference once before any of them again
        for name in names[: count - len(made)]:
            change = list(CHANGES)[len(made) % len(CHANGES)]
            completion = _another(references[name], CHANGES[change], rng, known, name)
            if completion is not None:
                known.add((name, completion))
                made.append(Mutant(by_id[name], completion, change))
    return made


def mutants_of(
    problem: Problem, changes: Mapping[str, Change], count: int, rng: random.Random, known: set[str]
) -> list[Mutant]:
    """At most `count` mutants of one reference, none of the tokens of a program in `known`, which grows."""
    if problem.reference is None:
        raise ValueError(f"{problem.task_id} has no reference to change")
    known.add(" ".join(texts(problem.reference)))
    made: list[Mutant] = []
    for index in range(count * SPARE_TRIES):
        kind = list(changes)[index % len(changes)]
        completion = changes[kind](problem.reference, rng)
        tokens = " ".join(texts(completion))
        if tokens not in known and len(made) < count:
            known.add(tokens)
            made.append(Mutant(problem, completion, kind))
    return made


def _another(
    reference: str,
    change: Change,
    rng: random.Random,
    known: set[tuple[str, str]],
    name: str,
) -> str | None:
    """`reference` changed into what is not yet known; None where there seems to be no such thing."""
    for _ in range(TRIES):
        completion = change(reference, rng)
        if (name, completion) not in known:
            return completion
    return None


def _drop_token(code: str, rng: random.Random) -> str:
    token = rng.choice(places(code))
    return code[: token.start()] + code[token.end() :]


def _swap_tokens(code: str, rng: random.Random) -> str:
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


def _change_operator(code: str, rng: random.Random) -> str:
    rows = {operator: row for row in OPERATORS for operator in row}
    found = [token for token in places(code) if token.group() in rows]
    if not found:
        return code
    token = rng.choice(found)
    return _put(code, token, rng.choice([other for other in rows[token.group()] if other != token.group()]))


def _change_constant(code: str, rng: random.Random) -> str:
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


def _drop_line(code: str, rng: random.Random) -> str:
    lines = code.splitlines(keepends=True)
    full = [index for index, line in enumerate(lines) if line.strip()]
    dropped = rng.choice(full)
    return "".join(lines[:dropped] + lines[dropped + 1 :])


def _cut(code: str, rng: random.Random) -> str:
    """Ends after any token, as a model does that ran out of tokens."""
    return code[: rng.choice(places(code)).end()]


def _cut_and_close(code: str, rng: random.Random) -> str:
    """Ends after a line; then what is open (method and class are, from the prompt) is closed."""
    ends = [match.end() for match in re.finditer(r"[;{}]\s*\n", code)]
    kept = code[: rng.choice(ends)] if ends else code
    texts = [token.group() for token in places(kept)]
    return kept + "}" * (2 + texts.count("{") - texts.count("}"))


def _put(code: str, token: re.Match[str], text: str) -> str:
    return code[: token.start()] + text + code[token.end() :]


def _negate_condition(code: str, rng: random.Random) -> str:
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


def _swap_variable(code: str, rng: random.Random) -> str:
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


def _change_result(code: str, rng: random.Random) -> str:
    """What a `return` gives, off by one, negated or with a text added."""
    found = list(re.finditer(r"\breturn\b([^;{}]+);", code))
    if not found:
        return code
    match = rng.choice(found)
    value = match.group(1).strip()
    other = rng.choice((f"({value}) + 1", f"!({value})", f"-({value})", f"({value}) - 1", "null"))
    return f"{code[: match.start()]}return {other};{code[match.end() :]}"


CHANGES: dict[str, Change] = {
    "token dropped": _drop_token,
    "tokens swapped": _swap_tokens,
    "operator changed": _change_operator,
    "constant changed": _change_constant,
    "line dropped": _drop_line,
    "cut short": _cut,
    "cut short and closed": _cut_and_close,
}
"""As models err: most of these do not compile."""

LOGIC: dict[str, Change] = {
    "operator changed": _change_operator,
    "constant changed": _change_constant,
    "condition negated": _negate_condition,
    "line dropped": _drop_line,
}
"""Changes that mostly compile."""

OTHER_LOGIC: dict[str, Change] = {
    "variable swapped": _swap_variable,
    "tokens swapped": _swap_tokens,
    "result changed": _change_result,
    "cut short and closed": _cut_and_close,
}
"""Changes of other kinds that often compile."""
