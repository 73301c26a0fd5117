"""Forms in which chat models write a Java method: functions that make a reply of problem and completion.

`FORMS` are those in which everything depends on finding the program, each by itself; `TEMPLATES` are whole
replies in the styles of model families. Each keeps the program what it was.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable

from rlcf import Problem

Form = Callable[[Problem, str], str]
"""(problem, completion) -> what a model would have written."""


def whole(problem: Problem, completion: str) -> str:
    """The program, imports and all."""
    return (problem.prompt + completion).strip() + "\n"


def class_only(problem: Problem, completion: str) -> str:
    """The program without its import lines."""
    return re.sub(r"^import .*\n", "", whole(problem, completion), flags=re.MULTILINE).strip() + "\n"


def method_only(problem: Problem, completion: str) -> str:
    """The method with its signature, as far as the class's last brace."""
    signature = problem.prompt.rstrip().rpartition("\n")[2]
    body, _, rest = completion.rstrip().rpartition("}")
    return signature + "\n" + body.rstrip() + "\n" if not rest.strip() else signature + "\n" + completion


def class_name(problem: Problem) -> str:
    found = re.findall(r"^class (\w+)", problem.prompt, flags=re.MULTILINE)
    return str(found[-1])


def as_public(program: str) -> str:
    """Its first class public."""
    return re.sub(r"^class ", "public class ", program, count=1, flags=re.MULTILINE)


def public(problem: Problem, completion: str) -> str:
    return as_public(whole(problem, completion))


def renamed(problem: Problem, completion: str) -> str:
    """The class under the name that LeetCode gives all of them, or another where it has that."""
    name = class_name(problem)
    other = "Answer" if name == "Solution" else "Solution"
    return re.sub(rf"^class {name}\b", f"class {other}", whole(problem, completion), flags=re.MULTILINE)


def with_main(problem: Problem, completion: str) -> str:
    """A main in the class, and a second class that shows it."""
    inside = '    public static void main(String[] args) {\n        System.out.println("ok");\n    }\n'
    body, _, rest = whole(problem, completion).rstrip().rpartition("}")
    shown = "class Main {\n    public static void main(String[] args) {\n        int shown = 1;\n    }\n}\n"
    return f"{body}\n{inside}}}{rest}\n\n{shown}"


def fenced(text: str, info: str = "java", marks: str = "```") -> str:
    return f"{marks}{info}\n{text.rstrip()}\n{marks}\n"


FORMS: dict[str, Form] = {
    "bare continuation": lambda _, c: c,
    "fenced continuation": lambda _, c: fenced(c),
    "whole class": whole,
    "whole class, fenced": lambda p, c: fenced(whole(p, c)),
    "whole class, public": public,
    "whole class without imports": class_only,
    "whole class with a main and a class Main": with_main,
    "method with its signature, fenced": lambda p, c: fenced(method_only(p, c)),
    "reasoning block before": lambda p, c: (
        "<think>\nMaybe:\n```java\nint x = 1;\n```\nNo, better so.\n</think>\n\n" + fenced(whole(p, c))
    ),
    "prose around": lambda p, c: (
        f"Sure! Here's a solution:\n\n{fenced(whole(p, c))}\nIt's a loop, isn't it? Call `f()` to try.\n"
    ),
    "runs on": lambda _, c: (
        c.rstrip()
        + "\n\n\nclass NextProblem {\n    /**\n     * Write a function to\n     */\n    public static int"
    ),
    "</s> left in": lambda _, c: c + "</s>",
}
RENAMED: Form = renamed


def _numbered(text: str) -> str:
    return textwrap.indent(text, "   ")


def _quoted(text: str) -> str:
    return "".join(f"> {line}" for line in text.splitlines(keepends=True))


def _commented(text: str) -> str:
    return text.replace("\n", "\r\n")


TEMPLATES: dict[str, Form] = {
    "ChatML, fenced class": lambda p, c: (
        f"<|im_start|>assistant\nHere is the completed code:\n\n{fenced(whole(p, c))}<|im_end|>\n"
    ),
    "Llama header, fenced method": lambda p, c: (
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
        f"{fenced(method_only(p, c))}\nThis method doesn't use extra space.<|eot_id|>"
    ),
    "DeepSeek-R1 reasoning without its opening tag": lambda p, c: (
        "Okay, so I need `f`. First:\n```java\nclass A { int f() { return 0; } }\n```\nHmm.\n</think>\n\n"
        f"### Solution\n\n{fenced(whole(p, c))}\n### Explanation\n1. It's simple.\n<｜end▁of▁sentence｜>"
    ),
    "QwQ reasoning, class without imports": lambda p, c: (
        f"<think>\nLet me think… {{ \n</think>\n\n{fenced(class_only(p, c))}"
    ),
    "Magistral, tildes": lambda p, c: (
        f"[THINK]I'd loop; it's fine.[/THINK]Voici :\n\n{fenced(class_only(p, c), 'Java', '~~~')}</s>"
    ),
    "gpt-oss channels": lambda p, c: (
        "<|channel|>analysis<|message|>We need Java. ```java\nint f() {}\n```<|end|>"
        f"<|start|>assistant<|channel|>final<|message|>{fenced(whole(p, c))}<|return|>"
    ),
    "Gemma turn": lambda p, c: (
        f"{fenced(whole(p, c), '')}\n**Explanation:**\n\n* The class's method is `static`.\n<end_of_turn>"
    ),
    "continuation and a fence that closes the prompt's": lambda _, c: (
        f"{c.rstrip()}\n```\n\nThis works because it doesn't {{ matter }}.\n"
    ),
    "prose and a bare class": lambda p, c: (
        f"Here's the implementation:\n\n{whole(p, c)}\nThis solution doesn't allocate; it runs in O(n).\n"
    ),
    "bare method, then prose": lambda p, c: (
        f"{method_only(p, c)}\nExplanation: the method above isn't complicated.\n"
    ),
    "python first": lambda p, c: (
        f"In Python:\n```python\ndef f(x):\n    return {{}}\n```\n\nIn Java:\n```java\n{whole(p, c)}```\n\n"
        "Output:\n```\n42\n```\n"
    ),
    "usage in a fence of its own": lambda p, c: (
        f"{fenced(whole(p, c))}\nYou can test it:\n\n"
        + fenced("public class Test {\n    public static void main(String[] a) { System.out.println(1); }\n}")
    ),
    "first wrong, then corrected": lambda p, c: (
        f"{fenced(p.prompt + '        throw null;' + chr(10) + '    }' + chr(10) + '}')}\n"
        f"Wait, that's not right. Corrected version:\n\n{fenced(whole(p, c))}"
    ),
    "shell, then code in a list": lambda p, c: (
        "1. Compile:\n   ```bash\n   javac A.java\n   ```\n2. The class:\n"
        f"   ```java\n{_numbered(whole(p, c))}   ```\n3. Done.\n"
    ),
    "quoted": lambda p, c: f"> Here you go:\n>\n{_quoted(fenced(whole(p, c)))}\nThat's it.\n",
    "unclosed fence": lambda p, c: f"Sure!\n\n```java\n{whole(p, c)}",
    "CRLF and a byte order mark": lambda p, c: "\ufeff" + _commented(f"```java\n{whole(p, c)}```\n"),
    "StarCoder runs into the next file": lambda _, c: (
        f"{c}<|endoftext|>package com.example;\n\npublic class Other {{\n"
    ),
    "CodeLlama infilling": lambda _, c: f"{c} <EOT>",
    "public class with a main": lambda p, c: (
        f"```java\n{as_public(with_main(p, c))}```\n\n**Complexity:** O(n), doesn't matter.\n"
    ),
}
