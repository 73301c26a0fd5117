"""Extraction: what is well formed stays, places lead back to the reply, nothing is renamed or forged."""

from __future__ import annotations

import io
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from javabox import Judge, Outcome, Suite, Verdict
from rlcf import Problem, Signal, Span, load_problems
from rlcf.cli import main
from rlcf.evaluation.extraction import KINDS, Extraction, extract
from rlcf.evaluation.grade import grade
from rlcf.evaluation.samples import Sample
from tests.rlcf.evaluation.extraction.test_replies import FOLDER, PROBLEMS, told

SQUARES = PROBLEMS["squares"]
CLASS = """class SumOfSquares {
    public static int sumOfSquares(int n) {
        int sum = 0;
        for (int i = 1; i <= n; i++) {
            sum += i * i;
        }
        return sum;
    }
}
"""
BODY = CLASS.partition("int n) {\n")[2]


def fenced(code: str, info: str = "java") -> str:
    return f"Sure, it's easy:\n\n```{info}\n{code}```\nThat's all."


def judged(
    judge: Judge, reply: str, problem: Problem = SQUARES, *, coverage: bool = False
) -> tuple[Extraction, Verdict]:
    found = extract(reply, problem)
    return found, judge.grade([found.job(problem, coverage=coverage)])[0]


@pytest.mark.parametrize("name", ["mbjp", "mathqa"])
def test_samples_and_references_stay_as_they_are(name: str, data_dir: Path) -> None:
    """Whether or not they compile: the very job that prompt and completion make."""
    problems = {problem.task_id: problem for problem in load_problems(name)}
    file = data_dir / {"mbjp": "mbxp/mbjp_samples.jsonl", "mathqa": "mathqa/mathqa_java_samples.jsonl"}[name]
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    pairs = [(problems[row["task_id"]], row["completion"]) for row in rows]
    pairs += [(one, one.reference) for one in problems.values() if one.reference is not None]
    changed = [one.task_id for one, text in pairs if extract(text, one).job(one) != one.job(text)]
    assert len(pairs) > 900
    assert changed == []


@pytest.mark.parametrize(
    "completion",
    [
        BODY,
        BODY.replace("return sum;", 'String end = "</s><|im_end|>```"; return sum;'),
        BODY.replace("return sum;", "// <think> ``` <|endoftext|>\n        return sum;"),
        BODY.replace("return sum;", "/* class Other { } </think> */ return sum;"),
        BODY + "\n// the end\n",
        BODY.rstrip() + "\n\nclass Pair { }\n".replace("class Pair { }", ""),
        BODY.replace("int sum = 0;", "Kept kept = new Kept();\n        int sum = 0;") + "\nclass Kept { }\n",
        BODY.removesuffix("}\n"),
        BODY[:60],
        BODY + "}\n",
        BODY.replace("\n", "\r\n"),
        "        class Local { int sumOfSquares(int n) { return n; } }\n" + BODY,
        "",
    ],
)
def test_a_continuation_is_left_alone(completion: str) -> None:
    found = extract(completion, SQUARES)
    assert found.kind == "none"
    assert found.job(SQUARES) == SQUARES.job(completion)


def test_none_takes_prompt_and_reply_as_they_are() -> None:
    for reply in (fenced(CLASS), CLASS, "<think>", BODY + "</s>", "\ufeff"):
        found = extract(reply, SQUARES, "none")
        assert found.kind == "none"
        assert found.job(SQUARES) == SQUARES.job(reply)
        assert found.released_job(SQUARES) == SQUARES.released_job(reply)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (BODY, "none"),
        (BODY + "</s>", "trimmed"),
        (BODY + "\nclass Next {\n    static int", "trimmed"),
        ("\ufeff" + BODY, "trimmed"),
        (CLASS, "class"),
        (CLASS.partition("{\n")[2].rpartition("}")[0], "method"),
        (fenced(CLASS), "fence"),
        (fenced(BODY), "fence"),
        (fenced("+" + CLASS.rstrip().replace("\n", "\n+") + "\n", "diff"), "diff"),
        ("<think>I wonder.</think>", "nothing"),
    ],
)
def test_the_kind_says_what_was_done(reply: str, kind: str) -> None:
    found = extract(reply, SQUARES)
    assert found.kind == kind
    assert kind in KINDS
    if kind not in ("none", "nothing"):
        assert found.changed
        assert told(found.program) == told(SQUARES.prompt + BODY)


WRONG = CLASS.replace("sum += i * i;", 'sum += "é𝄞".length() + missing;')


@pytest.mark.parametrize(
    "reply",
    [
        fenced(WRONG),
        fenced(WRONG).replace("\n", "\r\n"),
        "𝄞 Sure:\n" + WRONG,
        fenced(WRONG.partition("int n) {\n")[2]),
        fenced("\n".join(WRONG.splitlines()[1:-1]) + "\n"),
        "<think>\nhm\n</think>" + WRONG.partition("int n) {\n")[2] + "<|im_end|>",
        "> It is:\n> ```java\n" + "".join(f"> {line}\n" for line in WRONG.splitlines()) + "> ```\n",
        "```java\npackage odd;\n\nimport java.util.List;\n" + WRONG + "```",
    ],
)
def test_an_error_is_where_the_reply_has_it(judge: Judge, reply: str) -> None:
    found, raw = judged(judge, reply)
    verdict = found.verdict(raw)
    assert verdict.outcome is Outcome.COMPILE_ERROR
    error = next(one for one in verdict.diagnostics if "missing" in one.message)
    assert error.position is not None
    assert reply[error.position :].startswith("missing;")
    lines = reply[: error.position].replace("\r\n", "\n").split("\n")
    assert (error.line, error.column) == (len(lines), len(lines[-1]) + 1)


def test_what_was_written_in_has_no_place(judge: Judge) -> None:
    """The prompt's imports before a class: an error there is nobody's."""
    problem = replace(SQUARES, prompt=SQUARES.prompt.replace("java.util.*", "no.such.Thing"))
    found, raw = judged(judge, fenced(CLASS), problem)
    assert raw.diagnostics
    assert {(one.line, one.position) for one in found.verdict(raw).diagnostics} == {(None, None)}


def test_exceptions_and_executed_lines_count_in_the_reply(judge: Judge) -> None:
    reply = fenced(
        CLASS.replace("return sum;", "if (n > 2) {\n            sum /= 0;\n        }\n        return sum;")
    )
    found, raw = judged(judge, reply, coverage=True)
    verdict = found.verdict(raw)
    lines = reply.split("\n")
    assert verdict.exception is not None
    assert verdict.exception.line is not None
    assert lines[verdict.exception.line - 1].strip() == "sum /= 0;"
    executed = {lines[at - 1].strip() for at in verdict.lines}
    assert {"int sum = 0;", "sum += i * i;", "return sum;", "if (n > 2) {"} <= executed
    assert "Sure, it's easy:" not in executed


def test_signals_reach_the_replys_own_characters() -> None:
    reply = fenced(CLASS)
    found = extract(reply, SQUARES)
    text = found.text.text
    at, end = text.index("sum += i"), text.index("return sum")
    signal = found.signal(Signal(-1.0, at, spans=(Span(at, end, 0.5),), loss_spans=((0, len(text)),)))
    assert reply[signal.reward_position or 0 :].startswith("sum += i")
    (span,) = signal.spans
    assert reply[span.start : span.end] == text[at:end]
    assert "".join(reply[a:b] for a, b in signal.loss_spans or ()) == reply
    (masked,) = (found.signal(Signal(1.0, loss_spans=((0, at), (end, len(text))))),)
    assert "".join(reply[a:b] for a, b in masked.loss_spans or ()) == reply.replace(text[at:end], "")
    assert found.signal(Signal(None)) == Signal(None)
    quoted = "> ```java\n" + "".join(f"> {line}\n" for line in CLASS.splitlines()) + "> ```\n"
    found = extract(quoted, SQUARES)
    (whole,) = found.signal(Signal(-1.0, spans=(Span(0, len(found.text.text), 0.5),))).spans
    assert quoted[whole.start : whole.end].replace("\n> ", "\n").strip() == CLASS.strip()


def test_groundings_see_a_completion_that_continues_its_prompt(judge: Judge) -> None:
    problem = replace(SQUARES, reference=BODY)
    for reply in (BODY, BODY + "</s>", fenced(CLASS), fenced(BODY), "\n".join(CLASS.splitlines()[1:-1])):
        found, verdict = judged(judge, reply, problem)
        answer = found.answer(problem, verdict)
        assert answer.problem.prompt + answer.completion + answer.problem.suffix == found.program
        reference = answer.problem.prompt + (answer.problem.reference or "")
        assert told(reference) == told(SQUARES.prompt + BODY)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("Solution", "declares class Solution; the prompt's is SumOfSquares"), ("Main", "declares class Main")],
)
def test_another_class_is_not_renamed(judge: Judge, name: str, hint: str) -> None:
    reply = fenced(CLASS.replace("SumOfSquares", name, 1))
    found, verdict = judged(judge, reply)
    assert f"class {name} {{" in found.program
    assert hint in found.hint
    assert verdict.outcome is Outcome.COMPILE_ERROR


def test_a_class_around_the_prompts_is_told() -> None:
    found = extract(fenced(f"class Main {{\n    static {CLASS}}}\n"), SQUARES)
    assert "declares class Main" in found.hint
    lacking = extract(fenced(CLASS.replace("sumOfSquares", "sum")), SQUARES)
    assert "declares no method sumOfSquares" in lacking.hint


HIDING = {
    "Objects": "class Objects { static boolean equals(Object a, Object b) { return true; } }",
    "Arrays": "class Arrays { static <T> List<T> asList(T... all) { return new ArrayList<>(); } }",
    "Main": "class Main { public static void main(String[] args) { new Solution(); } }",
}


@pytest.mark.parametrize("name", HIDING)
def test_a_reply_can_not_stand_before_what_the_tests_mean(judge: Judge, name: str) -> None:
    """A whole class is judged without the prompt's own text before it; the tests' names stay theirs."""
    wrong = "class Solution {\n    public boolean isPalindrome(String s) { return true; }\n"
    wrong += f"    public String makePalindrome(String s) {{ {name}.class.getName(); return s; }}\n}}\n"
    problem = PROBLEMS["palindrome"]
    imports = problem.prompt[: problem.prompt.index("\nclass")]
    # Where the prompt has no imports, no text of it stands before the reply's.
    bare = replace(problem, prompt=problem.prompt.removeprefix(imports))
    for asked, reply in (
        (problem, fenced(wrong + HIDING[name])),
        (problem, wrong + HIDING[name]),
        (problem, "// class " + name + "\n" + wrong + HIDING[name]),
        (bare, fenced(imports + wrong + HIDING[name])),
    ):
        found, verdict = judged(judge, reply, asked)
        assert not verdict.passed, reply
        answer = found.answer(asked, verdict)
        later = [answer.problem.job(answer.completion, coverage=True), found.released_job(asked)]
        assert not any(one.passed for one in judge.grade(later)), reply


def test_what_the_prompt_declares_is_told_beside_the_program() -> None:
    """Nothing is written into a program for it, and a problem that says it itself is not asked again."""
    for reply in (CLASS, fenced(CLASS), "import java.util.*;\n" + "\n".join(CLASS.splitlines()[1:-1])):
        found = extract(reply, SQUARES)
        assert found.job(SQUARES).declared == ("SumOfSquares",)
        assert "The prompt's" not in found.program
        assert found.answer(SQUARES, Verdict(Outcome.PASSED)).problem.declared == ("SumOfSquares",)
        told_before = replace(SQUARES, declared=("SumOfSquares", "Pair"))
        assert extract(reply, told_before).job(told_before).declared == ("SumOfSquares", "Pair")
    for reply in (BODY, BODY + "</s>", fenced(BODY)):
        assert extract(reply, SQUARES).job(SQUARES).declared is None


def test_the_results_say_how_a_program_was_found(judge: Judge) -> None:
    replies = [BODY, fenced(CLASS), fenced(CLASS.replace("SumOfSquares", "Solution", 1)), fenced(WRONG)]
    samples = [Sample(SQUARES, reply, {"task_id": "squares", "completion": reply}) for reply in replies]
    out = io.BytesIO()
    evaluation = grade(samples, judge, [1], out)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [row["extraction"] for row in rows] == ["none", "fence", "fence", "fence"]
    assert [row["outcome"] for row in rows] == ["passed", "passed", "compile_error", "compile_error"]
    assert "Solution" in rows[2]["hint"]
    assert "hint" not in rows[1]
    position = rows[3]["diagnostics"][0]["position"]
    assert rows[3]["completion"][position:].startswith("missing;")
    row = evaluation.to_json()
    assert row["extraction"] == {"none": 1, "fence": 3}
    assert row["renamed"] == 1
    plain = grade(samples, judge, [1], None, extraction="none")
    assert plain.outcomes == {"passed": 1, "compile_error": 3}
    assert "extraction" not in plain.to_json()


def test_the_command_says_how_programs_were_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples = tmp_path / "samples.jsonl"
    replies = (BODY, fenced(CLASS), CLASS, CLASS.replace("SumOfSquares", "Solution", 1))
    rows = [{"task_id": "squares", "completion": reply} for reply in replies]
    samples.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    asked = ["grade", str(samples), "--problems", str(FOLDER / "problems.jsonl"), "--engine", "local"]
    assert main(asked) == 0
    out = capsys.readouterr().out
    assert "extraction: none 1, class 2, fence 1" in out
    assert "1 declare a class of another name than the prompt's" in out
    assert main([*asked, "--json", "--extract", "none"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["outcomes"] == {"passed": 1, "compile_error": 3}
    assert "extraction" not in row


def test_mxevals_way_takes_the_program_too(judge: Judge) -> None:
    samples = [Sample(SQUARES, reply, {}) for reply in (fenced(CLASS), CLASS, BODY + "</s>")]
    assert grade(samples, judge, [1], None, compat=True).outcomes == {"passed": 3}


SUFFIXED = replace(SQUARES, suffix="\n    }\n}\n")


@pytest.mark.parametrize(
    "reply",
    [
        BODY.removesuffix("    }\n}\n"),
        BODY.removesuffix("}\n"),
        BODY,
        BODY.removesuffix("}\n") + "    static int more() { return 1; }\n",
        BODY + "<|endoftext|>",
        fenced(CLASS),
        "```java\n" + CLASS.removesuffix("    }\n}\n"),
        fenced(BODY.removesuffix("    }\n}\n")),
        BODY.removesuffix("}\n") + "\n    public static void main(String[] args) {\n        int",
    ],
)
def test_a_problem_that_closes_its_method_itself(judge: Judge, reply: str) -> None:
    """MultiPL-E's completions end before the brace of their method; whole ones are whole."""
    found, verdict = judged(judge, reply, SUFFIXED)
    assert verdict.passed, found.program


def test_an_error_behind_the_reply_has_no_place(judge: Judge) -> None:
    """javac finds that a value is not returned at the brace that closes the method, here the problem's."""
    reply = "        int sum = 0;\n"
    found, raw = judged(judge, reply, SUFFIXED)
    assert found.kind == "none"
    assert [one.code for one in raw.diagnostics] == ["compiler.err.missing.ret.stmt"]
    assert [(one.line, one.position) for one in found.verdict(raw).diagnostics] == [(None, None)]


def test_a_problem_without_a_prompt_takes_whole_programs() -> None:
    """Those that read standard input."""
    problem = Problem("stdin", "", Suite())
    program = "import java.util.*;\n\npublic class Main {\n"
    program += "    public static void main(String[] args) { new Help(); }\n}\n"
    program += "class Help { }\n"
    assert extract(program, problem).kind == "none"
    for reply in (
        fenced(program),
        fenced("int x;\n", "python") + fenced(program),
        program + "</s>",
        "It's:\n\n" + program,
    ):
        found = extract(reply, problem)
        assert told(found.program) == told(program), reply


HOSTILE = {
    "open comment": "/*" * 30000,
    "open strings": '"' * 100_001,
    "braces": "{" * 50000,
    "nested classes": "class a {" * 10000,
    "classes": "class a { } " * 7500,
    "different classes": "".join(f"class a{i} {{ a{i + 1} x; }} " for i in range(6_000)),
    "parentheses": "({(" * 30000,
    "fences": "```\n" * 20000,
    "fenced methods": "```java\nstatic int sumOfSquares(int n) { return 1; }\n```\n" * 1500,
    "dashes": "```\n" + "-" * 95000,
    "control tokens": "<s>" * 30000,
    "quoted tokens": '"' + "</s>" * 22500,
    "thoughts": "<think></think>" * 6000,
    "open thoughts": "<think>" * 12500,
    "holes": "<fim_prefix>" + "<fim_suffix>" * 7500,
    "tags": "<answer>\n" * 10000,
    "code tags": "<pre><code>\n" * 7500 + "</pre>",
    "channels": "<|channel|>final<|message|>" * 3500,
    "a diff": "```diff\n" + "@@ -1 +1 @@\n+x\n" * 5000,
    "generics": "<" * 75000 + "{",
    "annotations": "@A(" * 30000 + "{",
    "members": "class SumOfSquares {" + "int sumOfSquares(int n) { } " * 3000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_any_text_is_read_in_little_time(name: str) -> None:
    for reply in (HOSTILE[name], HOSTILE[name] + "\n" + fenced(CLASS)):
        started = time.process_time()
        found = extract(reply, SQUARES)
        assert time.process_time() - started < 5
        assert isinstance(found, Extraction)
        assert found.verdict is not None
