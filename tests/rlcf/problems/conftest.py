"""A judge that is served, for generators in processes of their own."""

from tests.rlcf.training.conftest import served_judge

__all__ = ["served_judge"]
