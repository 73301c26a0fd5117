"""RLCF in one file, in the order of time: problems, policy, sample, judge, ground, advantage, loss, step,
evaluate (Jain et al., arXiv 2305.18341; PPO as in Schulman et al., arXiv 1707.06347).

    python examples/rl_loop.py

A policy of 0.8M parameters is made on the spot and learns for half a minute on a CPU. `rlcf train` does the
same with what a real run needs besides: rollouts that are judged while others are sampled, micro-batches,
LoRA, several processes, checkpoints, alarms, other objectives (rlcf/training/). The losses are its own.

Shape suffixes: B completions, T tokens of the longest one, D width of the policy.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from rlcf import Answer, Judge, Limits, Policy, Problem, Signal, evaluate, load_grounding, tiny_policy
from rlcf.policy.critic import Critic
from rlcf.problems import atomic
from rlcf.training.objectives import ppo_losses as ppo

PROBLEMS, MEASURED = 300, 64
CORPUS_ROWS, CORPUS_NOISE = 3000, 0.35  # a third of the corpus is corrupted, as scraped code is
SUPERVISED_STEPS, SUPERVISED_BATCH, SUPERVISED_LR = 375, 24, 3e-3
STEPS, PROMPTS, SAMPLES, MINIBATCHES = 12, 48, 4, 4
TEMPERATURE, LONGEST = 0.8, 64
LR, CRITIC_LR, KL, CLIP, LAMBDA = 3e-4, 2e-3, 0.02, 0.2, 0.95
DISCRIMINATOR_WEIGHT, DISCRIMINATOR_LR, FIRST_PAIRS, MORE_PAIRS = 0.2, 3e-3, 40, 5  # batches of pairs
LIMITS = Limits(fuel=50_000_000, wall_seconds=10.0)  # programs that never end are common: they end soon


class Discriminator(nn.Module):
    """Tells the reference from what the policy wrote. Reads a frozen copy of the policy: the mean over a
    completion's tokens."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self.reader = policy.replica()
        self.head = nn.Sequential(nn.Linear(policy.width, 64), nn.ReLU(), nn.Linear(64, 1))
        self.optimizer = torch.optim.AdamW(self.head.parameters(), lr=DISCRIMINATOR_LR)

    def scores(self, prompts: Sequence[str], completions: Sequence[str]) -> Tensor:
        """s(x, y), [B]; the higher, the more like a reference."""
        rows = [self.reader.encode_prompt(prompt) for prompt in prompts]
        batch = self.reader.collate(rows, [self.reader.encode_completion(text) for text in completions])
        with torch.no_grad():
            states_BTD = self.reader.token_stats(batch).states_BTD
        scores_B1: Tensor = self.head(states_BTD.sum(1) / batch.mask_BT.sum(1, keepdim=True))
        return scores_B1.squeeze(1)

    @torch.no_grad()
    def compare(self, prompts: Sequence[str], ours: Sequence[str], references: Sequence[str]) -> list[float]:
        """0 where the two can't be told apart, -1 where ours is surely machine-made."""
        values_B = torch.tanh(self.scores(prompts, ours) - self.scores(prompts, references))
        return [float(value) for value in values_B]

    def learn(self, answers: Sequence[Answer], batches: int) -> None:
        """Learns from pairs that both compile; of the others the compiler says enough."""
        compiled = [a for a in answers if a.verdict.compiled]
        pairs = [(a.problem.prompt, str(a.problem.reference), a.completion) for a in compiled]
        for _ in range(batches if pairs else 0):
            prompts, references, ours = zip(*random.choices(pairs, k=32), strict=True)
            loss = -logsigmoid(2 * (self.scores(prompts, references) - self.scores(prompts, ours))).mean()
            step(self.optimizer, loss)


Row = tuple[list[int], list[int], Signal]
"""Tokens of prompt and completion, and what the completion is worth; the judge did not fail on it."""


def step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    for group in optimizer.param_groups:
        nn.utils.clip_grad_norm_(group["params"], 1.0)
    optimizer.step()


def pretrain(policy: Policy, corpus: Sequence[tuple[str, str]]) -> None:
    """Supervised training on (prompt, completion): it learns to write Java, much of it wrong."""
    rows = [(policy.encode_prompt(prompt), policy.encode_completion(text)) for prompt, text in corpus]
    rows.sort(key=lambda row: len(row[0]) + len(row[1]))  # neighbours of one length: less padding
    optimizer = torch.optim.AdamW(policy.parameters(), lr=SUPERVISED_LR, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, SUPERVISED_LR, SUPERVISED_STEPS, pct_start=0.1)
    for _ in range(SUPERVISED_STEPS):
        first = random.randrange(len(rows) - SUPERVISED_BATCH)
        prompts, completions = zip(*rows[first : first + SUPERVISED_BATCH], strict=True)
        batch = policy.collate(prompts, completions)
        step(optimizer, -policy.token_stats(batch).logps_BT.sum() / batch.mask_BT.sum())
        schedule.step()


def judged(judge: Judge, problems: Sequence[Problem], completions: Sequence[str]) -> list[Answer]:
    """Compiles each program and runs its tests, isolated; a verdict tells what happened, where, and why."""
    pairs = list(zip(problems, completions, strict=True))
    verdicts = judge.grade([problem.job(completion, LIMITS) for problem, completion in pairs])
    return [Answer(*pair, verdict) for pair, verdict in zip(pairs, verdicts, strict=True)]


@torch.no_grad()
def scored(policy: Policy, reference: Policy, critic: Critic, rows: Sequence[Row]) -> Tensor:
    """Advantages: the score on its token less the KL to the reference, against the critic (GAE), whitened;
    stacked with what the losses need besides, [3, B, T]."""
    prompts, ids, signals = zip(*rows, strict=True)
    batch = policy.collate(prompts, ids)
    mask_BT, old = batch.mask_BT, policy.token_stats(batch, TEMPERATURE)
    values_BT = critic(old.states_BTD) * mask_BT
    reference_BT = reference.token_stats(batch, TEMPERATURE).logps_BT
    scores_B = torch.tensor([float(signal.score or 0.0) for signal in signals])
    # The compiler's -1 belongs to the token of the first error, every other score to the last one.
    places_B = torch.tensor([
        len(row) - 1 if signal.reward_position is None else policy.token_at(row, signal.reward_position)
        for row, signal in zip(ids, signals, strict=True)
    ])  # fmt: skip
    rewards_BT = ppo.token_rewards(scores_B, places_B, old.logps_BT, reference_BT, mask_BT, KL)
    estimates_BT = ppo.gae(rewards_BT, values_BT, mask_BT, 1.0, LAMBDA)
    advantages_BT = ppo.whiten(estimates_BT, mask_BT, rewards_BT.sum(1).std(correction=0))
    return torch.stack([old.logps_BT, advantages_BT, estimates_BT + values_BT])


def update(
    policy: Policy, critic: Critic, optimizer: torch.optim.Optimizer, rows: Sequence[Row],
    scored_3BT: Tensor, *, warm_up: bool,
) -> float:  # fmt: skip
    """Steps on the clipped surrogate and the critic's error, a quarter of the completions each; returns the
    policy's mean loss. In the warm-up the critic learns alone."""
    losses = []
    for part in torch.randperm(len(rows)).chunk(MINIBATCHES):
        batch = policy.collate([rows[row][0] for row in part], [rows[row][1] for row in part])
        mask_BT, tokens = batch.mask_BT, int(batch.mask_BT.sum())
        stats = policy.token_stats(batch, TEMPERATURE)
        old_BT, advantages_BT, returns_BT = scored_3BT[:, part, : mask_BT.shape[1]]
        clip = ppo.Clip(CLIP, CLIP)
        actor = ppo.policy_loss(stats.logps_BT, old_BT, advantages_BT, mask_BT / tokens, clip)
        value_loss = ppo.value_loss(critic(stats.states_BTD), returns_BT, mask_BT, tokens)
        step(optimizer, value_loss if warm_up else actor.loss + value_loss)
        losses.append(actor.loss.item())
    return sum(losses) / len(losses)


def main() -> None:
    started = time.monotonic()
    random.seed(0)
    torch.manual_seed(0)
    torch.set_num_threads(1)  # a second thread makes so small a model slower

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:5.1f} s  {text}", flush=True)

    with Judge() as judge:
        # Problems: Java functions to complete, with their tests, and a corpus of completions to begin with.
        problems = random.sample(atomic.build(0, judge, train=PROBLEMS, validation=0, test=0).train, PROBLEMS)
        corpus = atomic.corpus(problems, CORPUS_ROWS, CORPUS_NOISE, seed=0)
        held_out, problems = problems[:MEASURED], problems[MEASURED:]

        # Policy: pre-trained, and copied: the reference of the KL, and what the discriminator reads.
        policy = tiny_policy([text for row in corpus for text in row], seed=0)
        pretrain(policy, corpus)
        reference, discriminator = policy.replica(), Discriminator(policy)
        critic = Critic(policy.width, seed=0)
        actor = {"params": policy.parameters(), "lr": LR}
        optimizer = torch.optim.AdamW([actor, {"params": critic.parameters(), "lr": CRITIC_LR}])
        ground = load_grounding("rlcf+tests", discriminator.compare, DISCRIMINATOR_WEIGHT)

        def sample(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
            return policy.sample(prompts, temperature=temperature, max_new_tokens=LONGEST, seed=seed)

        def measure(when: str) -> None:
            """Evaluate: on problems of which no completion was rewarded, with the same random numbers."""
            rates = evaluate(held_out, sample, judge, temperature=TEMPERATURE, n=4, limits=LIMITS)[0].rates
            found = ", ".join(f"{name} {rates[name][1].rate:.0%}" for name in ("compile", "exec", "pass"))
            say(f"{when}: {found}")

        measure("before")
        for number in range(STEPS):
            # Sample, judge, ground: completions become verdicts, verdicts become signals.
            asked = [problem for problem in random.sample(problems, PROMPTS) for _ in range(SAMPLES)]
            prompts = [policy.encode_prompt(problem.prompt) for problem in asked]
            seeds = [random.getrandbits(60) for _ in asked]
            ids = [one.ids for one in policy.sample_tokens(prompts, TEMPERATURE, LONGEST, seeds)]
            answers = judged(judge, asked, [policy.decode(row) for row in ids])
            discriminator.learn(answers, MORE_PAIRS if number else FIRST_PAIRS)
            signals = ground(answers)
            # Advantage, loss, step; without what the judge failed on, which is no reward.
            rows = [row for row in zip(prompts, ids, signals, strict=True) if row[2].score is not None]
            scored_3BT = scored(policy, reference, critic, rows)
            loss = update(policy, critic, optimizer, rows, scored_3BT, warm_up=number == 0)
            reward = sum(float(signal.score or 0.0) for _, _, signal in rows) / len(rows)
            say(f"step {number + 1}: reward {reward:+.2f}, loss {loss:+.3f}")
        measure("after")


if __name__ == "__main__":
    main()
