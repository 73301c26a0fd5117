"""Text blocks as strings in one line: what javac makes of both."""

from __future__ import annotations

from javabox import Job, Judge, Suite, SuiteCase
from rlcf.javasource.literals import literal_value, literal_values, plain_string
from rlcf.javasource.tokens import texts

Q = '"""'
BLOCKS = (
    f"{Q}\n{Q}",
    f"{Q}\n  a{Q}",
    f"{Q}  \n    a\n      b  \n\n    c\n    {Q}",
    f"{Q}\n      a\n    {Q}",
    f'{Q}\n  say "hi" to ""x\\""" \n  {Q}',
    f"{Q}\r\n  one \\\r\n  two\\s\\s\r\n  {Q}",
    f"{Q}\n\ta\\tb\\\\\n\t'c'\n\t{Q}",
)


def test_a_text_block_is_the_plain_string_that_it_is_written_as(judge: Judge) -> None:
    assert [texts(block) for block in BLOCKS] == [[block] for block in BLOCKS]
    source = "class A {\n"
    for index, block in enumerate(BLOCKS):
        source += f"static boolean f{index}() {{ return {block}.equals({plain_string(block)}); }}\n"
    cases = tuple(SuiteCase(str(i), f"boolean r = A.f{i}();", "r", "true") for i in range(len(BLOCKS)))
    (verdict,) = judge.grade([Job(source + "}", Suite(cases=cases))])
    assert verdict.passed, [(case.name, case.outcome) for case in verdict.cases]


def test_values_of_tokens() -> None:
    code = f"f(\"a\\n\", {Q}\n  b\n  {Q}, 'c', 0x1F, 1_000L, .5f, true, x, -2)"
    assert literal_values(texts(code)) == ("a\\n", "b\\n", "c", 31, 1000, 0.5, "\0true", 2)
    assert literal_value('"') is literal_value(".") is literal_value("x") is None
