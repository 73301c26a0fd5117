"""Completions end at stop strings and where their class is closed, however much of them is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlcf import load_problems
from rlcf.stopping import CLOSED, STOP_STRING, Stop

PROMPT = "class A {\n    // isn't a brace: }\n    static int f(int x) {\n"


@pytest.mark.parametrize(
    "body",
    [
        "        return x;\n    }\n}",
        '        String s = "}}}";\n        return s.length();\n    }\n}',
        "        char c = '}';\n        char d = '\\'';\n        return c;\n    }\n}",
        '        String s = "\\"}";\n        return 0; // }}\n    }\n}',
        "        /* }}\n        }} */ return 0;\n    }\n}",
        '        String s = """\n            }} "quoted" }}\n            """;\n        return 0;\n    }\n}',
        "        if (x > 0) { return 1; } else { return 0; }\n    }\n    static class B { int y; }\n}",
        "}}",
    ],
)
def test_a_class_ends_at_its_own_brace(body: str) -> None:
    stop = Stop(continues=PROMPT)
    for rest in ("", "\n", "\nclass B {\n    void g() {}\n}\n", " }", "\n```\nThat's it: { and }"):
        assert stop.end(body + rest) == (len(body), CLOSED)
    for end in range(len(body)):
        assert stop.end(body[:end]) is None, body[:end]
    assert body[-1] in stop.characters


def test_every_reference_ends_where_its_class_does(data_dir: Path) -> None:
    """What is behind the last brace is never part of a reference, and never looked at."""
    assert data_dir
    problems = [problem for problem in load_problems("mbjp") if problem.reference]
    assert len(problems) > 800
    for problem in problems:
        reference = (problem.reference or "").rstrip()
        found = Stop(continues=problem.prompt).end(reference + "\n\nclass Next {\n    int x;\n}\n")
        assert found == (len(reference), CLOSED), problem.task_id


def test_the_first_end_counts() -> None:
    stop = Stop(("\nclass", "//"), continues=PROMPT)
    assert stop.end("return 1; } }\nclass B {") == (13, CLOSED)
    assert stop.end("return 1; // one\n } }\nclass B {") == (10, STOP_STRING)
    assert stop.end("return 1;") is None
    assert stop.characters == {"s", "/", "}"}
    assert Stop(("```",)).end("```java\nclass A { } ") == (0, STOP_STRING)
    assert Stop(continues="// nothing is open\n").end("class A { }\nclass B { }") is None
    assert Stop().characters == frozenset()
