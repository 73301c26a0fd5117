"""`continuous`: `model.generate_batch` of transformers, a paged cache in which rows come and go.

It pays where many rows end at very different lengths, with flash attention on a GPU; on the CPU it runs (and
is tested) but is slow. It draws with one generator for all rows in the order of its own schedule: a call is
seeded by all its seeds together, and unlike in the other backends a row depends on the rows beside it.

The library logs an error and returns fewer rows than it was given; here that is an exception. It may switch
the model to flash attention and, when its thread dies, leave it so; the model's own is put back.

Not covered: encoder-decoder models; keeping the cache between calls, for the weights change.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import PreTrainedModel
from transformers.generation.configuration_utils import ContinuousBatchingConfig

from rlcf.errors import BadInput
from rlcf.policy.batch import Tokens
from rlcf.policy.generate.choose import stable_seed
from rlcf.policy.generate.huggingface import own_config, plain_config
from rlcf.policy.generate.sampled import Decoding, Sampled, cut, hand_out

MEMORY = 0.4
"""Share of the free GPU memory that the cache may take: training needs the rest."""
PAGE = 16
CPU_TOKENS = 4096
"""On the CPU, which the library does not measure: tokens of a forward at most."""


class GenerationFailed(RuntimeError):
    """The library's generation thread failed or lost rows. Run again with another backend."""


class Continuous:
    """See the module; it keeps nothing between calls."""

    samples_from_model = True

    def generate(
        self, model: PreTrainedModel, prompts: Sequence[Tokens], seeds: Sequence[int], decoding: Decoding
    ) -> list[Sampled]:
        """See `Backend`; raises GenerationFailed, and BadInput for an encoder-decoder model."""
        if model.config.is_encoder_decoder:
            raise BadInput(
                "`continuous` decodes causal models alone; take `transformers` for an encoder-decoder model",
                field="backend",
            )
        drawn = {"do_sample": True, "temperature": decoding.temperature, "top_k": 0, "top_p": decoding.top_p}
        config = plain_config(model, decoding, **(drawn if decoding.temperature else {}))
        attention = model.config._attn_implementation
        devices = [model.device] if model.device.type == "cuda" else []
        try:
            # The library seeds the generator of the whole process.
            with own_config(model, config), torch.random.fork_rng(devices=devices):
                outputs = model.generate_batch(
                    [list(prompt) for prompt in prompts],
                    generation_config=config,
                    continuous_batching_config=_batching(model, prompts, seeds, decoding),
                    warmup=model.device.type == "cuda",
                )
        finally:
            if model.config._attn_implementation != attention:
                model.set_attn_implementation(attention)
        if len(outputs) != len(prompts):
            raise GenerationFailed(f"`continuous` answered {len(outputs)} of {len(prompts)} prompts")
        for output in outputs.values():
            if output.error is not None:
                raise GenerationFailed(f"`continuous` failed on a prompt: {output.error}")
        sampled = [
            cut(list(output.generated_tokens), list(output.logprobs), decoding.stop_ids)
            for output in outputs.values()
        ]
        return hand_out(sampled, decoding)

    def sync(self, policy_model: PreTrainedModel) -> None:
        """Nothing: the model is the policy's own."""


def _batching(
    model: PreTrainedModel, prompts: Sequence[Tokens], seeds: Sequence[int], decoding: Decoding
) -> ContinuousBatchingConfig:
    seed = stable_seed(*seeds) % 2**32
    if model.device.type == "cuda":
        return ContinuousBatchingConfig(return_logprobs=True, seed=seed, max_memory_percent=MEMORY)
    pages = sum(-(-(len(prompt) + decoding.max_new_tokens) // PAGE) + 1 for prompt in prompts)
    return ContinuousBatchingConfig(
        return_logprobs=True,
        seed=seed,
        page_size=PAGE,
        num_blocks=pages,
        max_batch_tokens=CPU_TOKENS,
        use_cuda_graph=False,
    )
