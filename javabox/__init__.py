"""javabox judges Java: it compiles and runs programs nobody trusts, and its verdict can't be faked."""

from javabox.errors import CacheUnusable, ClasspathUnusable, JudgeInChild, JudgeUnavailable
from javabox.interface import AnyJudge
from javabox.job import Job, Limits, StdinCase, Suite, SuiteCase
from javabox.judge import Judge
from javabox.shared import SharedJudge
from javabox.verdict import Case, Diagnostic, Outcome, ThrownException, Verdict

__all__ = [
    "AnyJudge",
    "CacheUnusable",
    "Case",
    "ClasspathUnusable",
    "Diagnostic",
    "Job",
    "Judge",
    "JudgeInChild",
    "JudgeUnavailable",
    "Limits",
    "Outcome",
    "SharedJudge",
    "StdinCase",
    "Suite",
    "SuiteCase",
    "ThrownException",
    "Verdict",
]
