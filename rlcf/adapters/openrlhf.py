"""Rewards for OpenRLHF: `--reward.remote_url reward.py`, which `rlcf init openrlhf` writes, calls `scored`.

A label is the row's problem (`--data.label_key problem`), or its task_id. OpenRLHF passes prompt and reply as
one text, special tokens and all. It can't leave a sample out: where the judge failed its score is 0, and so
is `judged`, in its logs beside the rates, whose mean must be 1. Not covered: tensors, which the file makes.
"""

from __future__ import annotations

from collections.abc import Sequence

from rlcf.adapters.rewards import cached_rewards

KNOWN = 100
"""Characters of a prompt's end by which it is found in a text that is cut on the left."""


def scored(
    queries: Sequence[str], prompts: Sequence[str], labels: Sequence[str], grounding: str = "tests"
) -> tuple[list[float], dict[str, list[float]]]:
    """Of each query its score; and by name how it did. Raises BadInput for a label that is no problem."""
    replies = [behind(prompt, query) for prompt, query in zip(prompts, queries, strict=True)]
    found = cached_rewards(grounding).score(labels, replies)
    facts = {name: [one.facts[name] for one in found] for name in found[0].facts} if found else {}
    return [0.0 if one.score is None else one.score for one in found], facts


def behind(prompt: str, query: str) -> str:
    """What stands behind the prompt in a decoded query, which may have lost its beginning, or spaces. Raises
    ValueError where the prompt isn't in it."""
    if query.startswith(prompt):
        return query[len(prompt) :]
    _, found, reply = query.rpartition(prompt[-KNOWN:])
    if found:
        return reply
    at, wanted = 0, "".join(prompt.split())
    for index, char in enumerate(query):
        if at == len(wanted):
            return query[index:]
        if not char.isspace():
            at = at + 1 if char == wanted[at] else 0
    raise ValueError("the query does not hold its prompt: the tokenizer does not decode what it encodes")
