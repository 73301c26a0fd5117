"""The small world of the tests of training and their judge that is served, for studies too."""

from tests.rlcf.training.conftest import one_thread, served_judge, small_world

__all__ = ["one_thread", "served_judge", "small_world"]
