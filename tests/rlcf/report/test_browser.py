"""The page as a reader uses it, in a real browser: search, filters, a program with what went wrong on its
line, two steps and two runs compared, by keyboard, on a phone, dark. Verdicts are the judge's own.

The speed with 100,000 completions is measured by `python -m benchmarks.report_page`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from javabox import Judge, Suite, SuiteCase
from rlcf import Answer, Problem, Signal
from rlcf.evaluation.summary import evaluation_row, summarize
from rlcf.grounding.signal import Span
from rlcf.machine import Machine
from rlcf.recipe import Recipe
from rlcf.recipes import override
from rlcf.report import write_report
from rlcf.training.runtime.run_folder import RunFolder
from tests.rlcf.report.browser import NEEDED, browser, opened, until

pytestmark = NEEDED

PROMPT = "class A {\n    // twice x\n    static int twice(int x) {\n"
SUITE = Suite(tuple(SuiteCase(f"of {x}", f"int r = A.twice({x});", "r", str(2 * x)) for x in (1, 5)))
PROBLEMS = [
    Problem(f"set/{at}", PROMPT, SUITE, reference="        return 2 * x;\n    }\n}\n") for at in range(3)
]
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
RIGHT = "        return x + x;\n    }\n}\n"
COUNTED = "document.getElementById('count').textContent.startsWith('{}')"
PROGRAMS = {
    "right": RIGHT,
    "wrong": "        return x + 2;\n    }\n}\n",
    "undeclared": "        int y = x;\n        return y + zebra;\n    }\n}\n",
    "divides": "        int none = 0;\n        return x / none;\n    }\n}\n",
    "evil": f'        String s = "{EVIL}"; // {EVIL} 😀\n        return s.missing;\n    }}\n}}\n',
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, judge: Judge) -> list[Path]:
    """Two runs of two steps: all programs at step 1, and at step 2 right ones only; the second run the other
    way round."""
    texts = list(PROGRAMS.values())
    verdicts = dict(zip(texts, judge.grade([PROBLEMS[0].job(text) for text in texts]), strict=True))
    folders = []
    for name, order in (("first", (texts, [RIGHT] * 5)), ("second", ([RIGHT] * 5, texts))):
        run = RunFolder(tmp_path_factory.mktemp(name) / name)
        run.begin(override(Recipe(), {"data.problems": "atomic"}), Machine())
        for step, written in enumerate(order, start=1):
            answers = [Answer(PROBLEMS[at % 3], text, verdicts[text]) for at, text in enumerate(written)]
            signal = Signal(-0.5, 8, {"compiler": -0.5}, spans=(Span(8, 14, -1.0),))
            lines = ((answer, signal, {"stopped": True, "signs": ["trivial"]}) for answer in answers)
            run.metrics({"step": step, "reward": -0.5, "seconds_generate": 1.0, "tokens_per_second": 100.0})
            run.completions("rollout", step, 0.8, lines)
            stage = "before" if step == 1 else "after"
            judged = ((answer.problem, answer.verdict) for answer in answers)
            found = summarize(judged, [1], seconds=1.0, provenance={})
            run.evaluation(evaluation_row(replace(found), stage=stage, split="test", temperature=0.8, n=1))
        folders.append(run.folder)
    return folders


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


def choose(page: Any, facet: str, word: str) -> None:
    """Picks a filter by the word it begins with."""
    options = page.locator(f"#facet-{facet} option").all_inner_texts()
    page.select_option(f"#facet-{facet}", label=next(text for text in options if text.startswith(word)))


def test_a_program_is_found_and_says_what_went_wrong_on_its_line(runs: list[Path], chromium: Any) -> None:
    with opened(chromium, write_report(runs[0])) as page:
        assert "10 of 10" in page.inner_text("#count")
        choose(page, "code", "cant.resolve")
        assert "2 of 10" in page.inner_text("#count")
        page.fill("#search", "ZEBRA")
        until(page, COUNTED.format("1 of"))
        page.click(".row")
        wrong = page.locator("#program .source li.wrong")
        assert wrong.locator(".line-number").inner_text() == "2"
        assert "return y + zebra;" in wrong.locator("code").inner_text()
        assert "cannot find symbol" in wrong.locator(".message").inner_text()
        assert page.locator("#program .token.keyword", has_text="return").count() >= 1
        assert "".join(page.locator("#program .source .punished").all_inner_texts()) == "int y "
        assert "return 2 * x;" in page.inner_text(".side:nth-child(2)")
        assert "flag: trivial" in page.inner_text("#program .facts >> nth=0")


def test_cases_and_exceptions_are_shown(runs: list[Path], chromium: Any) -> None:
    with opened(chromium, write_report(runs[0])) as page:
        choose(page, "outcome", "failed")
        page.click(".row")
        page.wait_for_selector("#program .cases tbody tr")  # what follows does not wait by itself
        cells = page.locator("#program .cases tbody tr").first.locator("td").all_inner_texts()
        assert cells == ["of 1", "failed", "int r = A.twice(1);\nr", "3", "2"] or cells[3:] == ["3", "2"]
        page.click("#clear")
        choose(page, "exception", "java.lang.ArithmeticException")
        page.click(".row")
        wrong = page.locator("#program .source li.wrong")
        assert "/ by zero" in wrong.locator(".message").inner_text()
        assert "x / none" in wrong.locator("code").inner_text()


def test_what_a_model_wrote_does_nothing(runs: list[Path], chromium: Any) -> None:
    with opened(chromium, write_report(runs[0])) as page:
        page.fill("#search", "onerror")
        until(page, COUNTED.format("1 of"))
        page.click(".row")
        page.wait_for_selector("#program .source")
        assert EVIL in page.inner_text("#program .source")
        assert "😀" in page.inner_text("#program .source")
        assert page.locator("#program img, #program script").count() == 0


def test_all_goes_by_keyboard(runs: list[Path], chromium: Any) -> None:
    with opened(chromium, write_report(runs[0])) as page:
        page.keyboard.press("/")
        page.keyboard.type("twice(5)")
        until(page, "!" + COUNTED.format("10"))
        page.fill("#search", "")
        until(page, COUNTED.format("10"))
        page.focus("#rows")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_selector("#program .source")
        assert page.evaluate("document.activeElement.id") == "program"
        second = page.inner_text("#program h3 >> nth=0")
        page.keyboard.press("j")
        until(page, f"document.querySelector('#program h3').innerText !== {json.dumps(second)}")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.id") == "rows"
        assert page.locator("#program").is_hidden()
        page.focus("#tab-list")
        page.keyboard.press("ArrowRight")
        assert page.locator("#panel-compare").is_visible()


def test_two_steps_and_two_runs_are_compared(runs: list[Path], chromium: Any) -> None:
    with opened(chromium, write_report(runs[1], runs[0])) as page:
        page.click("#tab-compare")
        for a, b, shares in (
            ("second: step 1", "second: step 2", ("100.0 % 5", "20.0 % 1")),
            ("second: step 1", "first: step 1", ("100.0 % 5", "20.0 % 1")),
        ):
            for side, label in (("#side-a", a), ("#side-b", b)):
                page.select_option(side, label=f"{label} (5)")
            passed = page.locator("#compared tr", has_text="passed").locator("td").all_inner_texts()
            assert passed[1:3] == list(shares)
            assert page.locator("#compared tr", has_text="cant.resolve").count() >= 1
            page.select_option("#pair-kind", "lost")
            page.click("#pairs button >> nth=0")
            second = "(document.querySelectorAll('#program .side')[1]?.innerText || '')"
            until(page, f"{second}.includes({json.dumps(b.replace(':', ','))})")
            assert a.replace(":", ",") in page.locator("#program .side").first.inner_text()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_can_be_read(runs: list[Path], chromium: Any, width: int, dark: bool) -> None:
    with opened(chromium, write_report(runs[0]), width=width, dark=dark) as page:
        page.click(".row >> nth=2")
        page.wait_for_selector("#program .source")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        box = page.locator("#program").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert (box["width"] == width) == (width == 390), "on a phone it is all of the screen"
        for where in ("body", "#program .source", "#program .message", "#program .token.keyword"):
            assert contrast(page, where) >= 4.5, where
        assert page.locator("#curves canvas").count() == 3


def contrast(page: Any, where: str) -> float:
    """Of an element's text against what is behind it (WCAG)."""
    colours = page.evaluate(
        """where => {
            const element = document.querySelector(where);
            let behind = element;
            const paper = (one) => getComputedStyle(one).backgroundColor;
            while (paper(behind) === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
            return [getComputedStyle(element).color, paper(behind)];
        }""",
        where,
    )
    light, other = sorted((luminance(colour) for colour in colours), reverse=True)
    return (light + 0.05) / (other + 0.05)


def luminance(colour: str) -> float:
    channels = [int(text) / 255 for text in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
