"""Problems from a small folder of Java sources: what is left out and why, where the rest goes, that it
compiles."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from javabox import Judge
from rlcf.commands.data.jdk import told
from rlcf.errors import BadInput
from rlcf.problems import load_problems
from rlcf.problems.jdk.build import CORPUS, Built, build
from rlcf.problems.jdk.methods import described, size, skeleton, trivial
from rlcf.problems.jdk.sources import licences, read, units
from rlcf.problems.jdk.split import NEAR, Near, grams, group_of, split_of

PAIR = """package {package};
import java.util.ArrayList;
import java.util.List;
import org.nowhere.Missing;

/** A class. */
@Deprecated
public final class Pair<T> extends Missing implements Comparable<Pair<T>> {{
    private final int limit;
    private final List<T> items = new ArrayList<>(); // what is kept
    Pair(int limit) {{ this.limit = limit; }}

    /** The unused one. */
    private static int unused() {{ return 17 * 4 + 1; }}

    /**
     * Adds {{@code item}} as long as there is <b>room</b>. Says whether it was. A third sentence. A fourth.
     * @param item what is added
     */
    @SuppressWarnings("unchecked")
    public boolean offer(T item) {{
        // an early way out
        if (!hasRoom()) {{
            return false;
        }}
        items.add(item); /* at the end */
        return true;
    }}

    private boolean hasRoom() {{ return items.size() < limit; }}

    /** Not done. */
    public int compareTo(Pair<T> other) {{
        // never
        throw new UnsupportedOperationException("not in this version of " + other);
    }}

    /** Uses what is not there. */
    public Missing other(Missing one) {{
        Missing next = one.next();
        return next.other(one, 1, 2);
    }}

    /** The sum of what comes before n. */
    public static int sum(int n) {{
        int total = 0;
        for (int i = 0; i < n; i++) {{ total += i; }}
        return total;
    }}

    public int undocumented(int a, int b) {{
        int least = Math.min(a, b);
        return least * {factor} + a;
    }}
}}
"""
EXTENDING = """package {package};
import java.util.ArrayList;
class Ones extends ArrayList<Integer> {{
    public Integer get(int index) {{ return 1; }}
    public int size() {{ return 3; }}
    /** Counts how many of the elements are larger than the bound. */
    int above(int bound) {{
        int count = 0;
        for (Integer one : this) {{ if (one > bound) count++; }}
        return count;
    }}
}}
"""


def held_out_package() -> str:
    """A package that goes to the test split."""
    return next(
        f"org.p{letter}" for letter in map(chr, range(97, 123)) if split_of(f"org.p{letter}") == "test"
    )


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three source packages: files, a zip, and what apt downloads."""
    folder = tmp_path_factory.mktemp("sources")
    held, train = held_out_package(), "org.train"
    plain = folder / "plain" / "src"
    plain.mkdir(parents=True)
    (plain / "Pair.java").write_text(PAIR.format(package=train, factor=3), encoding="utf-8")
    (plain / "Ones.java").write_text(EXTENDING.format(package=train), encoding="utf-8")
    (plain / "PairTest.java").write_text(PAIR.format(package=train, factor=4), encoding="utf-8")
    (folder / "plain" / "copyright").write_text("Files: *\nCopyright: x\nLicense: GPL-2\n", encoding="utf-8")
    (folder / "zipped").mkdir()
    with zipfile.ZipFile(folder / "zipped" / "src.zip", "w") as archive:
        archive.writestr("java.base/java/held/Pair.java", PAIR.format(package=held, factor=5))
        own = "        int doubled = a + a;\n        return doubled > 7 ? Math.abs(a) : -doubled;"
        head = f"package {held};\nclass Own {{\n    /** A test problem. */\n    int own(int a) {{\n"
        text = f"{head}{own}\n    }}\n}}\n"
        archive.writestr("java.base/java/held/Own.java", text)
    (folder / "debian").mkdir()
    with tarfile.open(folder / "debian" / "x_1.orig.tar.gz", "w:gz") as tar:
        text = own.replace("int doubled", "int  doubled").replace("7 ?", "7  ?")
        add(
            tar,
            "x-1/src/Near.java",
            f"package near;\nclass Near {{\n    int near(int a) {{\n{text}\n    }}\n}}\n",
        )
    with tarfile.open(folder / "debian" / "x_1-1.debian.tar.xz", "w:xz") as tar:
        add(tar, "debian/copyright", "Files: *\nLicense: Apache-2.0\n\nFiles: src/gpl/*\nLicense: GPL-3\n")
    return folder


def add(tar: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(text)
    tar.addfile(entry, io.BytesIO(text.encode()))


@pytest.fixture(scope="module")
def built(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Built, Judge]]:
    out = tmp_path_factory.mktemp("built") / "problems.jsonl"
    with Judge() as judge:
        yield out, build(sources, out, judge, permissive=False, processes=2), judge


def test_every_reference_compiles_and_a_wrong_one_does_not(built: tuple[Path, Built, Judge]) -> None:
    out, _, judge = built
    problems = load_problems(str(out))
    assert {problem.entry_point for problem in problems} == {"offer", "sum", "above", "own"}
    verdicts = judge.grade([problem.job(str(problem.reference)) for problem in problems])
    assert [verdict.compiled for verdict in verdicts] == [True] * 4
    verdicts = judge.grade([problem.job("        return missing;\n    }\n}\n") for problem in problems])
    assert [verdict.compiled for verdict in verdicts] == [False] * 4


def test_a_problem_has_what_its_method_uses_and_no_more(built: tuple[Path, Built, Judge]) -> None:
    problems = {problem.entry_point: problem for problem in load_problems(str(built[0]))}
    assert problems["offer"].prompt == (
        "import java.util.ArrayList;\nimport java.util.List;\n"
        "class Pair<T> {\n"
        "    private int limit;\n"
        "    private final List<T> items = new ArrayList<>();\n"
        "    private boolean hasRoom() {\n        return items.size() < limit;\n    }\n"
        "    /** Adds item as long as there is room. Says whether it was. A third sentence. */\n"
        "    public boolean offer(T item) {\n"
    )
    assert problems["offer"].reference == (
        "        if (!hasRoom()) {\n            return false;\n        }\n"
        "        items.add(item);\n        return true;\n    }\n}\n"
    )
    # What it inherits is the JDK's: the head says so where it does not compile without.
    assert "class Ones extends ArrayList<Integer> {" in problems["above"].prompt


def test_counts_say_where_every_method_went(built: tuple[Path, Built, Judge]) -> None:
    counts = built[1].counts
    assert counts["methods"] == 19
    assert counts["left out: throws only"] == 2
    assert counts["judged"] == 8
    assert counts["compile by themselves"] == 5
    assert counts["compile with what the class extends"] == 1
    # Pair's methods stand in a held-out package too: the same skeletons.
    assert counts["left out: same skeleton, test"] == 2
    with_javadoc = counts["with Javadoc"] - counts["judged"]
    assert with_javadoc == sum(
        n for what, n in counts.items() if what.startswith("left out") and "same" not in what
    )
    assert any("Apache" not in line and "GPL-2" in line for line in told(built[1]))


def test_whole_packages_are_held_out_of_problems_and_corpus(built: tuple[Path, Built, Judge]) -> None:
    rows = [json.loads(line) for line in built[0].read_text(encoding="utf-8").splitlines()]
    assert {row["entry_point"]: row["split"] for row in rows} == {
        "offer": "train", "sum": "train", "above": "train", "own": "test",
    }  # fmt: skip
    assert {row["licence"] for row in rows} == {"GPL-2", "unknown"}
    with gzip.open(built[0].with_name(CORPUS), "rt", encoding="utf-8") as lines:
        corpus = [json.loads(line) for line in lines]
    texts = "".join(row["prompt"] + row["completion"] for row in corpus)
    assert "undocumented(int a, int b)" in texts
    assert "least * 3" in texts
    assert "least * 5" not in texts, "of a held-out package"
    assert "doubled" not in texts, "near to a held-out problem"
    assert built[1].corpus_rows == len(corpus)


def test_permissive_leaves_other_licences_out(
    sources: Path, built: tuple[Path, Built, Judge], tmp_path: Path
) -> None:
    found = build(sources, tmp_path / "p.jsonl", built[2], permissive=True, processes=1)
    assert found.counts["files"] == 1
    assert found.counts["files: not permissive"] == 4
    assert found.tasks == []


def test_the_same_sources_give_the_same_bytes(
    sources: Path, built: tuple[Path, Built, Judge], tmp_path: Path
) -> None:
    build(sources, tmp_path / "problems.jsonl", built[2], permissive=False, processes=1)
    assert (tmp_path / "problems.jsonl").read_bytes() == built[0].read_bytes()
    with gzip.open(tmp_path / CORPUS) as one, gzip.open(built[0].with_name(CORPUS)) as other:
        assert one.read() == other.read()


def test_tests_are_no_sources(sources: Path) -> None:
    names = {path for unit in units(sources) for path, _ in read(unit)}
    assert names == {
        "src/Pair.java", "src/Ones.java", "src/Near.java",
        "java.base/java/held/Pair.java", "java.base/java/held/Own.java",
    }  # fmt: skip


def test_folders_without_sources_are_named(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(BadInput, match="sources"):
            units(folder)


def test_the_last_pattern_that_matches_gives_the_licence() -> None:
    found = licences("Files: *\nLicense: Apache-2.0\n\nFiles: a/*\n b/C.java\nLicense: MIT\n text\n")
    assert [found.of(path) for path in ("x.java", "a/x.java", "b/C.java")] == ["Apache-2.0", "MIT", "MIT"]
    assert licences("This package was made by hand.").of("x.java") == "unknown"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("// never\n throw new UnsupportedOperationException(\"a\" + 1);", "throws only"),
        ("/* a long comment that says a lot about it */ return null;", "short"),
        ("int a = 1; int b = 2; return 0;", "trivial"),
        ("this.first.second = this.third.fourth;", ""),
        ("int total = 0; for (int i = 0; i < n; i++) total += i; return total;", ""),
    ],
)  # fmt: skip
def test_bodies_are_judged_without_their_comments(body: str, why: str) -> None:
    assert trivial(body) == why


def test_descriptions_are_cut_to_three_sentences_without_tags() -> None:
    doc = "/**\n * Says {@link A#b b} of {@code x < y}.\n * <p>Two, e.g. here. Three! Four.\n * @return x */"
    assert described(doc) == "Says b of x < y. Two, e.g. here. Three!"
    assert described("/** @return x */") == ""
    assert "*/" not in described("/** A pattern **&#47; here. */")


def test_size_is_about_that_of_a_tokenizer() -> None:
    assert size("return Math.max(first, second);") == 9
    assert size("        ") == 0


def test_versions_and_copies_of_a_library_go_together() -> None:
    assert group_of("org.apache.commons.lang3.text") == group_of("org.apache.commons.lang.text")
    assert group_of("com.sun.org.apache.xerces.internal.util") == group_of("org.apache.xerces.util")
    splits = [split_of(f"org.example.p{chr(97 + i // 26)}{chr(97 + i % 26)}") for i in range(600)]
    assert 0.05 < splits.count("test") / 600 < 0.12


def test_near_is_jaccard_of_runs_of_four_tokens() -> None:
    bodies = [
        "int a = 0; for (int i = 0; i < n; i++) { a += i; } return a;",
        "String s = name.trim(); if (s.isEmpty()) { return null; } return s.toLowerCase();",
    ]
    index = Near(bodies)
    for body in (
        *bodies,
        bodies[0].replace("return a", "return b"),
        bodies[1] + " int x;",
        "return 1 + 2 + 3;",
    ):
        shares = [len(grams(body) & grams(one)) / len(grams(body) | grams(one)) for one in bodies]
        wanted = next((at for at, share in enumerate(shares) if share >= NEAR), None)
        assert index.near(body) == wanted
    assert skeleton("int a = 1;") == skeleton("int total = 27;") != skeleton("long a = 1;")
