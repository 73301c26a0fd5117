"""Claim: who follows one training step passes at most 20 modules.

Trains one small PPO step and prints the modules of this repository that the main thread enters from the
beginning of the step to the loss of its first minibatch, in the order in which it enters them.

    python -m benchmarks.step_modules

Not covered: imports, the threads that judge and ground, and the way from the command line to the step.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any

from javabox import Judge
from rlcf.recipes import load_recipe
from rlcf.training import run, step
from rlcf.training.objectives import ppo_losses

ROOT = Path(__file__).parent.parent
MOST = 20
OURS = (str(ROOT / "rlcf"), str(ROOT / "javabox"))
SMALL = {
    "data.train_problems": 30,
    "data.rl_problems": 0,
    "data.corpus_problems": 0,
    "evaluation.problems": 2,
    "evaluation.samples": 1,
    "supervised.steps": 1,
    "rollout.prompts_per_step": 2,
    "rollout.samples_per_prompt": 2,
    "rollout.max_new_tokens": 12,
    "objective.minibatches": 1,
    "objective.steps": 1,
}
"""Fields of the shortest run that takes a step."""


class Walk:
    """The modules entered while it looks on."""

    def __init__(self) -> None:
        self.modules: list[str] = []

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        file = frame.f_code.co_filename
        if event != "call" or not file.startswith(OURS):
            return
        module = str(Path(file).relative_to(ROOT))
        if module not in self.modules:
            self.modules.append(module)
        if frame.f_code is ppo_losses.policy_loss.__code__:
            sys.setprofile(None)


def main() -> int:
    walk, take = Walk(), step.TrainingStep.take

    def watched(*arguments: Any) -> Any:
        sys.setprofile(walk)
        return take(*arguments)

    step.TrainingStep.take = watched  # type: ignore
    with Judge() as judge, tempfile.TemporaryDirectory() as folder:
        recipe = load_recipe("quickstart", SMALL | {"objective.grounding": "tests"})
        run.train(recipe, Path(folder) / "run", judge)
    print(f"{len(walk.modules)} modules\n" + "\n".join(walk.modules))
    return int(len(walk.modules) > MOST)


if __name__ == "__main__":
    sys.exit(main())
