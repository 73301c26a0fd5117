"""The baselines that every MathQA table must carry: copying the formula of a training question.

MathQA's test split is mostly look-up: for three quarters of it a training question has the same letters, and
its formula over the test question's numbers is right. A model's score says something only beside these two:

    same_letters       the formula of the training question with the same template; of several the most common
    nearest_neighbour  that of the nearest by tf-idf, over words and pairs of them with numbers masked, of the
                       training questions with as many numbers; again of several the most common

Both answer with Java completions, judged like a model's. Where there is nothing to copy, or the formula
can't be computed with the new numbers, the completion is empty, which does not compile.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from rlcf.problems.mathqa.formula import BadFormula, NoValue, read_formula
from rlcf.problems.mathqa.java import completion
from rlcf.problems.mathqa.questions import Question, numbers, template, words_masked
from rlcf.problems.problem import Problem


def same_letters(train: Sequence[Question], test: Sequence[Problem]) -> list[str]:
    """A completion for each of the `test` problems."""
    formulas: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for question in train:
        formulas[template(question.text)][question.formula] += 1
    copied = []
    for problem in test:
        counts = formulas.get(template(problem.description))
        # of equally many the one that stands first in the file
        copied.append(_applied(counts.most_common(1)[0][0], problem) if counts else "")
    return copied


def nearest_neighbour(train: Sequence[Question], test: Sequence[Problem]) -> list[str]:
    """A completion for each of the `test` problems. Takes a minute on MathQA."""
    runs = [_runs(question.text) for question in train]
    documents = Counter(run for counted in runs for run in counted)
    # smoothed, so that a run which every question has still counts, and one that none has is defined
    weights = {run: math.log((1 + len(train)) / (1 + count)) + 1 for run, count in documents.items()}
    indices: defaultdict[int, _Index] = defaultdict(lambda: defaultdict(list))
    formulas: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for place, (question, counted) in enumerate(zip(train, runs, strict=True)):
        masked = " ".join(_words(question.text))
        if masked not in formulas:  # all that are equally near stand for themselves by their first
            index = indices[len(numbers(question.text))]
            for run, weight in _vector(counted, weights).items():
                index[run].append((place, weight))
        formulas[masked][question.formula] += 1
    copied = []
    for problem in test:
        asked = _vector(_runs(problem.description), weights)
        nearest = _nearest(asked, indices[len(numbers(problem.description))])
        if nearest is None:
            copied.append("")
            continue
        counts = formulas[" ".join(_words(train[nearest].text))]
        copied.append(_applied(counts.most_common(1)[0][0], problem))
    return copied


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", words_masked(text).lower())


def _runs(text: str) -> Counter[str]:
    """How often each word and each pair of words occurs."""
    words = _words(text)
    return Counter([*words, *(" ".join(pair) for pair in itertools.pairwise(words))])


_Index = defaultdict[str, list[tuple[int, float]]]
"""By run of words: the questions that have it, as their places, with its weight in each."""


def _vector(words: Mapping[str, int], weights: Mapping[str, float]) -> dict[str, float]:
    """tf-idf with 1 + log tf, of length 1; runs without a weight are left out."""
    vector = {word: (1 + math.log(count)) * weights[word] for word, count in words.items() if word in weights}
    length = math.sqrt(math.fsum(value * value for value in vector.values()))
    return {word: value / length for word, value in vector.items()}


def _nearest(asked: Mapping[str, float], index: _Index) -> int | None:
    """The place with the largest cosine, the first of equals; None where no word is shared."""
    cosines: defaultdict[int, float] = defaultdict(float)
    for word, weight in asked.items():
        for place, other in index.get(word, ()):
            cosines[place] += weight * other
    return max(cosines, key=lambda place: (round(cosines[place], 12), -place), default=None)


def _applied(formula: str, problem: Problem) -> str:
    try:
        return completion(read_formula(formula, numbers(problem.description)))
    except (BadFormula, NoValue):
        return ""
