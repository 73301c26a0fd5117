"""Problems as a data set: parquet files that `datasets.load_dataset` reads, and `load_problems` too.

A row has the columns that people read (`task_id, split, description, prompt, entry_point, reference`) and
`problem`, which is all of it as JSON. Not covered: samples and results, JSON lines that `datasets` reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rlcf.errors import BadInput
from rlcf.files import replacing
from rlcf.hub.licences import data_licence
from rlcf.problems import kept
from rlcf.problems.problem import Problem

COLUMNS = ("task_id", "split", "description", "prompt", "entry_point", "reference")


def write_data_folder(problems: Sequence[Problem], folder: Path, name: str) -> dict[str, int]:
    """Writes a parquet file a split and a card into a new folder; returns the number of rows by split. Raises
    BadInput, and OSError."""
    if folder.exists():
        raise BadInput("exists already", file=folder, field="out")
    splits = dict.fromkeys(problem.split for problem in problems)
    counts = {}
    for split in splits:
        of_split = [problem for problem in problems if problem.split == split]
        write_parquet(of_split, folder / f"{split}.parquet")
        counts[split] = len(of_split)
    (folder / "README.md").write_text(_card(name, counts), encoding="utf-8")
    return counts


def write_parquet(problems: Iterable[Problem], path: Path) -> None:
    """Writes one file. Raises BadInput where there is no pyarrow, and OSError."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as missing:
        raise BadInput("parquet needs pyarrow: pip install pyarrow", file=path) from missing
    rows = [
        {column: getattr(problem, column) for column in COLUMNS}
        | {"problem": kept.line(problem).rstrip("\n")}
        for problem in problems
    ]
    schema = pyarrow.schema([(column, pyarrow.string()) for column in (*COLUMNS, "problem")])
    with replacing(path) as file:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), file)


def _card(name: str, counts: dict[str, int]) -> str:
    files = "".join(f"  - split: {split}\n    path: {split}.parquet\n" for split in counts)
    rows = "\n".join(f"| {split} | {count:,} |" for split, count in counts.items())
    shown = Path(name).name
    return f"""---
configs:
- config_name: default
  data_files:
{files}---

# {shown}

Java problems as `rlcf data export` writes them. `problem` holds each whole, with its tests, as JSON;
`rlcf grade`, `rlcf bench` and `load_problems` read these files. Put nothing but `prompt` and
`description` before a model.

| split | problems |
|---|---:|
{rows}

Licence of the problems: {data_licence(name, None)}.
"""
