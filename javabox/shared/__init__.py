"""One judge for all processes of a user on a machine: a handle that finds it or starts it."""

from javabox.shared.handle import SharedJudge

__all__ = ["SharedJudge"]
