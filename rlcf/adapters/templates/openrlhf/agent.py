"""What OpenRLHF loads for several turns: `--train.agent_func_path agent.py`."""

import torch
from openrlhf.utils.agent import AgentInstanceBase, MultiTurnAgentExecutor

from rlcf.adapters import cached_rewards, problem_of_row
from rlcf.environment import Episode, Setting

TURN = "\n<|im_start|>user\n{feedback}<|im_end|>\n<|im_start|>assistant\n"
"""How the model's chat template puts a further message of the user; this is ChatML's, as of Qwen."""


class AgentInstance(AgentInstanceBase):
    """One conversation: a reply, what javac or a test says of it, and the next reply."""

    def __init__(self, *_args, **_kwargs):
        self.rewards, self.episode = cached_rewards("tests"), None

    async def step(self, state_dict, **_kwargs):
        """Judges a reply. OpenRLHF adds up the rewards of turns: the last program's is the only one."""
        if self.episode is None:
            problem = problem_of_row(state_dict["label"], self.rewards.problems)
            self.episode = Episode(problem, self.rewards.judge, Setting(turns=2), self.rewards.grounding)
        turn = await self.episode.step_async(state_dict["action_text"])
        done = turn.done or turn.feedback is None  # without a verdict nothing can be said
        score = torch.tensor(turn.reward if done and turn.reward is not None else 0.0)
        facts = {"judged": torch.tensor(float(turn.reward is not None))}
        facts["passed"] = torch.tensor(float(bool(turn.verdict.passed)))
        feedback = "" if done else TURN.format(feedback=turn.feedback)
        told = {"environment_feedback": feedback, "done": done, "extra_logs": facts}
        return {"rewards": score, "scores": score, **told}


class AgentExecutor(MultiTurnAgentExecutor):
    """The class that OpenRLHF asks for."""

    def __init__(self):
        super().__init__(AgentInstance)
