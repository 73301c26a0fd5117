"""The problems: every implementation passes, splits are disjoint, a corpus is drawn from alternatives."""

from __future__ import annotations

import hashlib
import inspect
import os
import random
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import cast

import pytest

from javabox import Judge, Outcome, Suite
from rlcf.errors import BadInput
from rlcf.javasource.normalize import normalised
from rlcf.javasource.tokens import texts
from rlcf.problems import Problem
from rlcf.problems.atomic import AtomicData, corpus
from rlcf.problems.atomic.chain import Chain, Step
from rlcf.problems.atomic.inputs import input_pool
from rlcf.problems.atomic.measure import measure
from rlcf.problems.many_ways import build
from rlcf.problems.many_ways.atom import MANY_WAYS
from rlcf.problems.many_ways.build import Generator, enough
from rlcf.problems.many_ways.ways import LOCALS, Way
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.training.data import load_data

SIZES = {"train": 420, "rl": 20, "validation": 20, "test": 30}
SPLITS = tuple(SIZES)


def digest(data: AtomicData) -> str:
    """Of all splits but `rl`."""
    made = (data.train, data.validation, data.test)
    return hashlib.sha256(repr([(made, [p.suite for p in split]) for split in made]).encode()).hexdigest()


ANOTHER_PROCESS = f"""
from __future__ import annotations
import hashlib, sys
from javabox import Judge
from rlcf.problems.atomic import AtomicData
from rlcf.problems.many_ways import build
{inspect.getsource(digest)}
with Judge(engine=sys.argv[1]) as judge:
    print(digest(build(0, judge, train=420, validation=20, test=30)))
"""
"""Without this file, which imports torch."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of these tests, so that the problems are built anew."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))


@pytest.fixture(scope="module")
def data(judge: Judge, cache: Path) -> AtomicData:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        return build(0, judge, **SIZES)


def problems(data: AtomicData) -> list[Problem]:
    return [problem for split in SPLITS for problem in getattr(data, split)]


def ways(problem: Problem) -> tuple[str, ...]:
    return (str(problem.reference), *problem.alternatives)


@dataclass(frozen=True)
class Read:
    """A problem's reference as it can be measured."""

    takes: str
    gives: str
    methods: str

    @classmethod
    def of(cls, problem: Problem) -> Read:
        opening = problem.prompt.splitlines(keepends=True)[-1]
        found = re.fullmatch(r"    static (\S+) f\((\S+) x\) \{\n", opening)
        assert found
        return cls(found[2], found[1], opening + str(problem.reference).removesuffix("}\n"))


def test_sizes_splits_and_fields(data: AtomicData) -> None:
    assert {split: len(getattr(data, split)) for split in SPLITS} == SIZES
    for split in SPLITS:
        assert {problem.split for problem in getattr(data, split)} == {split}
    everything = problems(data)
    assert len({problem.task_id for problem in everything}) == len(everything)
    for problem in everything:
        assert len({*ways(problem)}) == len(ways(problem)) >= 3, "all differ in text"
    assert sum(len(problem.alternatives) == 6 for problem in everything) > 0.7 * len(everything)
    assert {problem.description.count(", then ") for problem in data.train} == {0, 1}
    assert {problem.description.count(", then ") for problem in (*data.test, *data.rl)} == {1}


def test_every_implementation_passes(judge: Judge, data: AtomicData) -> None:
    asked = [
        (problem, way)
        for problem in (*random.Random(0).sample(data.train, 60), *data.validation, *data.test, *data.rl)
        for way in ways(problem)
    ]
    verdicts = judge.grade([problem.job(way) for problem, way in asked])
    failed = [way for (_, way), v in zip(asked, verdicts, strict=True) if v.outcome is not Outcome.PASSED]
    assert failed == []


def test_a_constant_answer_fails(judge: Judge, data: AtomicData) -> None:
    wrong = [p.job(f"        return {p.suite.cases[0].expected};\n    }}\n}}\n") for p in data.test]
    assert {verdict.outcome for verdict in judge.grade(wrong)} == {Outcome.FAILED}


def test_a_pass_is_seldom_the_reference(data: AtomicData) -> None:
    """Also in their names alone, programs differ; without names they still do."""
    for problem in data.test:
        codes = {normalised(problem.prompt + way) for way in ways(problem)}
        assert len(codes) > 2


@pytest.fixture(scope="module")
def behaviour(judge: Judge, data: AtomicData) -> dict[str, set[tuple[str, ...]]]:
    """What each split's functions compute."""

    def of(split: str) -> set[tuple[str, ...]]:
        read = [Read.of(problem) for problem in getattr(data, split)]
        measured = measure(read, input_pool(0), judge)
        return {(one.takes, one.gives, *(found or ())) for one, found in zip(read, measured, strict=True)}

    return {split: of(split) for split in SPLITS}


@pytest.fixture(scope="module")
def code(data: AtomicData) -> dict[str, set[str]]:
    """Each split's programs, without their names."""
    return {
        split: {normalised(p.prompt + way) for p in getattr(data, split) for way in ways(p)}
        for split in SPLITS
    }


@pytest.mark.parametrize(("left", "right"), list(combinations(SPLITS, 2)))
def test_splits_share_no_behaviour_and_no_code(
    behaviour: dict[str, set[tuple[str, ...]]], code: dict[str, set[str]], left: str, right: str
) -> None:
    assert not behaviour[left] & behaviour[right]
    assert not code[left] & code[right]


def test_a_pair_of_atoms_is_in_one_split(data: AtomicData) -> None:
    """But for `rl`, which has those of `train`."""
    atom_of = {
        (one.takes, wording.replace("$k", str(constant))): one
        for one in MANY_WAYS
        for wording in one.wordings
        for constant in range(2, 10)
    }

    def pairs(split: str) -> set[object]:
        found: set[object] = set()
        for problem in getattr(data, split):
            takes, atoms = Read.of(problem).takes, []
            for words in problem.description.split(", then "):
                atoms.append(atom_of[takes, words])
                takes = atoms[-1].gives
            found |= {*pairwise(atom.atom.name for atom in atoms)}
        return found

    for left, right in combinations(("train", "validation", "test"), 2):
        assert not pairs(left) & pairs(right)
    assert not pairs("rl") & (pairs("validation") | pairs("test"))
    train = [problem.description for problem in data.train]
    assert not {*train} & {problem.description for problem in data.rl}


def test_a_corpus_is_drawn_from_the_alternatives(data: AtomicData) -> None:
    by_prompt = {problem.prompt: problem for problem in data.train}
    clean = corpus(data.train, 3_000, noise=0.0, seed=0)
    same = sum(completion == by_prompt[prompt].reference for prompt, completion in clean)
    assert same < len(clean) / 3
    used = {(prompt, completion) for prompt, completion in clean}
    assert len(used) > 3 * len(by_prompt), "a problem is solved in several ways"
    noisy = corpus(data.train, 3_000, noise=0.35, seed=0)
    slips = [(was, now) for was, now in zip(clean, noisy, strict=True) if was != now]
    assert len(slips) == 0.35 * len(clean)
    for was, now in slips:
        problem = by_prompt[was[0]]
        assert was[1] in problem.alternatives
        assert texts(now[1]) != texts(was[1])
    assert len({len(texts(was[1])) for was, _ in slips}) > 20


def test_a_corpus_of_problems_without_alternatives_is_the_references() -> None:
    plain = [Problem(f"T/{i}", f"// {i}\n", Suite(), reference=f"return {i};") for i in range(5)]
    assert sorted(corpus(plain, 5, 0.0, seed=3)) == sorted((p.prompt, str(p.reference)) for p in plain)


def test_kept_problems_are_the_problems(data: AtomicData) -> None:
    no_judge = cast(Judge, None)  # there is nothing to be measured
    assert build(0, no_judge, **SIZES) == data


def test_the_same_arguments_give_the_same_bytes(data: AtomicData, tmp_path: Path, served_judge: str) -> None:
    """In a process of its own, and without `rl`, which changes nothing else."""
    run = subprocess.run(
        [sys.executable, "-c", ANOTHER_PROCESS, served_judge],
        env=os.environ | {"PYTHONHASHSEED": "2", "XDG_CACHE_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == digest(data)


def test_implementations_that_disagree_are_told(judge: Judge) -> None:
    add, subtract = MANY_WAYS[:2]
    chain = Chain((Step(add.atom, 2, add.wordings[0]),))
    ways = tuple(Way(chain, (one.codes[0],), LOCALS) for one in (add, subtract))
    with pytest.raises(RuntimeError, match=r"(?s)disagree: .*x \+ 2.*x - 2"):
        Generator(0, judge).values([ways])


def test_a_chain_whose_values_are_too_long_to_be_told_is_dropped(judge: Judge) -> None:
    (repeat,) = (one for one in MANY_WAYS if one.wordings[0] == "repeat it $k times")
    step = Step(repeat.atom, 9, repeat.wordings[0])
    chains = [Chain((step, step)), Chain((Step(MANY_WAYS[0].atom, 2, MANY_WAYS[0].wordings[0]),))]
    found = list(Generator(0, judge).problems("rl", iter(chains)))
    assert [problem.description for problem in found] == ["add 2"]


def test_more_problems_than_there_are_is_an_error(judge: Judge) -> None:
    generator = Generator(0, judge)
    chains = [Chain((Step(one.atom, 2, one.wordings[0]),)) for one in MANY_WAYS[:3]]
    with pytest.raises(BadInput, match="4 problems asked for in rl, there are 3"):
        enough("rl", generator.problems("rl", iter(chains)), 4)


def test_a_recipe_names_them(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlcf.training.data.ATOMIC_VALIDATION", 25)
    monkeypatch.setattr("rlcf.training.data.ATOMIC_TEST", 5)
    recipe = override(
        Recipe(),
        {
            "data.problems": "many-ways",
            "data.train_problems": 200,
            "data.corpus_problems": 150,
            "evaluation.split": "validation",
            "evaluation.problems": 20,
        },
    )
    found = load_data(recipe, judge, references=True)
    assert (len(found.train), len(found.evaluation)) == (50, 20)
    assert {problem.split for problem in found.evaluation} == {"validation"}
    rows = [completion in problem.alternatives for problem, completion in found.corpus]
    assert 0.6 < sum(rows) / len(rows) < 0.7
    assert len({problem.prompt for problem, _ in found.corpus}) == 150
