"""The bodies of requests and answers, which are also the OpenAPI page. Host protocols keep their own names.

Texts are taken as they are: pydantic's own strings refuse lone surrogates, which models do write.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WrapValidator
from pydantic_core import PydanticCustomError


def _text(value: Any, _: Any) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "must be a string")
    return value


def _object(value: Any, _: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PydanticCustomError("dict_type", "must be an object")
    return value


Text = Annotated[str, WrapValidator(_text)]
Object = Annotated[dict[str, Any], WrapValidator(_object)]
Label = Annotated[
    Text | Object,
    Field(description="a task_id of the server's problems, or a problem, as JSON text or as an object"),
]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]

OURS = ConfigDict(extra="forbid")
"""A field that is misspelt is told."""
THEIRS = ConfigDict(extra="ignore")
"""Hosts send more than is used here."""
SENT_BACK = ConfigDict(extra="allow")


class Error(BaseModel):
    """Why a request is not answered."""

    detail: str


class SampleBody(BaseModel):
    """A completion; other fields come back in its result."""

    model_config = SENT_BACK
    task_id: Text
    completion: Text


class GradeBody(BaseModel):
    """Samples to judge."""

    model_config = OURS
    samples: list[SampleBody]
    problems: Text | list[Object] | None = Field(
        None, description="a loaded set, or problem rows; by default all loaded sets"
    )
    extract: Literal["auto", "none"] = Field("auto", description="as `rlcf grade --extract`")
    expected_values: bool = Field(True, description="as `rlcf grade --expected-values`")


class GradeAnswer(BaseModel):
    """Lines as `rlcf grade` writes them, in the order of the samples."""

    results: list[dict[str, Any]]


class RewardBody(BaseModel):
    """Samples to reward."""

    model_config = OURS
    samples: list[SampleBody]
    problems: Text | list[Object] | None = Field(None, description="as in /v1/grade")


class RewardAnswer(BaseModel):
    """A reward a sample; null where the judge failed or the tests are broken."""

    rewards: list[float | None]
    outcomes: list[str]


class JobsBody(BaseModel):
    """Jobs, with the fields of `javabox.Job`."""

    model_config = OURS
    jobs: list[Object]


class JudgeAnswer(BaseModel):
    """What judges, and how much may be asked at a time."""

    provenance: dict[str, str]
    workers: int
    batch: int
    body_bytes: int
    problems: dict[str, int]


class OpenRLHFBody(BaseModel):
    """What OpenRLHF's `--reward.remote_url` sends."""

    model_config = THEIRS
    query: list[Text]
    prompts: list[Text]
    labels: list[Label]


class OpenRLHFAnswer(BaseModel):
    """What it expects."""

    rewards: list[float]
    scores: list[float]
    extra_logs: dict[str, list[float]]


class SlimeBody(BaseModel):
    """What slime's `--rm-type remote_rm` sends."""

    model_config = THEIRS
    response: Text
    label: Label
    prompt: Any = None


class ProgramBody(BaseModel):
    """What open-instruct's code verifier sends."""

    model_config = THEIRS
    program: Text
    tests: Label | list[Any] = Field(description="tests, or a label")
    max_execution_time: Seconds = Field(1.0, description="seconds a test; a label's own limits go first")


class ProgramAnswer(BaseModel):
    """1 for a test that passed, and its seconds."""

    results: list[int]
    runtimes: list[float]


class Content(BaseModel):
    """A part of a message."""

    model_config = SENT_BACK
    type: Text = "output_text"
    text: Text = ""


class Output(BaseModel):
    """An item of a response: a message, or something else that has no text."""

    model_config = SENT_BACK
    type: Text = "message"
    content: list[Content] | Text | None = None


class Responded(BaseModel):
    """A response as OpenAI's API has it."""

    model_config = SENT_BACK
    output: list[Output]


class VerifyBody(BaseModel):
    """NeMo Gym's BaseVerifyRequest."""

    model_config = SENT_BACK
    response: Responded
    verifier_metadata: Label


class VerifyAnswer(BaseModel):
    """The request, with the reward."""

    model_config = SENT_BACK
    reward: float


class RunBody(BaseModel):
    """SandboxFusion's RunCodeRequest."""

    model_config = THEIRS
    code: Text
    language: Literal["java"]
    stdin: Text | None = None
    compile_timeout: Seconds = 10.0
    run_timeout: Seconds = 10.0
    memory_limit_MB: int = Field(-1, ge=-1, le=1 << 20)
    files: dict[str, str | None] = Field({}, description="base64; Java sources alone")
    fetch_files: Annotated[list[Text], Field(max_length=0)] = []


class CommandResult(BaseModel):
    """How compiling or running ended."""

    status: Literal["Finished", "Error", "TimeLimitExceeded"]
    execution_time: float | None = None
    return_code: int | None = None
    stdout: str | None = None
    stderr: str | None = None


class RunAnswer(BaseModel):
    """SandboxFusion's RunCodeResponse."""

    status: Literal["Success", "Failed", "SandboxError"]
    message: str = ""
    compile_result: CommandResult | None = None
    run_result: CommandResult | None = None
    executor_pod_name: str | None = None
    files: dict[str, str] = {}
