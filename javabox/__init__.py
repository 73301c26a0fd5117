"""javabox judges Java: it compiles and runs programs nobody trusts, and its verdict can't be faked."""

from javabox.errors import CacheUnusable, ClasspathUnusable, JudgeInChild, JudgeUnavailable
from javabox.job import Job, Limits, StdinCase, Suite, SuiteCase
from javabox.judge import Judge
from javabox.verdict import Case, Diagnostic, Outcome, ThrownException, Verdict

__all__ = [
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
    "StdinCase",
    "Suite",
    "SuiteCase",
    "ThrownException",
    "Verdict",
]
