"""The small world of the tests of training, for studies too."""

from tests.rlcf.training.conftest import one_thread, small_world

__all__ = ["one_thread", "small_world"]
