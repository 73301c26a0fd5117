"""Problems by name and by path, and every way a file can be bad."""

import gzip
import hashlib
import http.server
import json
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from javabox import Limits
from javabox.job import FUEL_PER_SECOND
from rlcf.errors import BadInput
from rlcf.problems import load_problems
from rlcf.problems.cases import write_problems
from rlcf.problems.fetch import DataFile, cache_folder, download, locate
from rlcf.problems.problem import with_limits

pytestmark = pytest.mark.usefixtures("data_dir")

TEST = """
class Main {
    public static void main(String[] args) throws Exception {
        if (Add.add(1) != 2) throw new Exception();
    }
}
"""


def row(**changes: object) -> str:
    fields = {
        "task_id": "T/1",
        "prompt": "class Add {\n    static int add(int x) {\n",
        "test": TEST,
        "entry_point": "add",
    }
    return json.dumps({name: value for name, value in (fields | changes).items() if value != "missing"})


@pytest.fixture
def bad_file(tmp_path: Path) -> Path:
    return tmp_path / "bad.jsonl"


@pytest.mark.parametrize(
    ("name", "count", "splits", "references"),
    [
        ("mbjp", 966, {"prompt": 10, "test": 498, "validation": 87, "train": 371}, 874),
        ("mathqa", 1883, {"test": 1883}, 0),
        ("humaneval-java", 161, {"test": 161}, 0),
        ("humaneval-x", 164, {"test": 164}, 164),
        ("multipl-e", 158, {"test": 158}, 0),
    ],
)
def test_named_data_sets_have_their_published_sizes(
    name: str, count: int, splits: dict[str, int], references: int
) -> None:
    problems = load_problems(name)
    assert len(problems) == count
    assert len({problem.task_id for problem in problems}) == count
    assert Counter(problem.split for problem in problems) == splits
    assert sum(problem.reference is not None for problem in problems) == references


def test_a_split_holds_its_mbpp_ids() -> None:
    numbers = [int(problem.task_id.removeprefix("MBJP/")) for problem in load_problems("mbjp", "validation")]
    assert min(numbers) >= 511
    assert max(numbers) <= 600


def test_a_file_is_read_plain_and_gzipped(tmp_path: Path) -> None:
    lines = row(canonical_solution="        return x + 1;\n    }\n}\n") + "\n\n" + row(task_id="T/2") + "\n"
    plain, packed = tmp_path / "p.jsonl", tmp_path / "p.jsonl.gz"
    plain.write_text(lines)
    packed.write_bytes(gzip.compress(lines.encode()))
    problems = load_problems(str(plain))
    assert problems == load_problems(str(packed))
    assert [problem.task_id for problem in problems] == ["T/1", "T/2"]
    assert problems[0].reference == "        return x + 1;\n    }\n}\n"
    assert problems[1].reference is None


@pytest.mark.parametrize(
    ("lines", "line", "field", "message"),
    [
        ("", None, None, "empty"),
        ("\n \n", None, None, "empty"),
        (row() + "\n{'task_id'", 2, None, "malformed JSON"),
        ("[" * 100_000, 1, None, "malformed JSON"),
        ("[1]", 1, None, "object, not a number"),
        ("null", 1, None, "object, not null"),
        (row(prompt="missing"), 1, "prompt", "missing"),
        (row(test="missing"), 1, "test", "missing"),
        (row(entry_point="missing", prompt="int f() {"), 1, "entry_point", "missing .there are task_id, "),
        (row(entry_point=None), 1, "entry_point", "string, not null"),
        (row(stop_tokens=[1]), 1, "stop_tokens", "list of strings"),
        (row(suffix=1), 1, "suffix", "string, not a number"),
        (row(task_id=7), 1, "task_id", "string, not a number"),
        (row(test=None), 1, "test", "string, not null"),
        (row(description=["x"]), 1, "description", "string, not an array"),
        (row(canonical_solution=True), 1, "canonical_solution", "string, not true or false"),
        (row(task_id=" "), 1, "task_id", "empty"),
        (row(test="class Test { }"), 1, "test", "class Main"),
        (row() + "\n" + row(task_id="T/2") + "\n" + row(), 3, "task_id", "'T/1' occurs twice"),
        (row(time_limit="2"), 1, "time_limit", "must be seconds, above 0 and at most 3600, is '2'"),
        (row(time_limit=0), 1, "time_limit", "above 0"),
        (row(time_limit=-1.5), 1, "time_limit", "above 0"),
        (row(time_limit=True), 1, "time_limit", "above 0"),
        (row(time_limit=float("nan")), 1, "time_limit", "is nan"),
        (row(time_limit=float("inf")), 1, "time_limit", "at most"),
        (row() + "\n" + row(task_id="T/2", memory_limit=0.5), 2, "memory_limit", "whole megabytes"),
        (row(memory_limit=1), 1, "memory_limit", "from 16 to 65536, is 1"),
        (row(memory_limit=False), 1, "memory_limit", "whole megabytes"),
        (row(memory_limit=10**30), 1, "memory_limit", "whole megabytes"),
        (row(assertions="true"), 1, "assertions", "must be true or false"),
        (row(assertions=1), 1, "assertions", "must be true or false"),
    ],
)
def test_a_bad_file_is_named_with_line_and_field(
    bad_file: Path, lines: str, line: int | None, field: str | None, message: str
) -> None:
    bad_file.write_text(lines)
    with pytest.raises(BadInput, match=message) as caught:
        load_problems(str(bad_file))
    assert (str(caught.value.file), caught.value.line, caught.value.field) == (str(bad_file), line, field)
    assert str(caught.value).startswith(str(bad_file))
    assert "\n" not in str(caught.value)


def test_different_rows_of_one_task_id_are_problems_of_their_own(
    bad_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad_file.write_text(f"{row()}\n{row(description='other')}\n{row(description='third')}\n")
    with caplog.at_level("WARNING", "rlcf"):
        problems = load_problems(str(bad_file))
    assert [problem.task_id for problem in problems] == ["T/1", "T/1 (2)", "T/1 (3)"]
    assert [problem.sample_id for problem in problems] == ["", "T/1", "T/1"]
    assert f"{bad_file}:2: 'T/1' is another problem's task_id: it is 'T/1 (2)'" in caplog.text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("latin.jsonl", "é".encode("latin-1"), "not UTF-8"),
        ("broken.jsonl.gz", b"no gzip", "gzip file"),
        ("cut.jsonl.gz", gzip.compress(row().encode())[:-20], "gzip file"),
    ],
)
def test_a_file_that_is_no_text_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=message) as caught:
        load_problems(str(tmp_path / name))
    assert caught.value.line == 1


def test_limits_and_assertions_of_a_row_hold_for_its_suite(tmp_path: Path) -> None:
    path = tmp_path / "problems.jsonl"
    own = row(task_id="T/2", time_limit=0.25, memory_limit=64, assertions=True)
    path.write_text(
        f"{row()}\n\n{own}\n{row(task_id='T/3', time_limit=None, memory_limit=None, assertions=None)}\n"
    )
    plain, limited, none = load_problems(str(path))
    assert [one.source for one in (plain, limited, none)] == [f"{path}:{line}" for line in (1, 3, 4)]
    for one in (plain, none):
        assert one.limits == Limits.of()
        assert not one.suite.assertions
    for job in (limited.job("}}"), limited.released_job("}}")):
        assert job.suite.assertions
        assert (job.limits.fuel, job.limits.memory_mb) == (FUEL_PER_SECOND // 4, 64)
    tight = Limits(fuel=7)
    assert limited.job("}}", tight).limits == tight, "who says otherwise, as training does, is heard"
    assert (limited.limits_or(tight), plain.limits_or(tight)) == (limited.limits, tight)
    given = with_limits([plain, limited], 1.5, None)
    assert [(one.time_limit, one.memory_limit) for one in given] == [(1.5, None), (1.5, 64)]
    again = tmp_path / "again.jsonl"
    with again.open("w") as lines:
        write_problems([plain, limited], lines)
    assert load_problems(str(again)) == [plain, limited]


@pytest.mark.parametrize("completion", ["return 1; } }", "", "\U0001d11e\ud800 é\n"])
def test_one_file_says_where_its_tests_begin(tmp_path: Path, completion: str) -> None:
    (tmp_path / "problems.jsonl").write_text(row())
    (problem,) = load_problems(str(tmp_path / "problems.jsonl"))
    job = problem.released_job(completion)
    assert job.source[job.tests_start :] == problem.test == TEST
    assert job.source[: job.tests_start] == f"{problem.prompt}{completion}\n"
    assert problem.job(completion).tests_start is None


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"mbjp, mathqa, humaneval-java"):
        load_problems("mbpj")


def test_a_folder_without_problems_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no \*\.parquet in this folder"):
        load_problems(str(tmp_path))
    with pytest.raises(BadInput, match="nor a file or folder"):
        load_problems(str(tmp_path / "none"))


def test_an_unknown_split_lists_the_known_ones() -> None:
    with pytest.raises(BadInput, match="no split 'dev', only: prompt, test, train, validation"):
        load_problems("mbjp", "dev")


def test_a_data_folder_without_the_file_says_where_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RLCF_DATA", str(tmp_path))
    with pytest.raises(BadInput, match=r"https://raw\.githubusercontent\.com/amazon-science/mxeval"):
        load_problems("mbjp")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A web server that serves `tmp_path/home`."""
    (tmp_path / "home").mkdir()
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "home"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.02,))  # so soon it sees its end
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def test_a_file_is_downloaded_once_and_checked(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RLCF_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    public = tmp_path / "home" / "p.jsonl"
    public.write_text(row())
    file = DataFile("set/p.jsonl", f"{server}/p.jsonl", hashlib.sha256(public.read_bytes()).hexdigest())
    path = locate(file)
    assert path == cache_folder() / "data" / "set" / "p.jsonl"
    assert path.read_text() == row()
    public.unlink()
    assert locate(file) == path
    assert [problem.task_id for problem in load_problems(str(path))] == ["T/1"]


def test_what_is_kept_of_a_download_has_the_sha256(server: str, tmp_path: Path) -> None:
    """Packed files are unpacked, and fields that tell of somebody's machine are left out."""
    kept = row(description="é") + "\n"
    (tmp_path / "home" / "p.jsonl.gz").write_bytes(gzip.compress(kept.encode()))
    (tmp_path / "home" / "long.jsonl").write_text(row(description="é", original="/home/somebody/x.py") + "\n")
    digest = hashlib.sha256(kept.encode()).hexdigest()
    for at, (name, without) in enumerate([("p.jsonl.gz", ()), ("long.jsonl", ("original",))]):
        download(DataFile("p.jsonl", f"{server}/{name}", digest, without), tmp_path / f"{at}.jsonl")
        assert (tmp_path / f"{at}.jsonl").read_text() == kept
    (tmp_path / "home" / "p.jsonl.gz").write_bytes(b"no gzip")
    (tmp_path / "home" / "long.jsonl").write_text("{")
    for name, without in (("p.jsonl.gz", ()), ("long.jsonl", ("original",))):
        with pytest.raises(BadInput, match="can't be downloaded"):
            download(DataFile("p.jsonl", f"{server}/{name}", digest, without), tmp_path / "not.jsonl")
    assert not (tmp_path / "not.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "message"), [("p.jsonl", "has sha256"), ("absent.jsonl", "can't be downloaded")]
)
def test_a_failed_download_leaves_nothing(server: str, tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "home" / "p.jsonl").write_text("changed under its name")
    target = tmp_path / "cache" / "p.jsonl"
    with pytest.raises(BadInput, match=message):
        download(DataFile("p.jsonl", f"{server}/{name}", "0" * 64), target)
    assert list(target.parent.iterdir()) == []
