"""The answer within a model's raw text: without control tokens, other turns and reasoning.

    answer("<think>…</think>\\nclass A { }<|im_end|>")       # class A { }

Control tokens are those that tokenizers of chat and of infilling models write out as text when a decoder
leaves them in: ends of a turn, headers of the next, fill-in-the-middle. What lies within quotes on its line
is Java's and stays.

Not covered: answers inside JSON; tool calls.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rlcf.evaluation.extraction.passage import Passage

CONTROL = re.compile(
    r"<\|[A-Za-z][\w ./:-]{0,40}\|?>|<[|｜][^|｜<>\n]{1,40}[|｜]>"
    r"|</s>|<(?:start|end)_of_turn>|<(?:start|end)_of_image>|<end_of_utterance>|</?tool_call>"
    r"|(?:(?<![\w.>])|(?<=\n))<(?:s|bos|eos|pad|unk|EOT|EOS|END|eod|eot)>(?!\s*[\w<])"
    r"|<(?:fim[-_](?:prefix|middle|suffix|pad)|file_sep|reponame|filename|gh_stars|issue_start"
    r"|jupyter_(?:start|text|code|output)|empty_output|commit_(?:before|msg|after))>"
    r"|(?<![\w.])<(?:PRE|SUF|MID)>|\[/?INST\]|\[/?AVAILABLE_TOOLS\]|\[\|[a-z]+\|\]|<<SYS>>|<unused\d+>"
)
"""Any control token. `<s>` and its like may be a type's parameters, and count where none can stand."""

_TURN = (
    r"(?:<\|im_start\|>\s*{0}[^\n<]*\n?|<\|start_header_id\|>\s*{0}\s*<\|end_header_id\|>"
    r"|<\|header_start\|>\s*{0}\s*<\|header_end\|>|<\|start_of_role\|>\s*{0}\s*<\|end_of_role\|>"
    r"|<start_of_turn>\s*{0}|<\|turn>\s*{0}|<\|{0}\|>|<｜{0}｜>|\[\|{0}\|\]|<\|im_{0}\|>"
    r"|<\|START_OF_TURN_TOKEN\|><\|{0}_TOKEN\|>|<\|start\|>\s*{0})"
)
_ASSISTANT = re.compile(
    _TURN.format("(?:assistant|model|bot|chatbot)") + r"(?:<\|im_middle\|>)?|\[/INST\]", re.IGNORECASE
)
_OTHERS = re.compile(
    r"\s*(?:<s>|<bos>|<\|begin_of_text\|>|<｜begin▁of▁sentence｜>|<\|startoftext\|>)*\s*"
    r"(?:" + _TURN.format("(?:user|system|human|developer)") + r"|\[INST\])",
    re.IGNORECASE,
)
_LEADING = re.compile(rf"\s*(?:{CONTROL.pattern}|<s>|<bos>)\s*")

_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>")
_CHANNEL_ENDS = re.compile(r"<\|(?:end|return|call|start|channel)\|>")
_BARE_CHANNELS = re.compile(r"\s*analysis(?=[A-Z\s]).*assistant\s?final", re.DOTALL)

_INFILLED = re.compile(
    r"(?P<begin><fim[-_]prefix>|<\|fim_prefix\|>|<\|fim_begin\|>|<｜fim▁begin｜>|<PRE>|\[PREFIX\])\s?(?P<prefix>.*?)"
    r"(?:<fim[-_]suffix>|<\|fim_suffix\|>|<\|fim_hole\|>|<｜fim▁hole｜>|<SUF>)(?P<suffix>.*?)"
    r"(?:<fim[-_]middle>|<\|fim_middle\|>|<\|fim_end\|>|<｜fim▁end｜>|<MID>)",
    re.DOTALL,
)

_NAMES = (
    "think|thinking|thought|thoughts|reasoning|reason|reflection|scratchpad|analysis|seed:think|ant-?thinking"
    "|inner_monologue|chain_of_thought|cot"
)
_OPENS = re.compile(
    rf"<(?P<tag>{_NAMES})>|\[(?P<bracket>THINK)\]|<\|begin_of_(?P<part>thought)\|>|◁(?P<kimi>think)▷"
    r"|<\|START_(?P<command>THINKING)\|>|<(?P<gemma>unused94)>",
    re.IGNORECASE,
)
_CLOSES = re.compile(
    rf"</(?:{_NAMES})>|\[/THINK\]|<\|end_of_thought\|>|◁/think▷|<\|END_THINKING\|>|<unused95>", re.IGNORECASE
)
_ANSWER = re.compile(
    r"<(?P<tag>answer|final_answer|final|response|solution|output|result|code|java)>(?P<inside>.*?)(?:</(?P=tag)>|\Z)"
    r"|<\|begin_of_solution\|>(?P<part>.*?)(?:<\|end_of_solution\|>|\Z)"
    r"|<\|START_RESPONSE\|>(?P<command>.*?)(?:<\|END_RESPONSE\|>|\Z)"
    r"|\[(?P<bracket>ANSWER|JAVA|CODE)\](?P<within>.*?)(?:\[/(?P=bracket)\]|\Z)",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a model says when it is done thinking."""

    text: Passage
    unfinished: bool = False
    """Whether it is reasoning that never ended, and so no answer but drafts of one."""


def answer(reply: str) -> Answered:
    """The answer within `reply`."""
    whole = Passage.of(reply)
    if whole.text.startswith("\ufeff"):
        whole = whole[1:]
    if not _may_have_marks(reply):
        return Answered(whole)
    found = _channels(whole)
    if found is None:
        found = _reasoned(_own_turn(_infilled(whole)))
    inside = _tagged(found.text)
    return Answered(_until_control(inside), found.unfinished)


def _may_have_marks(reply: str) -> bool:
    return any(sign in reply for sign in ("<", "[", "◁")) or reply.lstrip()[:8] == "analysis"


def _quoted(text: str, at: int) -> bool:
    """Whether `at` lies in a string literal of its line."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line.replace('\\"', "").count('"') % 2 == 1 or (line.endswith("'") and "'" in text[at:][:12])


def _first(pattern: re.Pattern[str], text: str, start: int = 0) -> re.Match[str] | None:
    """The first match that is not within quotes."""
    return next((m for m in pattern.finditer(text, start) if not _quoted(text, m.start())), None)


def _channels(reply: Passage) -> Answered | None:
    """The final channel (OpenAI's harmony format); None where there are no channels."""
    text = reply.text
    found = [match for match in _CHANNEL.finditer(text) if not _quoted(text, match.start())]
    if not found:
        bare = _BARE_CHANNELS.match(text)
        return None if bare is None else Answered(reply[bare.end() :])
    messages = []
    for match in found:
        end = _CHANNEL_ENDS.search(text, match.end())
        messages.append((match.group(1), reply[match.end() : end.start() if end else len(text)]))
    finals = [message for name, message in messages if name == "final" and message.text.strip()]
    return Answered(finals[0]) if finals else Answered(messages[-1][1], unfinished=True)


def _infilled(reply: Passage) -> Passage:
    """Prefix, middle and suffix in the order of the file, where a fill-in-the-middle prompt was left in."""
    match = _INFILLED.match(reply.text.lstrip())
    if match is None:
        return reply
    shift = len(reply.text) - len(reply.text.lstrip())
    middle = _until_control(reply[shift + match.end() :])
    parts = [reply[shift + match.start(name) : shift + match.end(name)] for name in ("prefix", "suffix")]
    return Passage.joined([parts[0], middle, parts[1]])


def _own_turn(reply: Passage) -> Passage:
    """The model's first turn, without its header and what it answers."""
    if _OTHERS.match(reply.text):
        turn = _ASSISTANT.search(reply.text)
        reply = reply[turn.end() :] if turn else reply
    while True:
        header = _ASSISTANT.match(reply.text.lstrip())
        shift = len(reply.text) - len(reply.text.lstrip())
        leading = None
        if header is None:
            leading = _LEADING.match(reply.text)
            if leading is not None and _OPENS.match(leading.group().strip()):
                leading = None
        if header is not None:
            reply = reply[shift + header.end() :]
        elif leading is not None:
            reply = reply[leading.end() :]
        else:
            return reply


def _reasoned(reply: Passage) -> Answered:
    """Without reasoning. A close without an open ends reasoning that the prompt began."""
    drafts = Passage()
    while True:
        text = reply.text
        opened, closed = _first(_OPENS, text), _first(_CLOSES, text)
        if closed is not None and (opened is None or closed.start() < opened.start()):
            reply = reply[closed.end() :]
        elif opened is not None:
            closed = _first(_CLOSES, text, opened.end())
            if closed is None:
                drafts, reply = reply[opened.end() :], reply[: opened.start()]
                break
            reply = reply.without([(opened.start(), closed.end())])
        else:
            break
    if not reply.text.strip() and drafts.text.strip():
        return Answered(drafts, unfinished=True)
    return Answered(reply)


def _tagged(reply: Passage) -> Passage:
    """What stands in the last tag that says it holds the answer, where one does."""
    found = [match for match in _ANSWER.finditer(reply.text) if not _quoted(reply.text, match.start())]
    for match in reversed(found):
        name = next(n for n in ("inside", "part", "command", "within") if match.group(n) is not None)
        if match.group(name).strip() and "\n" in match.group():
            return reply[match.start(name) : match.end(name)]
    return reply


def _until_control(reply: Passage) -> Passage:
    """Up to the first control token that has something before it."""
    text = reply.text
    start = 0
    while (mark := _first(CONTROL, text, start)) is not None:
        if text[: mark.start()].strip():
            return reply[: mark.start()]
        start = mark.end()
        reply, text, start = reply[start:], text[start:], 0
    return reply
