"""Who answers in `rlcf bench`: a model here, loaded once it is asked, or an endpoint."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlcf.commands.bench.model import load_model
from rlcf.commands.bench.options import Drawing, Prompted, Served
from rlcf.evaluation.critic_sampling import critic_sampling, whole_problems
from rlcf.evaluation.generation.asked import Ask, Deliver, Writer, sampled
from rlcf.evaluation.generation.endpoint import endpoint_writer
from rlcf.evaluation.generation.local import Asking, local_writer
from rlcf.evaluation.generation.prompting import Prompting
from rlcf.evaluation.generation.requests import cut, request_body
from rlcf.problems import Problem

if TYPE_CHECKING:
    from javabox import AnyJudge
    from rlcf.training.verifier import Verifier

log = logging.getLogger("rlcf")


class Answering:
    """See the module; the options are checked already."""

    def __init__(
        self,
        local: str | None,
        drawing: Drawing,
        prompted: Prompted,
        served: Served,
        prompting: Prompting,
        refine: int,
        verifier: str | None,
    ) -> None:
        self.local, self.drawing, self.prompted, self.served = local, drawing, prompted, served
        self.prompting, self.refine, self.verifier = prompting, refine, verifier
        self.policy = cache(partial(load_model, local or ""))
        self.load_verifier = cache(self._load_verifier)

    def told(self) -> dict[str, Any]:
        """For the summary."""
        where = {"endpoint": self.served.endpoint, "api": self.served.api} if self.served.endpoint else {}
        return {
            "model": self.local or self.served.model,
            **where,
            "n": self.drawing.n,
            "temperature": self.drawing.temperature,
            "top_p": self.drawing.top_p,
        }

    def writer(self, problems: Sequence[Problem], judge: AnyJudge) -> Writer:
        """Who answers. A model is loaded at the first ask: a run that is whole already needs none. Raises
        BadInput."""
        if self.served.endpoint is not None:
            return self._endpoint()

        def write(asks: Sequence[Ask], deliver: Deliver) -> None:
            made = self._refined(problems, judge) if self.refine else self._local()
            made(asks, deliver)

        return write

    def _load_verifier(self) -> Verifier:
        from rlcf.training.verifier import load_verifier

        return load_verifier(Path(self.verifier or ""), self.policy().device)

    def _endpoint(self) -> Writer:
        chat = self.served.api == "chat"
        asking = self._asking(chat)
        body = request_body(
            asking,
            model=self.served.model or "",
            api=self.served.api,
            temperature=self.drawing.temperature,
            top_p=self.drawing.top_p,
            max_new_tokens=self.drawing.longest(chat),
        )
        return endpoint_writer(self.served.server(), body, partial(cut, asking))

    def _local(self) -> Writer:
        policy = self.policy()
        from rlcf.policy.writing import Writing

        auto = self.prompted.chat == "auto" and not self.verifier
        chat = self.prompted.chat == "on" or (auto and policy.has_chat_template)
        if chat and auto:
            log.warning("asked by the chat template; --chat off has the model go on from the prompt")
        drawing = self.drawing
        writing = Writing(drawing.temperature, drawing.top_p, drawing.longest(chat), drawing.batch)
        return local_writer(policy, self._asking(chat), writing)

    def _asking(self, chat: bool) -> Asking:
        arguments, stop = self.prompted.arguments(), tuple(self.prompted.stop)
        return Asking(self.prompting, chat, arguments, stop, self.drawing.seed)

    def _refined(self, problems: Sequence[Problem], judge: AnyJudge) -> Writer:
        """Raises BadInput where the checkpoint has no critic."""
        policy, drawing = self.policy(), self.drawing
        from rlcf.policy.prefix_critic import load_prefix_critic

        prefixes = load_prefix_critic(self.local or "", policy)

        def sample(prompts: Sequence[str], temperature: float, seed: int) -> list[str]:
            longest = drawing.longest(chat=False)
            return policy.sample(prompts, temperature=temperature, max_new_tokens=longest, seed=seed)

        refined = critic_sampling(problems, sample, prefixes, judge, self.refine)
        batch = whole_problems(drawing.n, drawing.batch)
        return sampled(refined, temperature=drawing.temperature, seed=drawing.seed, batch=batch)
