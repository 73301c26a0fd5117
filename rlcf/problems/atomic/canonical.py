"""Normalised code: two functions are the same program if only names and spacing tell them apart.

Tokens are kept; spacing and comments are dropped; every variable is renamed by its first occurrence.
A variable is a name in lower case that does not follow a dot and is not called.
What this does not see: different code that computes the same (`x + x` and `x * 2`).
"""

from __future__ import annotations

from rlcf.javasource.tokens import is_name, texts


def normalise(code: str) -> str:
    """`code` with its variables renamed in order and one space between tokens."""
    found = texts(code)
    names: dict[str, str] = {}
    out = []
    for before, token, after in zip(["", *found], found, [*found[1:], ""], strict=False):
        if is_name(token) and token[0].islower() and before not in (".", "::") and after != "(":
            out.append(names.setdefault(token, f"v{len(names)}"))
        else:
            out.append(token)
    return " ".join(out)
