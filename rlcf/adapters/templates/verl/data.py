"""Writes train.parquet and val.parquet: MBJP's problems, each with its tests."""

from datasets import Dataset

from rlcf import load_problems
from rlcf.adapters import rows

for name, split in (("train", "train"), ("val", "validation")):
    made = [
        {
            "data_source": "rlcf",
            "prompt": row["prompt"],
            "ability": "java",
            "reward_model": {"style": "rule", "ground_truth": row["problem"]},
            "extra_info": {"index": index, "split": name, "task_id": row["task_id"]},
        }
        for index, row in enumerate(rows(load_problems("mbjp", split)))
    ]
    Dataset.from_list(made).to_parquet(f"{name}.parquet")
