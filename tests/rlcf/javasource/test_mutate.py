"""Changes of Java text: the same for the same seed, and none where there is nothing of their kind."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from rlcf.javasource import mutate
from rlcf.javasource.grammar import parse
from rlcf.javasource.mutate import Change
from rlcf.javasource.tokens import texts
from rlcf.problems import load_problems
from rlcf.problems.atomic import corrupt
from rlcf.problems.mutants import CHANGES, LOGIC, OTHER_LOGIC, mutants, mutants_of

MODERN = '''\
        record R(int a, int b) {}
        var text = """
            if (x) return "a";
            """;
        if (o instanceof R(int a, var b) && a > 1) {
            return switch (text) { case "a", "b" -> a + 1; case String s when s.isEmpty() -> { yield 2; } };
        }
        String[] all = list.toArray(String[]::new);
        if (all.length > 1) return 0;
        return all.length;
    }
}
'''
ALL: tuple[Change, ...] = (
    *dict.fromkeys((*CHANGES.values(), *LOGIC.values(), *OTHER_LOGIC.values())),
    *(mutate.confuse, mutate.misuse, mutate.misspell, mutate.other_variable, mutate.other_type),
    *(mutate.off_by_one, mutate.drop_punctuation, mutate.drop_return, mutate.double_token),
    *(mutate.drop_statement, mutate.swap_statements, mutate.cut_before),
)


@pytest.mark.parametrize("change", ALL, ids=lambda change: change.__name__)
def test_each_change_changes_modern_java_and_the_same_for_the_same_seed(change: Change) -> None:
    changed = [change(MODERN, random.Random(seed)) for seed in range(30)]
    assert changed == [change(MODERN, random.Random(seed)) for seed in range(30)]
    assert sum(texts(one) != texts(MODERN) for one in changed) > 20
    assert len(set(changed)) > 1


@pytest.mark.parametrize("change", [mutate.change_constant, mutate.drop_token, mutate.swap_tokens])
def test_a_text_block_is_one_token(change: Change) -> None:
    """What stands in it stays, or goes as a whole."""
    for seed in range(100):
        changed = change(MODERN, random.Random(seed))
        assert ('if (x) return "a";' in changed) == ('"""\n            if (x) return "a";\n' in changed)


def test_what_has_nothing_to_change_stays() -> None:
    rng = random.Random(0)
    for change in (mutate.change_operator, mutate.change_constant, mutate.negate_condition, mutate.confuse):
        assert change("f();", rng) == "f();"
    assert (
        mutate.drop_statement("a;\n}\n}\n", rng) == mutate.swap_statements("a;\n}\n}\n", rng) == "a;\n}\n}\n"
    )


def test_most_logic_changes_leave_a_program_without_errors() -> None:
    program = f"class A {{ Object f(Object o, List<String> list) {{\n{MODERN}"
    assert parse(program)
    changes = list(LOGIC.values())[:3]
    changed = [change(MODERN, random.Random(seed)) for change in changes for seed in range(30)]
    whole = [parse(program.removesuffix(MODERN) + one) is not None for one in changed]
    assert sum(whole) > 0.8 * len(whole)


def sha256(texts: list[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def test_published_data_stays_what_it_is(data_dir: Path) -> None:
    """Hashes of what 0.1 made: recipes' corpora and published suites depend on every one of these draws."""
    assert data_dir.is_dir()
    problems = [problem for problem in load_problems("mbjp") if problem.reference is not None][:200]
    rng = random.Random(0)
    corrupted = [corrupt(str(problem.reference), rng) for problem in problems for _ in range(5)]
    assert sha256(corrupted) == "ad753c148a5e3bef1811edafbe51fb60e00047605df0b6f361669f2ccab4e4ea"
    made = [mutant.completion for mutant in mutants(problems, 1000)]
    assert sha256(made) == "9fcebc9278a7376b37f63ec523d892f504d2ef7b549cc19807280e0ceea9ab6d"
    made = [
        mutant.completion
        for kinds in (LOGIC, OTHER_LOGIC)
        for problem in problems[:50]
        for mutant in mutants_of(problem, kinds, 10, rng, set())
    ]
    assert sha256(made) == "e6f7ed56f612ae67ef3345153a34a1b7360df3f5477651829078fc6d80ba0605"
