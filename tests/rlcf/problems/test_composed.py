"""The study's sets: enough atoms and topics, right by the judge, disjoint by composition and by atom."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from itertools import combinations, pairwise

import pytest

from javabox import Judge, Outcome
from rlcf.javasource.normalize import normalised
from rlcf.problems import Problem, composed
from rlcf.problems.atomic.atom import CONSTANTS, Atom
from rlcf.problems.atomic.measure import _elements
from rlcf.problems.composed import ComposedData
from rlcf.problems.composed.build import SETS
from rlcf.problems.composed.sets import deal
from rlcf.problems.composed.topics import ATOMS, TOPICS
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.data import load_data

COMPOSED = ("pretrain", "a", "b", "c", "hard")
TOPIC_OF = {atom: topic for topic, atoms in TOPICS.items() for atom in atoms}
ASKED = {
    (atom.takes, wording.replace("$k", str(constant))): atom
    for atom in ATOMS
    for wording in atom.wordings
    for constant in CONSTANTS
}
"""The atom that some words ask for, by the type taken."""

DEAL = """
import hashlib
from rlcf.problems.composed.sets import alone, deal
found = deal(0)
print(hashlib.sha256(repr((found.pairs, alone(0), sorted(map(repr, found.hard_atoms)))).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def data(judge: Judge) -> ComposedData:
    return composed.build(0, judge)


def atoms(problem: Problem) -> list[Atom]:
    """The atoms of a problem, read from what it asks and its types."""
    found = re.search(r"f\((\S+) x\)", problem.prompt)
    assert found
    takes, chain = found[1], []
    for words in problem.description.split(", then "):
        chain.append(ASKED[takes, words])
        takes = chain[-1].gives
    return chain


def pairs(problems: tuple[Problem, ...]) -> set[tuple[Atom, Atom]]:
    return {pair for problem in problems for pair in pairwise(atoms(problem))}


def test_a_description_says_one_thing() -> None:
    """The same words on the same type never ask for another atom."""
    words = [(atom.takes, wording) for atom in ATOMS for wording in atom.wordings]
    assert len(set(words)) == len(words)
    assert len({atom.name for atom in ATOMS}) == len(ATOMS)
    assert all(len(atom.wordings) >= 2 for atom in ATOMS)


def test_there_are_a_hundred_atoms_over_ten_topics(data: ComposedData) -> None:
    """Counted in the data, not in the lists."""
    found = {atoms(problem)[0] for problem in data.atom}
    assert len(found) >= 100
    by_topic = {topic: sum(TOPIC_OF[atom] == topic for atom in found) for topic in TOPICS}
    assert len(by_topic) >= 10
    assert min(by_topic.values()) >= 8, by_topic
    assert sum(map(len, TOPICS.values())) == len(set(ATOMS)), "an atom has one topic"


def test_sizes_and_lengths(data: ComposedData) -> None:
    lengths = {name: {len(atoms(problem)) for problem in getattr(data, name)} for name in SETS}
    assert lengths == {
        "atom": {1}, "atom_new": {1}, "pretrain": {2, 3}, "a": {2, 3}, "b": {2}, "c": {3}, "hard": {2},
    }  # fmt: skip
    assert {name: len(getattr(data, name)) for name in SETS if name != "atom"} == {
        "pretrain": 1500, "a": 1200, "atom_new": 120, "b": 120, "c": 120, "hard": 120,
    }  # fmt: skip
    everything = [problem for name in SETS for problem in getattr(data, name)]
    assert len({problem.task_id for problem in everything}) == len(everything)


@pytest.mark.parametrize(("left", "right"), list(combinations(COMPOSED, 2)))
def test_sets_share_no_pair_of_atoms(data: ComposedData, left: str, right: str) -> None:
    assert not pairs(getattr(data, left)) & pairs(getattr(data, right))


@pytest.mark.parametrize(("left", "right"), list(combinations(SETS, 2)))
def test_sets_share_no_code(data: ComposedData, left: str, right: str) -> None:
    def code(name: str) -> set[str]:
        return {normalised(problem.prompt + str(problem.reference)) for problem in getattr(data, name)}

    assert not code(left) & code(right)


def test_the_hard_split_has_atoms_that_no_other_set_composes(data: ComposedData) -> None:
    composes = {name: {atom for p in getattr(data, name) for atom in atoms(p)} for name in COMPOSED}
    elsewhere = set().union(*(composes[name] for name in COMPOSED if name != "hard"))
    new = composes["hard"] - elsewhere
    assert all(set(atoms(problem)) & new for problem in data.hard)
    alone = {atoms(problem)[0] for problem in data.atom}
    assert new <= alone, "a hard atom is asked for alone"
    hard = deal(0).hard_atoms
    assert {TOPIC_OF[atom] for atom in hard} == set(TOPICS)
    assert not hard & elsewhere
    assert composes["b"] | composes["c"] <= composes["a"], "B and C are other compositions of A's atoms"


def test_references_pass_in_every_topic_and_set(judge: Judge, data: ComposedData) -> None:
    asked: dict[tuple[str, str], list[Problem]] = {}
    for name in SETS:
        for problem in getattr(data, name):
            for atom in atoms(problem):
                asked.setdefault((name, TOPIC_OF[atom]), []).append(problem)
    assert {topic for _, topic in asked} == set(TOPICS)
    problems = [problem for found in asked.values() for problem in found[:3]]
    verdicts = judge.grade([problem.job(str(problem.reference)) for problem in problems])
    failed = [p.task_id for p, v in zip(problems, verdicts, strict=True) if v.outcome is not Outcome.PASSED]
    assert failed == []
    wrong = [p.job(f"        return {p.suite.cases[0].expected};\n    }}\n}}\n") for p in data.hard[::6]]
    assert {verdict.outcome for verdict in judge.grade(wrong)} == {Outcome.FAILED}


def test_a_recipe_names_what_it_trains_on_and_is_measured_on_all_sets(
    judge: Judge, data: ComposedData
) -> None:
    def loaded(name: str, more: Mapping[str, int] | None = None) -> tuple[list[str], list[str]]:
        recipe = override(
            Recipe(),
            {
                "data.problems": name,
                "evaluation.problems": 50,
                "evaluation.samples": 4,
                "data.corpus_problems": 0,
                "model.name": "tiny",
                **(more or {}),
            },
        )
        found = load_data(recipe, judge, references=False)
        assert {one.prompt for one, _ in found.corpus} <= {problem.prompt for problem in found.train}
        return [p.task_id for p in found.train], [p.task_id for p in found.evaluation]

    few, asked = loaded("composed-few", {"supervised.steps": 1})
    assert sorted(few)[0] != few[0], "in an order of its own"
    assert len([task for task in few if composed.set_of(task) == "a"]) == composed.HANDFUL
    assert not set(few) & {p.task_id for p in composed.measured(data)}
    assert [composed.set_of(task) for task in asked[:5]] == list(composed.MEASURED)
    assert {
        name: sum(composed.set_of(t) == name for t in asked) for name in composed.MEASURED
    } == dict.fromkeys(composed.MEASURED, 10)
    ends = (data.a[:120], data.a[-composed.HANDFUL :])
    assert all({len(atoms(problem)) for problem in end} == {2, 3} for end in ends)
    both, _ = loaded("composed-both")
    assert {composed.set_of(task) for task in both} == {"atom", "a"}


def test_the_same_seed_deals_the_same_in_any_process() -> None:
    hashes = {
        subprocess.run(
            [sys.executable, "-c", DEAL],
            env=os.environ | {"PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1
    assert deal(1).pairs != deal(0).pairs


def test_measured_values_of_any_type_are_taken_apart() -> None:
    """Quotes, commas and brackets inside characters and strings are no structure."""
    written = """java.util.Arrays.asList('(', ',', '\\'', '"', "a,'b\\"", new int[] {1, 2})"""
    assert _elements(written, 6) == ("'('", "','", "'\\''", "'\"'", '"a,\'b\\""', "new int[] {1, 2}")
