"""Completions for a benchmark: asked of a model or of an endpoint, judged as they arrive, kept as they come.

    with open_journal(Path("results.jsonl"), settings) as journal:
        evaluation, answers = benchmark(problems, 20, writer, judge, ks=(1, 10), journal=journal)

| module | what |
| --- | --- |
| `asked.py` | what is asked and what comes back; who asks (`Writer`) |
| `prompting.py` | what a model reads: the prompt, examples before it, a conversation |
| `local.py` | a policy as a writer |
| `endpoint.py`, `requests.py` | a server that speaks OpenAI's protocol as a writer |
| `journal.py` | what is kept, so that a killed run goes on |
| `benchmark.py` | the loop |
"""

from rlcf.evaluation.generation.asked import Ask, Completion, Deliver, Writer
from rlcf.evaluation.generation.benchmark import benchmark
from rlcf.evaluation.generation.journal import Journal, open_journal

__all__ = ["Ask", "Completion", "Deliver", "Journal", "Writer", "benchmark", "open_journal"]
