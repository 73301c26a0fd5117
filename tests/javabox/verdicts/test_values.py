"""Values of every kind are equal to the expected ones exactly where the JDK's own equals says so."""

from __future__ import annotations

import pytest

from javabox import Case, Job, Judge, Limits, Outcome, Suite, SuiteCase
from tests.javabox.verdicts.values import IMPORTS, KINDS, OWN

NEIGHBOURS = 6
"""How many of the lines below a value's own it is compared with."""


def values(judge: Judge, pairs: list[tuple[str, str]], tolerance: float | None = None) -> list[Case]:
    """How a program fares that returns the first of each pair, where the second is expected."""
    cases = "\n".join(f"case {i}: return {actual};" for i, (actual, _) in enumerate(pairs))
    head = IMPORTS + OWN + "class S { static Object f(int i) throws Exception { switch (i) {\n"
    suite = Suite(
        cases=tuple(
            SuiteCase(str(i), f"Object r = S.f({i});", "r", expected, tolerance=tolerance)
            for i, (_, expected) in enumerate(pairs)
        ),
        imports=IMPORTS,
    )
    verdict = judge.grade([Job(f"{head}{cases}\n}} return null; }} }}", suite, Limits(), len(head))])[0]
    assert not verdict.diagnostics, verdict.diagnostics
    assert len(verdict.cases) == len(pairs), verdict
    return list(verdict.cases)


def differing(judge: Judge, wanted: dict[tuple[str, str], bool], tolerance: float | None = None) -> list[str]:
    found = values(judge, list(wanted), tolerance)
    return [
        f"{actual} | {expected}: {case.outcome}"
        for (actual, expected), case in zip(wanted, found, strict=True)
        if case.outcome is not (Outcome.PASSED if wanted[actual, expected] else Outcome.FAILED)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_equal_where_the_jdk_says_so(judge: Judge, kind: str) -> None:
    lines = [line.split(" == ") for line in KINDS[kind].replace("\\\n   ", "").strip().splitlines()]
    wanted: dict[tuple[str, str], bool] = {}
    for at, line in enumerate(lines):
        others = [lines[(at + step) % len(lines)][0] for step in range(1, NEIGHBOURS)]
        for actual in line:
            for expected in [*line, *others]:
                if not expected.startswith("!"):
                    same = expected in line and not actual.startswith("~")
                    wanted[actual.lstrip("!~"), expected.lstrip("~")] = same
    assert sum(wanted.values()) >= 20
    assert differing(judge, wanted) == []


CASELESS = 'new TreeSet<String>(String.CASE_INSENSITIVE_ORDER) {{ add("a"); }}'
DECIMALS = 'new TreeSet<>(List.of(new BigDecimal("1.0")))'
SORTED = {
    (CASELESS, 'Set.of("A")'): True,
    (CASELESS.replace("ORDER", "ORDER.reversed()"), 'new HashSet<>(List.of("A"))'): True,
    (CASELESS, CASELESS.replace('"a"', '"A"')): True,
    (CASELESS, 'Set.of("b")'): False,
    ('Set.of("A")', 'Set.of("a")'): False,
    ('Set.of("A")', CASELESS): False,
    (
        'Map.of("A", 1)',
        'new TreeMap<String, Integer>(String.CASE_INSENSITIVE_ORDER) {{ put("a", 1); }}',
    ): True,
    ('new TreeSet<>(List.of("a"))', 'Set.of("A")'): False,
    ('new TreeSet<String>(Comparator.<String>reverseOrder()) {{ add("a"); }}', 'Set.of("a")'): True,
    (
        'new TreeMap<String, Integer>(String.CASE_INSENSITIVE_ORDER) {{ put("a", 1); }}',
        'Map.of("A", 1)',
    ): False,
    (
        'new TreeMap<String, Integer>(String.CASE_INSENSITIVE_ORDER) {{ put("a", 1); }}',
        'Map.of("A", 2)',
    ): False,
    (DECIMALS, 'Set.of(new BigDecimal("1.00"))'): True,
    (DECIMALS + ".headSet(BigDecimal.TEN)", 'Set.of(new BigDecimal("1.00"))'): True,
    (DECIMALS, 'Set.of(new BigDecimal("1.01"))'): False,
    ('Set.of(new BigDecimal("1.0"))', 'Set.of(new BigDecimal("1.00"))'): False,
    ('new ConcurrentSkipListSet<>(List.of(new BigDecimal("1.0")))', 'Set.of(new BigDecimal("1.00"))'): False,
    ('new TreeMap<>(Map.of(new BigDecimal("1.0"), 1))', 'Map.of(new BigDecimal("1.00"), 1)'): False,
}


def test_a_sorted_collection_finds_by_its_order(judge: Judge) -> None:
    """The program's set is asked, as where tests say `result.equals(expected)`; a map asks the other one."""
    assert differing(judge, SORTED) == []


CLOSE = {
    ("1.0000001", "1.0"): True,
    ("1", "1.0000001"): True,
    ("1.0000001f", "1"): True,
    ("1", "2"): False,
    ("1.1", "1.0"): False,
    ("List.of(1.0000001, 2.0)", "List.of(1.0, 2.0000001)"): True,
    ("List.of(1.0, 2.1)", "List.of(1.0, 2.0)"): False,
    ("List.of(1.0)", "List.of(1.0, 1.0)"): False,
    ("List.of(1, 2.0000001)", "List.of(1.0, 2)"): True,
    ('List.of("a", 1.0000001)', 'List.of("a", 1.0)'): True,
    ('List.of("b", 1.0)', 'List.of("a", 1.0)'): False,
    ("List.of(List.of(1.0000001), List.of())", "Arrays.asList(List.of(1.0), List.of())"): True,
    ("Arrays.asList(null, 1.0000001)", "Arrays.asList(null, 1.0)"): True,
    ("Arrays.asList(null, 1.0)", "Arrays.asList(1.0, null)"): False,
    ("new double[] {1.0000001}", "new double[] {1}"): True,
    ("new double[] {1.1}", "new double[] {1}"): False,
    ("new float[] {1.0000001f, 2}", "new float[] {1, 2}"): True,
    ("new double[] {1}", "new float[] {1}"): False,
    ("new int[] {1}", "new int[] {2}"): False,
    ("new double[][] {{1.0000001}, {}}", "new double[][] {{1}, {}}"): True,
    ("new double[][] {{1.0000001}, {}}", "new double[][] {{}, {1}}"): False,
    ("new double[][][] {{{1.0000001}}}", "new double[][][] {{{1}}}"): True,
    ("new Double[] {1.0000001, null}", "new Double[] {1.0, null}"): True,
    ("new Object[] {1.0000001, new double[] {2}}", "new Object[] {1.0, new double[] {2.0000001}}"): True,
    ('Map.of("a", 1.0000001)', 'Map.of("a", 1.0)'): True,
    ('Map.of("a", 1.0)', 'Map.of("b", 1.0)'): False,
    ("Map.of(1.0000001, 2.0)", "Map.of(1.0, 2.0000001)"): True,
    ('Map.of("a", List.of(1.0000001))', 'Map.of("a", List.of(1.0))'): True,
    ('Map.of("a", 1.0, "b", 2.0)', 'Map.of("b", 1.0, "a", 2.0)'): False,
    ("Set.of(1.0000001, 2.0)", "Set.of(2.0000001, 1.0)"): True,
    ("Set.of(1.0, 3.0)", "Set.of(1.0, 2.0)"): False,
    ("Optional.of(1.0000001)", "Optional.of(1.0)"): True,
    ("OptionalDouble.of(1.0000001)", "OptionalDouble.of(1.0)"): True,
    ("OptionalDouble.empty()", "OptionalDouble.of(1.0)"): False,
    ("Map.entry(1.0000001, List.of(2.0))", "Map.entry(1.0, List.of(2.0000001))"): True,
    ("new OwnList<>(List.of(1.0000001))", "List.of(1.0)"): True,
    ("new Loud<>(List.of(1.1))", "List.of(1.0)"): False,
    ("new OwnMap<>(Map.of(1, 1.0000001))", "Map.of(1, 1.0)"): True,
}


def test_a_tolerance_reaches_into_everything(judge: Judge) -> None:
    assert differing(judge, CLOSE, tolerance=1e-5) == []


def test_without_a_tolerance_nothing_is_close(judge: Judge) -> None:
    near = {pair: False for pair, same in CLOSE.items() if same}
    assert differing(judge, near) == []


def test_a_programs_own_equals_is_not_asked(judge: Judge) -> None:
    pairs = {
        ("new Loud<>(List.of(1))", "List.of(1)"): True,
        ("new Loud<>(List.of(2))", "List.of(1)"): False,
        ("List.of(new Loud<>(List.of(2)))", "List.of(List.of(1))"): False,
        ("new Range(3)", "List.of(0, 1, 2)"): True,
        ("new Range(3)", "List.of(0, 1)"): False,
    }
    assert differing(judge, pairs) == []
