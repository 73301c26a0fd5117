"""Claim: the page of 100,000 completions can be used: something is painted in 3 seconds, and a filter or a
word to search for takes effect in 0.3.

A run folder is made of MBJP's references, most of them changed somewhere, each with an outcome, codes and
cases drawn at random. They are not judged: what is measured is the page. Then `rlcf report` writes it, and
Chromium, without a window, opens it from the disk. Printed are the size, the seconds that writing took, and
in the browser: the first paint, all rows in the list, all programs searchable, a filter, a search and opening
a program. The exit code is 1 where the claim does not hold.

    python -m benchmarks.report_page [--rows 100000] [--width 1280]

Needs `apt install chromium`. Not covered: other browsers, and phones' processors.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlcf.problems import load_problems
from rlcf.recipe import Recipe
from rlcf.recipes import override, to_toml
from rlcf.report import write_report

PAINT_SECONDS, FILTER_SECONDS = 3.0, 0.3
ROWS_A_STEP = 256
CODES = ("expected", "cant.resolve.location.args", "prob.found.req", "not.stmt", "missing.ret.stmt")
"""javac's, without `compiler.err.`."""


def made_rows(count: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Rows of completions.jsonl."""
    rng = random.Random(seed)
    problems = [problem for problem in load_problems("mbjp") if problem.reference]
    for at in range(count):
        problem = problems[rng.randrange(len(problems))]
        text = problem.reference or ""
        for _ in range(rng.randrange(4)):
            place = rng.randrange(max(1, len(text)))
            written = rng.choice(("x", "(", " y + ", str(rng.randrange(1000)), "; "))
            text = text[:place] + written + text[place + 2 :]
        row = {
            "stage": "rollout", "step": 1 + at // ROWS_A_STEP, "temperature": 0.8, "task_id": problem.task_id,
            "prompt": problem.prompt, "reference": problem.reference, "completion": text,
            "score": rng.random(), "parts": {"tests": rng.random()}, "fuel": rng.randrange(9999),
            "wall_ms": 1.5, "lane": "warm",
        }  # fmt: skip
        yield row | _verdict(rng, text)


def _verdict(rng: random.Random, text: str) -> dict[str, Any]:
    lines = text.count("\n") or 1
    if rng.random() < 0.4:
        found = [
            {"code": f"compiler.err.{rng.choice(CODES)}", "line": rng.randrange(lines) + 1, "column": 9,
             "message": f"a message that names symbol{rng.randrange(5000)}"}
            for _ in range(rng.randrange(1, 4))
        ]  # fmt: skip
        return {"outcome": "compile_error", "diagnostics": found}
    outcome = rng.choice(("passed", "failed"))
    cases = [
        {"name": str(at), "outcome": outcome}
        | ({} if outcome == "passed" else {"call": f"f({rng.randrange(99)})", "got": "1", "expected": "2"})
        for at in range(8)
    ]
    return {"outcome": outcome, "cases": cases}


def make_run(folder: Path, count: int) -> Path:
    """A run folder of so many completions."""
    recipe = override(Recipe(), {"data.problems": "atomic"})
    (folder / "recipe.toml").write_text(to_toml(recipe), encoding="utf-8")
    with open(folder / "completions.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in made_rows(count))
    return folder


MEASURE = """async () => {
    const field = document.getElementById("search");
    const count = document.getElementById("count");
    const painted = () => new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
    const timed = async (change) => {
        const before = count.textContent, began = performance.now();
        change();
        while (count.textContent === before) await painted();
        await painted();
        return (performance.now() - began) / 1000;
    };
    const pick = (name, at) => () => {
        const select = document.getElementById(`facet-${name}`);
        select.selectedIndex = at;
        select.dispatchEvent(new Event("change"));
    };
    const type = (text) => () => { field.value = text; field.dispatchEvent(new Event("input")); };
    const filters = [], searches = [];
    const choices = [["outcome", 1], ["code", 2], ["moment", 5], ["moment", 0], ["code", 0], ["outcome", 0]];
    for (const [name, at] of choices) filters.push(await timed(pick(name, at)));
    for (const word of ["y + ", "symbol12", "mbjp/7"]) searches.push(await timed(type(word)));
    await timed(type(""));
    performance.clearMarks("opened");
    const began = performance.now();
    document.querySelector(".row").click();
    while (!performance.getEntriesByName("opened").length) await painted();
    const opened = (performance.now() - began) / 1000;
    const mark = (name) => performance.getEntriesByName(name)[0].startTime / 1000;
    return { filters, searches, opened,
        paint: mark("first-contentful-paint"), rows: mark("rows"), texts: mark("texts") };
}"""


def measured(page_file: Path, width: int) -> dict[str, Any]:
    """What the browser says, in seconds."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(page_file.as_uri())
        while not page.evaluate("performance.getEntriesByName('texts').length"):
            time.sleep(0.1)
        found: dict[str, Any] = page.evaluate(MEASURE)
        browser.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--width", type=int, default=1280)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = make_run(Path(folder), options.rows)
        began = time.perf_counter()
        page = write_report(run)
        seconds = time.perf_counter() - began
        source, size = (path.stat().st_size / 1e6 for path in (run / "completions.jsonl", page))
        print(f"{options.rows:,} completions, {source:.0f} MB: a page of {size:.1f} MB in {seconds:.1f} s")
        found = measured(page, options.width)
    named = {
        "paint": "first paint",
        "rows": "all rows",
        "texts": "all searchable",
        "opened": "a program opened",
    }
    print(", ".join(f"{told} {found[name]:.2f} s" for name, told in named.items()))
    for name in ("filters", "searches"):
        times = found[name]
        print(f"{name}: median {statistics.median(times):.3f} s, slowest {max(times):.3f} s")
    slowest = max(found["filters"] + found["searches"])
    return int(found["paint"] > PAINT_SECONDS or slowest > FILTER_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
