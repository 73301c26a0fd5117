"""Inputs of every type compile and differ; those near examples keep what the examples have in common."""

from __future__ import annotations

import random

import pytest

from javabox import Job, Judge, Outcome, Suite, SuiteCase
from rlcf.javasource.literals import calls, literals
from rlcf.javasource.signature import read_signature
from rlcf.javasource.types import Uncovered, java, parse_type
from rlcf.problems.synthesis.domain import learn
from rlcf.problems.synthesis.inputs import propose

IMPORTS = "import java.util.*; import java.math.*;"
TYPES = (
    "int", "long", "short", "byte", "double", "float", "boolean", "char", "Integer", "Long", "Character",
    "Double", "String", "CharSequence", "Number", "Object", "BigInteger", "int[]", "int[][]", "String[]",
    "char[]", "Integer[]", "List<Integer>", "List<Long>", "List<int[]>", "List<Integer[]>",
    "ArrayList<String>", "List<List<Integer>>", "List<Object>", "Collection<Double>", "Deque<Integer>",
    "Map<String, Integer>", "HashMap<Integer, List<String>>", "TreeMap<Character, Boolean>", "Set<Integer>",
    "HashSet<String>", "List<HashMap<String, Object>>", "int...",
)  # fmt: skip


def prompt(parameters: str, head: str = "static") -> str:
    return f"{IMPORTS}\nclass C {{\n    {head} Object f({parameters}) {{\n"


def test_inputs_of_every_type_compile_and_differ(judge: Judge) -> None:
    jobs = []
    for java_type in TYPES:
        source = prompt(f"{java_type} x")
        signature = read_signature(source)
        inputs = propose(signature, [], 12, random.Random(0))
        written = [java(arguments[0], signature.parameters[0]) for arguments in inputs]
        assert len(set(written)) == len(written), java_type
        assert len(written) == (2 if java_type == "boolean" else 12), java_type
        cases = tuple(
            SuiteCase(str(i), f"var r = {signature.call([text])};", "r", None)
            for i, text in enumerate(written)
        )
        # The judge writes no queues.
        body = "Object o = x; return o instanceof Queue<?> q ? new ArrayList<Object>(q) : o; }}"
        jobs.append(Job(source + body, Suite(cases=cases, imports=IMPORTS)))
    for java_type, verdict in zip(TYPES, judge.grade(jobs), strict=True):
        assert verdict.outcome is Outcome.PASSED, (java_type, verdict)
        values = [case.value for case in verdict.cases if case.value is not None]
        assert len(set(values)) == len(values), (java_type, values)
        assert values or java_type == "int[][]", "which the judge writes neither"


@pytest.mark.parametrize(
    ("head", "owner"),
    [
        ("record P<T>(T t, int a) {", "P"),
        ("sealed interface S permits A, B { record A() implements S {} record B(int a) implements S {}", "S"),
        ("class A { record R(int a) { R { if (a < 0) { throw new E(); } } } enum E { X { } }", "A"),
        ('class A { static final String S = """\n  class B { {\n  """; non-sealed interface I {', "A.I"),
    ],
)
def test_methods_of_modern_classes_are_covered(head: str, owner: str) -> None:
    signature = read_signature(f"{head} static int f(List<Integer> a, int... b) {{\n")
    assert (signature.owner, signature.name) == (owner, "f")
    assert list(map(str, signature.parameters)) == ["List<Integer>", "int[]"]


@pytest.mark.parametrize(
    "written",
    ["Runnable r", "T x", "Map<String, Node> m", "List<int> x y z ]", "Optional<Integer> o", ""],
)
def test_other_signatures_are_not_covered(written: str) -> None:
    with pytest.raises(Uncovered):
        read_signature(prompt(written))


@pytest.mark.parametrize("head", ["private", "private static", "static <T>", "<T>"])
def test_methods_that_tests_can_not_call_are_not_covered(head: str) -> None:
    with pytest.raises(Uncovered):
        read_signature(prompt("int x", head))


def test_a_method_of_an_object_is_called_on_a_new_one() -> None:
    assert read_signature("class A { public int f(int x) {").call(["1"]) == "new A().f(1)"
    with pytest.raises(Uncovered, match="nested"):
        read_signature("class A { class B { public int f(int x) {")


def test_the_signature_is_that_of_the_open_method_in_its_classes() -> None:
    before = "class A { static int g(int x) { return x; } static class B { "
    method = "static final int f(final int a, Map<String, List<Integer>> b) throws Exception {"
    signature = read_signature(before + method)
    assert signature.call(["1", "m"]) == "A.B.f(1, m)"
    assert [str(one) for one in signature.parameters] == ["int", "Map<String, List<Integer>>"]


LITERALS = [
    ("(1, -2L, 0.5, 1e3)", [1, -2, 0.5, 1000.0]),
    ("(\"a\\\"b\", 'c', \"\\u0041\")", ['a"b', "c", "A"]),
    ("(true, False)", [True, False]),
    ('("""\n    a\n      "b" \\s\n    """, 1)', ['a\n  "b"  \n', 1]),
    ("([1, [2]], {'a': 1}, (3,))", [[1, [2]], {"a": 1}, [3]]),
    ("(Arrays.asList(1, 2), List.of(), java.util.Arrays.<Integer>asList(3))", [[1, 2], [], [3]]),
    ("(new int[] {1, 2}, new int[][] {{1}, {2}})", [[1, 2], [[1], [2]]]),
    ("(new HashMap(){{put(\"a\", 1);put(\"b\", 2);}})", [{"a": 1, "b": 2}]),
    ("(new ArrayList<>(List.of(1)), new HashSet<String>())", [[1], []]),
    ("(Map.of(1, 2), Map.ofEntries(Map.entry(3, 4)))", [{1: 2}, {3: 4}]),
    ("(x)", None),
    ("(1 + 2)", None),
    ("(null)", None),
    ("(f(1))", None),
    ("(new Node(1))", None),
    ("(1", None),
    ("({[1]: 2})", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), LITERALS)
def test_literals(text: str, expected: object) -> None:
    assert literals(text) == expected


def test_example_calls_are_found_in_docstrings_and_tests() -> None:
    text = "* > f([1, 2], 3)\n * 5\n * >>> f(x, 1)\n {@code C.f(List.of(4), 5)} returns 9; gf(7, 7)"
    assert calls(text, "f") == [[[1, 2], 3], [[4], 5]]


def test_what_java_writes_is_read_back() -> None:
    for name, value in (
        ("HashMap<String, List<Integer>>", {"a": [1], "b": []}),
        ("int[][]", [[1, 2], []]),
        ("List<Object>", [1, "a", [2.5, True]]),
        ("String", 'q"\\\n\té'),
        ("char", "'"),
        ("TreeSet<String>", ["x"]),
    ):
        assert literals(f"({java(value, parse_type(name))})") == [value]


def test_likely_invariants_hold_for_every_proposed_input() -> None:
    signature = read_signature(
        prompt("List<Integer> a, List<Integer> b, int n, int low, int high, int[][] m, String s")
    )
    examples = [
        [[1, 2, 5], [4, 4, 4], 3, 1, 2, [[1, 2], [3, 4]], "0110"],
        [[3, 8], [7, 5], 2, 2, 9, [[5, 6, 7], [1, 2, 3], [0, 0, 9]], "1"],
        [[2, 2, 6, 7], [9, 1, 6, 3], 4, 1, 4, [[7, 1], [3, 3]], "10"],
    ]
    inputs = propose(signature, examples, 40, random.Random(3))
    assert len(inputs) == 40
    assert not [one for one in inputs if one in examples]
    for a, b, n, low, high, m, s in inputs:
        assert a == sorted(a)
        assert len(a) == len(b) == n > 0
        assert 1 <= low < high
        assert {len(row) for row in m} == {len(m)}
        assert set(s) <= {"0", "1"}
        assert s
        assert min(a + b) >= 1
    assert any(b != sorted(b) for _, b, *_ in inputs)


def test_without_that_in_the_examples_nothing_is_kept() -> None:
    domain = learn([[[3, 1], 5, "AbC3 xYz12"], [[], -2, ""]])
    assert domain.admit([[2, 1, 6], -3, "aZ9"])
    assert domain.admit([[], -1, ""])
    assert not domain.admit([[2], 99, ""])
    assert not domain.admit([[2], 1, "!"])


def test_the_same_seed_gives_the_same_inputs() -> None:
    signature = read_signature(prompt("String s, int k"))
    examples = [["hello", 2], ["abc", 1]]
    first, same, other = (propose(signature, examples, 20, random.Random(seed)) for seed in (1, 1, 2))
    assert first == same
    assert first != other
