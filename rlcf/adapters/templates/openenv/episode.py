"""One episode over the server: a program that does not compile, what is said of it, and the reference."""

import argparse

from openenv.core.generic_client import GenericEnvClient

from rlcf import load_problems

parser = argparse.ArgumentParser()
parser.add_argument("--url", default="http://127.0.0.1:8000")
parser.add_argument("--index", type=int, default=0)
given = parser.parse_args()

problem = load_problems("mbjp", "train")[given.index]
with GenericEnvClient(base_url=given.url).sync() as env:
    print(env.reset(split="train", index=given.index).observation["text"])
    for reply in ("        return nothing;\n    }\n}", problem.reference):
        told = env.step({"reply": reply})
        print(told.reward, told.done, told.observation["outcome"], told.observation["text"], sep=" | ")
