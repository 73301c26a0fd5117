"""Java functions with many right programs: what passes is mostly not what the reference says.

The counterpart of `atomic` where a comparison with the reference can matter: every atomic function is written
in three to six ways (loops, streams, recursion, library calls, other conditionals and orders), with other
names, and chained by type. A problem's reference is one of the ways, its alternatives are others; a corpus is
drawn from the alternatives.

    data = build(seed=0, judge=judge)
    data.test[0].reference, data.test[0].alternatives

Not covered: chains of three steps, loops that do the work of both steps, other algorithms.
"""

from __future__ import annotations

from rlcf.problems.many_ways.build import build

__all__ = ["build"]
