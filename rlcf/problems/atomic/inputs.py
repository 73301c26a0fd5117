"""The values that atomic functions are tried on: the same pool for every function of a type.

One shared pool makes behaviour comparable: two functions of the same signature behave alike if they
give the same values on the whole pool. Each problem's suite is eight of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from rlcf.problems.atomic.atom import FLAG, INT, INTS, TEXT

POOL_SIZE = 20

_WORDS = (
    "apple", "Banana", "level", "noon", "Java", "tree", "sky", "code", "Anna", "hello", "World", "a",
    "Queue", "io", "rhythm", "Orange", "7", "x9", "2024", "B4", "radar", "see", "ZIP", "deed",
)  # fmt: skip


def input_pool(seed: int) -> dict[str, list[str]]:
    """Java literals for each type, the edge values first, none twice."""
    rng = random.Random(f"inputs {seed}")
    return {
        INT: _distinct(["0", "1", "-1"], lambda: str(rng.randint(*rng.choice(((-40, 60), (-9, 12)))))),
        INTS: _distinct(["new int[] {}", "new int[] {5}"], lambda: _array(rng)),
        TEXT: _distinct(['""', '"a"'], lambda: _text(rng)),
        FLAG: ["true", "false"],
    }


def _distinct(edges: list[str], draw: Callable[[], str]) -> list[str]:
    pool = dict.fromkeys(edges)
    while len(pool) < POOL_SIZE:
        pool[draw()] = None
    return list(pool)


def _array(rng: random.Random) -> str:
    numbers = [rng.randint(-9, 20) for _ in range(rng.randint(2, 7))]
    shape = rng.randrange(5)
    if shape == 0:
        numbers.sort()
    elif shape == 1:
        numbers = [abs(number) * 2 for number in numbers]
    elif shape == 2:
        numbers += numbers[:2]
    return f"new int[] {{{', '.join(map(str, numbers))}}}"


def _text(rng: random.Random) -> str:
    text = " ".join(rng.choice(_WORDS) for _ in range(rng.choice((1, 1, 2, 2, 3))))
    return f'" {text} "' if rng.randrange(6) == 0 else f'"{text}"'
