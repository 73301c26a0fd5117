"""The report without a browser: whole, escaped, true to the run folder; and what a run folder must be. What a
reader sees of completions is in test_browser.py."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from javabox import Case, Diagnostic, Outcome, Suite, ThrownException, Verdict
from rlcf import Answer, BadInput, Problem, Signal
from rlcf.evaluation.summary import evaluation_row, summarize
from rlcf.machine import Machine
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.report import write_report
from rlcf.report.before_after import caption, changes, text_table
from rlcf.report.chart import bar_chart
from rlcf.report.curves import charts
from rlcf.report.run_folder import read_run
from rlcf.training.runtime.run_folder import RunFolder

EVIL = "</pre><script>alert('\ud800')</script>\0&"
JUDGED_BY = {
    "judge": "javabox 0.1.0 0123456789ab", "jdk": "Some 17.0.1+1", "engine": "local", "isolation": "landlock",
    "time_limit": [0.5, 4.0], "memory_limit": 256, "assertions": False,
}  # fmt: skip
PROBLEMS = [Problem(f"set/{at}", "class A {", Suite()) for at in range(20)]


def _verdict(passed: bool) -> Verdict:
    broken = (Diagnostic("compiler.err.expected", 2, 1, f"';' expected {EVIL}"),)
    return Verdict(Outcome.PASSED) if passed else Verdict(Outcome.COMPILE_ERROR, diagnostics=broken)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run in which 5 of 20 problems pass before and 15 after."""
    run = RunFolder(tmp_path / "small <run>")
    run.begin(override(Recipe(), {"data.problems": "atomic", "objective.steps": 60}), Machine())
    for stage, right in (("before", 5), ("after", 15)):
        for temperature, n in ((0.0, 1), (0.8, 2)):
            answers = [
                Answer(problem, f"{EVIL} {stage}", _verdict(at < right))
                for at, problem in enumerate(PROBLEMS)
                for _ in range(n)
            ]
            judged = ((a.problem, a.verdict) for a in answers)
            evaluation = summarize(judged, [1], seconds=1.0, provenance=JUDGED_BY)
            run.evaluation(
                evaluation_row(evaluation, stage=stage, split="test", temperature=temperature, n=n)
            )
            run.completions(stage, 0, temperature, ((answer, None, {}) for answer in answers))
    for step in range(1, 61):
        run.metrics({"step": step, "reward": step / 60, "compile": 0.5, "kl": float("nan")})
        signal = Signal(-1.0, 7, {"compiler": -1.0, "tests": 0.0})
        run.completions(
            "rollout", step, 0.8, [(Answer(PROBLEMS[0], f"rollout of {step}", _verdict(False)), signal, {})]
        )
    return run.folder


class Page(HTMLParser):
    """Tags and texts of a page; complains about tags that are not closed."""

    VOID = ("meta", "line", "rect", "br", "link", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_is_whole_and_asks_the_network_for_nothing(run_dir: Path) -> None:
    path = write_report(run_dir)
    assert path == run_dir / "report.html"
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert not {"img", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert not re.search(r"url\(|@import", text)
    assert not any({"src", "onload"} & set(attributes) for _, attributes in page.tags)
    assert {attributes["href"] for _, attributes in page.tags if "href" in attributes} == {"data:,"}
    policy = next(attributes["content"] for _, attributes in page.tags if "http-equiv" in attributes)
    assert policy is not None
    assert {"default-src 'none'", "connect-src 'none'"} <= set(policy.split("; "))


def test_only_the_scripts_of_the_package_may_run(run_dir: Path) -> None:
    text = write_report(run_dir).read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert re.findall(r"'sha256-([^']+)'", text) == hashes
    assert all("Permission is hereby granted" in script for script in scripts[:2]), "their licences"


def test_what_models_wrote_can_not_end_an_element(run_dir: Path) -> None:
    text = write_report(run_dir).read_text(encoding="utf-8")
    assert "alert(" not in text
    blocks = re.findall(r'<script type="application/json" class="block">(.*?)</script>', text)
    assert all("<" not in block for block in blocks)
    rows = unpacked(text)
    told = [json.loads(line) for line in (run_dir / "completions.jsonl").read_text().splitlines()]
    assert [row["completion"] for row in rows] == [row["completion"] for row in told], "all, in their order"
    assert [row["diagnostics"] for row in rows if "diagnostics" in row] == [
        row["diagnostics"] for row in told if row["diagnostics"]
    ]
    assert "small &lt;run&gt;" in text


def unpacked(text: str) -> list[dict[str, Any]]:
    """The rows that a page holds, without those of their fields that are words."""
    found = []
    for block in re.findall(r'<script type="application/json" class="block">(.*?)</script>', text):
        head, texts, detail = (
            json.loads(gzip.decompress(base64.b64decode(json.loads(block)[part])))
            for part in ("head", "text", "detail")
        )
        for at, fields in enumerate(detail):
            found.append({"completion": texts["completion"][at], "score": head["score"][at], **fields})
    return found


def test_answers_in_turns_are_shown_after_the_first_turn_too(run_dir: Path) -> None:
    rows = [json.loads(line) for line in (run_dir / "evaluation.jsonl").read_text().splitlines()]
    for row in rows:
        right = {"before": 3, "after": 8}[row["stage"]]
        size = row["decoding"]["n"]
        first = {problem.task_id: [size] * 3 + [size * (at < right)] for at, problem in enumerate(PROBLEMS)}
        row["turns"] = [{"turn": 1, "counts": first}, {"turn": 2, "counts": row["counts"]}]
    (run_dir / "evaluation.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = [one for one in changes(read_run(run_dir)) if one.metric == "turn 1"]
    assert [one.decoding for one in found] == ["greedy", "T = 0.8, 2 samples"]
    for one in found:
        assert one.after is not None
        assert one.gain is not None
        assert (one.before.rate, one.after.rate, one.gain.rate) == (0.15, 0.4, 0.25)
    assert "turn 1" in text_table(found)


def test_the_table_says_what_was_measured(run_dir: Path) -> None:
    found = changes(read_run(run_dir))
    assert [(c.decoding, c.metric) for c in found] == [
        (decoding, metric)
        for decoding in ("greedy", "T = 0.8, 2 samples")
        for metric in ("compile", "exec", "pass", *(["pass@2"] if decoding != "greedy" else []))
    ]
    for change in (one for one in found if "@" not in one.metric):
        assert change.before.rate == 0.25
        assert change.after is not None
        assert change.after.rate == 0.75
        assert change.gain is not None
        assert change.gain.rate == 0.5
        assert 0.2 < change.gain.low < 0.5 < change.gain.high < 0.8
    words = "".join(Page(write_report(run_dir).read_text(encoding="utf-8")).words)
    assert "25.0 %" in words
    assert "+50.0" in words
    assert "25.0 % [" in text_table(found)
    assert "35 % of it with a corrupted body" in caption(read_run(run_dir))


def test_the_page_says_by_what_it_was_judged(run_dir: Path) -> None:
    words = "".join(Page(write_report(run_dir).read_text(encoding="utf-8")).words)
    said = (
        "Judged by: local engine, isolation landlock, JDK Some 17.0.1+1, javabox 0.1.0 0123456789ab; mixed s"
    )
    assert words.count(said) == 1, "once where all evaluations agree"
    path = run_dir / "evaluation.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps({**row, "provenance": None}) + "\n" for row in rows))
    assert "Judged by" not in write_report(run_dir).read_text(encoding="utf-8"), "runs from before have none"


@pytest.mark.parametrize("expected_values", [True, False])
def test_samples_say_why_they_failed_and_what_was_expected_where_that_is_kept(
    tmp_path: Path, expected_values: bool
) -> None:
    cases = (
        Case("0", Outcome.PASSED),
        Case("1", Outcome.FAILED, call="int r = A.f(2);", got="<5>", expected="4711"),
        Case("2", Outcome.FAILED, call="int r = A.f(3);", got="6", expected="9"),
    )
    own = ThrownException("java.lang.AssertionError", "expected:<4712> but was:<5>", None)
    thrown = Case("main", Outcome.FAILED, call="check(f(2), 4712);", got="expected:<4712> but was:<5>")
    verdicts = [
        Verdict(Outcome.FAILED, cases),
        Verdict(Outcome.FAILED, (thrown,), exception=own),
        Verdict(Outcome.UNTESTED, (Case("main", Outcome.UNTESTED),), detail="the tests checked nothing"),
        Verdict(Outcome.SUITE_ERROR, detail="cannot find symbol 4713"),
    ]
    run = RunFolder(tmp_path / "run", expected_values=expected_values)
    run.begin(override(Recipe(), {"data.problems": "atomic"}), Machine(expected_values=expected_values))
    signal = Signal(None)
    run.completions("rollout", 1, 0.8, [(Answer(PROBLEMS[0], "}", one), signal, {}) for one in verdicts])
    told = (run.folder / "completions.jsonl").read_text()
    words = json.dumps(unpacked(write_report(run.folder).read_text(encoding="utf-8")))
    assert '"call": "int r = A.f(2);", "got": "<5>"' in words
    assert "the tests checked nothing" in words
    for secret in ("4711", "4712", "4713"):
        assert (secret in told) == (secret in words) == expected_values
    assert ('"expected": "4711"' in words) == expected_values


def test_an_interrupted_run_has_a_report(run_dir: Path) -> None:
    rows = (run_dir / "evaluation.jsonl").read_text().splitlines(keepends=True)
    (run_dir / "evaluation.jsonl").write_text("".join(rows[:2]) + rows[2][:100])
    (run_dir / "metrics.jsonl").unlink()
    (run_dir / "completions.jsonl").write_text("")
    found = changes(read_run(run_dir))
    assert len(found) == 7
    assert all(change.after is None and change.gain is None for change in found)
    Page(write_report(run_dir).read_text(encoding="utf-8"))
    (run_dir / "evaluation.jsonl").unlink()
    assert "No evaluation was written" in write_report(run_dir).read_text(encoding="utf-8")


def test_what_is_no_run_folder_is_refused(run_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such run folder"):
        write_report(tmp_path / "nowhere")
    with pytest.raises(BadInput, match=r"recipe\.toml is missing"):
        write_report(tmp_path)
    (run_dir / "recipe.toml").write_text("= 3")
    with pytest.raises(BadInput, match=r"recipe\.toml: is not readable TOML"):
        write_report(run_dir)
    assert not (run_dir / "report.html").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stage", None),
        ("decoding", 3),
        ("counts", []),
        ("counts", {"set/0": [1, 2]}),
        ("decoding", {"temperature": "hot", "n": 1}),
    ],
)
def test_a_malformed_evaluation_is_named(field: str, value: object, run_dir: Path) -> None:
    path = run_dir / "evaluation.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[1][field] = value
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(BadInput, match=rf"evaluation\.jsonl:2: field '{field}"):
        write_report(run_dir)


def test_curves_are_those_of_the_metrics(run_dir: Path) -> None:
    found = {chart["title"]: chart for chart in charts([read_run(run_dir)])}
    assert list(found) == ["Reward", "Rates of the rollouts"], "of what was never a number there is none"
    assert found["Reward"]["lines"][0]["x"] == [float(step) for step in range(1, 61)]
    assert found["Reward"]["lines"][0]["y"][-1] == 1.0
    two = charts([read_run(run_dir)] * 2)
    assert [line["run"] for line in two[0]["lines"]] == [0, 1]


def test_bars_have_their_texts_escaped() -> None:
    bars = bar_chart("shares < 1", {"before": {"passed": 1.0}, "after": {"failed": 0.25, "<i>": 0.75}})
    Page(bars)
    assert "25.0 %" in bars
    assert "&lt;i&gt;" in bars
    assert "shares &lt; 1" in bars


def test_two_runs_stand_on_one_page(run_dir: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / run_dir.name
    shutil.copytree(run_dir, other)
    text = write_report(run_dir, other).read_text(encoding="utf-8")
    assert len(unpacked(text)) == 2 * len((other / "completions.jsonl").read_text().splitlines())
    assert text.count("<table><thead><tr><th>decoding") == 2
    assert "small &lt;run&gt; (against)" in text
