"""Problems in several turns: the model writes, sees what javac or the tests say, and corrects its program.

    episode = Episode(problem, judge, Setting(turns=2, shows="both"))
    while not episode.done:
        turn = episode.step(ask(episode.messages))      # or episode.text, for a model that continues
    episode.reward                                      # the last program's

| module | what |
| --- | --- |
| `setting.py` | how many turns, what is shown, in which words |
| `quoting.py` | what a program wrote, quoted so that it can't pass for ours |
| `feedback.py` | the facts about a program, from its verdict |
| `episode.py` | episodes: one, many in a batch, in asyncio |
| `repairs.py` | a benchmark in turns (`rlcf bench --turns 2`) |
| `corpus.py` | rows of a supervised corpus: a wrong program, what is told of it, a right one |

Rewards are those of `rlcf/grounding/`. docs/environment.md shows the texts.
"""

from rlcf.environment.episode import Episode, Turn, step_all, step_all_async
from rlcf.environment.feedback import feedback_on
from rlcf.environment.setting import Setting

__all__ = ["Episode", "Setting", "Turn", "feedback_on", "step_all", "step_all_async"]
