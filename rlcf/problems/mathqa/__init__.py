"""MathQA (Amini et al. 2019) as Java problems in the form of mxeval's MathQA-Java test split.

    rows = read_questions(path)                     # the official array, or JSONL
    built = build(train, validation, load_problems("mathqa"), judge)
    write(built, path)

A row is a text and a `linear_formula` over its numbers. The formula becomes a tree of doubles (`formula`),
the tree idiomatic Java (`java`), the text a prompt and its value the expected one (`form`). `build` judges
every reference, leaves out what occurs in the test split and divides the rest; `copying` has the baselines.
"""

from rlcf.problems.mathqa.build import Built, build, write
from rlcf.problems.mathqa.copying import nearest_neighbour, same_letters
from rlcf.problems.mathqa.formula import BadFormula, Formula, NoValue, read_formula
from rlcf.problems.mathqa.questions import Question, read_questions, training_file

__all__ = [
    "BadFormula",
    "Built",
    "Formula",
    "NoValue",
    "Question",
    "build",
    "nearest_neighbour",
    "read_formula",
    "read_questions",
    "same_letters",
    "training_file",
    "write",
]
