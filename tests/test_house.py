"""The rules of CONTRIBUTING.md that a machine can check: lengths, layers, where torch may be imported, what a
text may cite."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import rlcf

ROOT = Path(__file__).parent.parent
FILE_LINES, FUNCTION_LINES = 400, 60
FILES_A_PACKAGE = 14
PACKAGES = ("javabox", "rlcf", "benchmarks", "examples", "tests")
PYTHON = sorted(file for top in PACKAGES for file in ROOT.glob(f"{top}/**/*.py"))
JAVA = sorted(ROOT.glob("javabox/java/**/*.java"))
TOML = [ROOT / "pyproject.toml", *sorted(ROOT.glob("rlcf/**/*.toml"))]
MARKDOWN = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINKING = [page for page in MARKDOWN if page.name != "README.md" or (ROOT / "examples").is_dir()]
"""The README names examples."""
SHELL = [ROOT / "run", *sorted(file for file in ROOT.glob(".ci/*") if file.is_file())]

HEAVY = {"torch", "transformers", "accelerate", "peft"}
LAYERS = (
    {"javabox"},
    {"errors", "progress", "jsonl", "files", "javasource", "model_name", "stopping", "version"},
    {"problems", "recipe", "recipes", "methods", "machine"},
    {"grounding", "policy"},
    {"evaluation", "environment"},
    {"training"},
    {"report", "experiments", "adapters", "service", "hub"},
    {"cli", "commands", "doctor", "__main__"},
)
"""From the bottom to the top; a module imports from its own layer and from those below."""
JAVA_PACKAGES: dict[str, set[str]] = {
    "tuples": set(),
    "runtime": {"program"},  # of one module: a program's code calls `runtime`, which counts in `program`
    "program": {"runtime"},
    "judge.protocol": {"program"},
    "judge.meter": {"program", "runtime"},
    "judge.compile": {"judge.meter", "judge.protocol", "program"},
    "judge.value": {"judge.compile", "judge.meter", "judge.protocol", "program"},
    "judge.run": {"judge.meter", "judge.protocol", "judge.value", "program"},
    "judge": {"judge.compile", "judge.protocol", "judge.run", "judge.value", "judge.meter", "program"},
}
"""Each package of the JVM side and those that it may import from: within `judge` no circles."""

CITED = re.compile(r"(?<![\w/.*])([\w.][\w./-]*\.md)\b(#[\w-]+)?")
WRITTEN = {"ablation.md", "study.md"}
"""Pages that commands write."""


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", [*PYTHON, *JAVA, *SHELL], ids=name)
def test_no_file_is_too_long(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= FILE_LINES


@pytest.mark.parametrize("file", PYTHON, ids=name)
def test_no_python_function_is_too_long(file: Path) -> None:
    assert [found for found in parsed(file).functions if found[1] > FUNCTION_LINES] == []


@pytest.mark.parametrize("file", JAVA, ids=name)
def test_no_java_method_is_too_long(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    too_long = []
    for start, line in enumerate(lines):
        # A method opens with a brace at the end of its line and closes in the column that it opened in.
        opening = re.fullmatch(r"( {4,8})(?!.*\b(class|record|interface|enum)\b)[\w@<].*\{", line)
        if opening:
            end = next(i for i in range(start + 1, len(lines)) if lines[i].startswith(opening[1] + "}"))
            if end - start + 1 > FUNCTION_LINES:
                too_long.append((line.strip(), end - start + 1))
    assert too_long == []


def test_imports_point_down() -> None:
    upward = []
    for file in PYTHON:
        importer = package(".".join(file.relative_to(ROOT).with_suffix("").parts))
        for imported in map(package, parsed(file).imports):
            if importer and imported and layer(imported) > layer(importer):
                upward.append(f"{name(file)} imports {imported}")
    assert upward == []


def test_packages_are_small() -> None:
    """A reader takes in a folder at one look."""
    counts = Counter(file.parent for file in PYTHON if not name(file).startswith("benchmarks/"))
    assert {str(folder): count for folder, count in counts.items() if count > FILES_A_PACKAGE} == {}


def test_the_readme_is_short() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    cells = [cell for line in lines if line.startswith("|") for cell in line.split("|")]
    assert [cell for cell in cells if len(cell) > 120] == []


def test_java_packages_import_from_those_below() -> None:
    stray = []
    for file in JAVA:
        own = ".".join(file.parent.relative_to(ROOT / "javabox/java").parts)
        text = file.read_text(encoding="utf-8")
        declared = "org.javatuples" if own == "tuples" else f"javabox.{own}"
        assert f"package {declared};" in text or file.name == "module-info.java", name(file)
        imported = set(re.findall(r"^import (?:static )?javabox\.([a-z.]+)\.[A-Z]", text, re.MULTILINE))
        stray += [f"{name(file)} imports {package}" for package in imported - JAVA_PACKAGES[own] - {own}]
    assert stray == []


def test_torch_is_imported_in_policy_and_training_alone() -> None:
    importers = {name(file) for file in PYTHON if HEAVY & parsed(file).tops}
    # doctor asks torch for the GPU, where there is a torch.
    allowed = (
        "rlcf/policy/",
        "rlcf/training/",
        "rlcf/doctor.py",
        "examples/",
        "tests/",
        "benchmarks/gpu.py",
        "benchmarks/public_models.py",
        "benchmarks/training_",
        "rlcf/adapters/templates/",  # what `rlcf init` writes: files of a host's user
    )
    assert importers
    assert {file for file in importers if not file.startswith(allowed)} == set()


def test_parsers_of_java_are_imported_in_javasource_alone() -> None:
    parsers = {"javalang", "tree_sitter", "tree_sitter_java"}
    importers = {name(file) for file in PYTHON if parsers & parsed(file).tops}
    assert importers
    assert {file for file in importers if not file.startswith("rlcf/javasource/")} == set()


def test_grading_starts_without_torch() -> None:
    """Where there is no torch, the command line and all that `rlcf grade` uses can be imported."""
    tops = (
        "javabox/",
        "rlcf/javasource/",
        "rlcf/problems/",
        "rlcf/grounding/",
        "rlcf/cli",
        "rlcf/commands/",
        "rlcf/report/",
        "rlcf/adapters/__init__",
        "rlcf/adapters/r",
        "rlcf/adapters/trl",
    )
    light = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for file in PYTHON
        if name(file).startswith(tops)
    ]
    block = "".join(f"sys.modules[{module!r}] = None\n" for module in sorted(HEAVY))
    program = f"import importlib, sys\n{block}for module in {light!r}: importlib.import_module(module)\n"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_module_states_its_idea() -> None:
    silent = [name(file) for file in PYTHON if file.stat().st_size and parsed(file).idea is None]
    assert silent == []


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
    files = [*PYTHON, *JAVA, *SHELL]
    assert [name(file) for file in files if later.search(file.read_text(encoding="utf-8"))] == []
    assert [name(file) for file in PYTHON if file.name in ("utils.py", "helpers.py", "common.py")] == []


@pytest.mark.parametrize("file", [*PYTHON, *JAVA, *MARKDOWN, *TOML], ids=name)
def test_no_page_is_cited_that_is_not_here(file: Path) -> None:
    """Beside the file or at the root, with the section that is named."""
    cited = CITED.findall(file.read_text(encoding="utf-8"))
    missing = [
        f"{page}{anchor}" for page, anchor in cited if page not in WRITTEN and not found(file, page, anchor)
    ]
    assert missing == []


@pytest.mark.parametrize("file", LINKING, ids=name)
def test_links_lead_somewhere(file: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)(#[^)\s]*)?\)", prose(file))
    assert [f"{page}{anchor}" for page, anchor in links if not found(file, page or file.name, anchor)] == []


@pytest.mark.parametrize(
    "file", [file for file in MARKDOWN if file.parent.name in ("docs", "hosts")], ids=name
)
def test_modules_and_tests_that_docs_name_are_there(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    paths = re.findall(r"`((?:rlcf|javabox|tests|benchmarks|examples|\.ci)/[\w/.+-]*)(?:::(\w+))?`", text)
    missing = [path for path, _ in paths if not (ROOT / path).exists()]
    missing += [f"{p}::{test}" for p, test in paths if test and f"def {test}(" not in (ROOT / p).read_text()]
    missing += sorted(set(re.findall(r"`(\w+\.java)`", text)) - {java.name for java in JAVA})
    assert missing == []


def test_modules_that_docstrings_name_are_there() -> None:
    there = {file.name for file in PYTHON}
    sources = [file for file in [*PYTHON, *JAVA] if name(file).startswith(("rlcf/", "javabox/"))]
    named = [
        (name(file), module)
        for file in sources
        for module in re.findall(r"\b\w+\.py\b(?!:)", file.read_text())
    ]
    assert [pair for pair in named if pair[1] not in there] == []


def found(file: Path, page: str, anchor: str) -> bool:
    """Whether a page is there, seen from the file that cites it or from the root, and has the section."""
    places = [place.resolve() for place in (file.parent / page, ROOT / page)]
    here = [place for place in places if place.exists() and place.is_relative_to(ROOT)]
    return bool(here) and (not anchor or anchor[1:] in sections(here[0]))


def sections(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ +(.+?) *$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Parsed:
    """What these tests ask of a Python file."""

    idea: str | None
    """Its docstring."""
    functions: list[tuple[str, int]]
    """Each with its lines."""
    imports: list[str]
    """Every module that it imports, inside functions too, but not for type checkers alone."""

    @property
    def tops(self) -> set[str]:
        return {module.split(".")[0] for module in self.imports}


@cache  # to parse all files takes a second, and five tests ask
def parsed(file: Path) -> Parsed:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    nodes = [*ast.walk(tree)]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = [(node.name, (node.end_lineno or 0) - node.lineno + 1) for node in functions]
    return Parsed(ast.get_docstring(tree), lengths, [*imports(nodes)])


def imports(nodes: list[ast.AST]) -> Iterator[str]:
    """`nodes` are a whole tree's, a parent before its children."""
    skipped: set[ast.AST] = set()
    for node in nodes:
        if node in skipped:
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            skipped.update(child for statement in node.body for child in ast.walk(statement))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def package(module: str) -> str | None:
    """The unit of LAYERS that a module belongs to; None of a module outside, or of rlcf's own front."""
    parts = module.split(".")
    if parts[0] == "javabox":
        return "javabox"
    return parts[1] if parts[0] == "rlcf" and len(parts) > 1 and parts[1] != "__init__" else None


def layer(unit: str) -> int:
    # `from rlcf import Answer` names no unit but what the front offers.
    unit = package(rlcf.HOMES[unit].partition(":")[0]) or unit if unit in rlcf.HOMES else unit
    heights = [height for height, units in enumerate(LAYERS) if unit in units]
    assert heights, f"rlcf.{unit} belongs to no layer: add it to LAYERS"
    return heights[0]
