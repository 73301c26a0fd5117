"""Java functions from short descriptions, made on the spot and tested by what they compute.

The small counterpart of a code corpus, in the manner of arXiv 2406.10305: about 200 hand-written
atomic functions over int, int[], String and boolean, chained by type; see `chain` for what a problem
looks like and `splits` for what is held out. `corrupt` makes a corpus as noisy as scraped code.

    data = build(seed=0, judge=judge)
    rows = corpus(data.train, size=20_000, noise=0.35, seed=0)

Not covered: loops over two values, helper methods, classes, exceptions, generics.
"""

from __future__ import annotations

from rlcf.problems.atomic.build import build
from rlcf.problems.atomic.corrupt import corpus, corrupt
from rlcf.problems.atomic.generator import AtomicData

__all__ = ["AtomicData", "build", "corpus", "corrupt"]
