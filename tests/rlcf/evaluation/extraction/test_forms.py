"""A hundred and fifty forms of three programs: around them, beside them and behind them what models write.

`forms/forms.txt` is like the files of `test_replies.py`; ⟦body⟧ and its like stand for parts of the programs.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rlcf.evaluation.extraction import extract
from tests.rlcf.evaluation.extraction.test_replies import PROBLEMS, Written, read_replies, told

BODIES = {
    "squares": """        int sum = 0;
        for (int i = 1; i <= n; i++) {
            sum += i * i;
        }
        return sum;
    }
}
""",
    "palindrome": """        int begin = 0;
        while (!isPalindrome(string.substring(begin))) {
            begin++;
        }
        return string + new StringBuilder(string.substring(0, begin)).reverse();
    }
}
""",
    "vowels": """        int k = 0;
        for (char c : text.toCharArray()) {
            if ("aeiouAEIOU".indexOf(c) >= 0) { k++; }
        }
        return k;
    }
}
""",
}


def filled(one: Written, text: str) -> str:
    prompt, body = one.problem.prompt, BODIES[one.problem.task_id]
    method, statements = body.removesuffix("}\n"), body.removesuffix("    }\n}\n")
    helper = prompt.partition("class Solution {\n")[2].partition("    /**\n    Find")[0]
    parts = {"prompt": prompt, "helper": helper, "body": body}
    parts |= {"body of the method": method, "statements": statements}
    for name, part in parts.items():
        text = text.replace(f"⟦{name}⟧", part).replace(f"⟦{name}, no line end⟧", part.rstrip())
    return text


FORMS = read_replies(Path(__file__).parent / "forms")


@pytest.mark.parametrize("one", FORMS, ids=lambda one: one.name)
def test_a_form_leaves_the_program_what_it_is(one: Written) -> None:
    reply, program = filled(one, one.reply), filled(one, one.program)
    assert "⟦" not in reply + program
    found = extract(reply, one.problem)
    assert told(found.program) == told(program)
    again = extract(reply.replace("\n", "\r\n"), one.problem)
    assert told(again.program) == told(program.replace("\n", "\r\n")), "whatever ends its lines"


def test_the_problems_are_those_of_the_replies() -> None:
    assert {one.problem.task_id for one in FORMS} == set(BODIES) <= set(PROBLEMS)
