"""Which texts of one set are in another too, so that nothing is trained on what it is measured with.

A text has a task (what is asked) and a solution (code). Three ways to be the same, from strict to loose:

    exact     the same words and signs in the task, or in the solution
    masked    the same once numbers and string literals are blanked: "the sum of 3 and 4" for that of 5 and 6
    n-gram    at least a given share of the runs of n words in both together occur somewhere in the other set
              (the overlap that GPT-3 was checked by, Brown et al. 2020, with a share instead of any one)

Short solutions (`return a + b;`) are the same by chance; so each find says whether task or solution is.

Not covered: paraphrases, renamed variables, other programming languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlcf.errors import BadInput
from rlcf.jsonl import read_rows
from rlcf.problems.load import NAMED, load_problems

_WORD = re.compile(r'"(?:\\.|[^"\\\n])*"|\w+|[^\w\s]')
_DOC = re.compile(r"/\*.*?\*/", re.DOTALL)
_FRAME = re.compile(r"^\s*\*?\s*>.*$|/\*+|\*+/|^\s*\*(?=\s|$)", re.MULTILINE)
_NUMBER = re.compile(r"\d[\w.]*$")


@dataclass(frozen=True, slots=True)
class Text:
    """One item of a set."""

    name: str
    task: str
    solution: str


@dataclass(frozen=True, slots=True)
class Find:
    """An item of the second set that the first has too."""

    kind: str
    """`exact task`, `exact solution`, `masked task`, `masked solution` or `n-gram`."""
    name: str
    first: str
    """The item of the first set; for an n-gram find, the one that shares most."""
    share: float


def read_texts(source: str) -> list[Text]:
    """The texts of a set: `NAME`, `NAME:SPLIT`, or a JSONL file whose rows have one of description, prompt,
    text, canonical_solution, completion. Raises BadInput."""
    name, _, split = source.partition(":")
    if name in NAMED:
        problems = load_problems(name, split or None)
        return [Text(p.task_id, p.description or comment_text(p.prompt), p.reference or "") for p in problems]
    if not Path(source).is_file():
        raise BadInput(f"no such texts: neither a name ({', '.join(NAMED)}) nor a file", file=source)
    texts = []
    for row in read_rows(source):
        values = {
            field: row.text(field)
            for field in ("task_id", "description", "prompt", "text", "canonical_solution", "completion")
            if row.fields.get(field) is not None
        }
        task = values.get("description") or values.get("text") or comment_text(values.get("prompt", ""))
        solution = values.get("canonical_solution") or values.get("completion") or ""
        if not task.strip() and not solution.strip():
            raise row.bad("has none of description, prompt, text, canonical_solution, completion")
        texts.append(Text(values.get("task_id", f"line {row.line}"), task, solution))
    return texts


def comment_text(prompt: str) -> str:
    """Extract what the comments of a prompt say, without example calls; all of it where there are none."""
    comments = " ".join(_DOC.findall(prompt))
    return _FRAME.sub(" ", comments) if comments else prompt


def overlap(first: Sequence[Text], second: Sequence[Text], *, n: int, share: float) -> Iterator[Find]:
    """Each way in which an item of `second` is in `first`, at most one of a kind."""
    known: dict[tuple[str, str], str] = {}
    grams: dict[tuple[str, ...], list[int]] = {}
    for index, text in enumerate(first):
        for kind, key in _keys(text):
            known.setdefault((kind, key), text.name)
        for gram in _grams(text, n):
            grams.setdefault(gram, []).append(index)
    for text in second:
        for kind, key in _keys(text):
            if (kind, key) in known:
                yield Find(kind, text.name, known[kind, key], 1.0)
        own = _grams(text, n)
        shared = [gram for gram in own if gram in grams]
        if own and len(shared) >= share * len(own):
            counts: dict[int, int] = {}
            for gram in shared:
                for index in grams[gram]:
                    counts[index] = counts.get(index, 0) + 1
            most = max(counts, key=lambda index: counts[index])
            yield Find("n-gram", text.name, first[most].name, len(shared) / len(own))


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _keys(text: Text) -> Iterator[tuple[str, str]]:
    for part, written in (("task", text.task), ("solution", text.solution)):
        words = _words(written)
        if words:
            yield f"exact {part}", " ".join(words)
            yield f"masked {part}", " ".join(_masked(word) for word in words)


def _masked(word: str) -> str:
    return '""' if word[0] == '"' and len(word) > 1 else "0" if _NUMBER.match(word) else word


def _grams(text: Text, n: int) -> set[tuple[str, ...]]:
    words = _words(f"{text.task}\n{text.solution}")
    return {tuple(words[at : at + n]) for at in range(len(words) - n + 1)}
