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
from rlcf.javasource.tokens import LONGEST_LINE

_SIGNS = ("<", "[", "◁")
"""What any mark has one of."""

_REASONING_TOKENS = (
    r"(?!<\|(?:begin|end)_of_(?:thought|solution)|<\|(?:START|END)_(?:THINKING|RESPONSE)|<unused9[45]>)"
)
CONTROL = re.compile(
    _REASONING_TOKENS + r"(?:<\|[A-Za-z][\w ./:-]{0,40}\|?>|<[|｜][^|｜<>\n]{1,40}[|｜]>"
    r"|</s>|<(?:start|end)_of_turn>|<(?:start|end)_of_image>|<end_of_utterance>|</?tool_call>"
    r"|(?:(?<![\w.>])|(?<=\n))<(?:s|bos|eos|pad|unk|EOT|EOS|END|eod|eot)>(?!\s*[\w<])"
    r"|<(?:fim[-_](?:prefix|middle|suffix|pad)|file_sep|reponame|filename|gh_stars|issue_start"
    r"|jupyter_(?:start|text|code|output)|empty_output|commit_(?:before|msg|after))>"
    r"|(?<![\w.])<(?:PRE|SUF|MID)>|\[/?INST\]|\[/?AVAILABLE_TOOLS\]|\[\|[a-z]+\|\]|<<SYS>>|<unused\d+>)"
)
"""Any control token but those around reasoning. `<s>` and its like may be parameters of a type, and count
where none can stand."""

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
_HEADER = re.compile(rf"\s*(?:(?:(?i:{_ASSISTANT.pattern})|{CONTROL.pattern}|<(?:s|bos)>)\s*)+")

_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>")
_CHANNEL_ENDS = re.compile(r"<\|(?:end|return|call|start|channel)\|>")
_BARE_CHANNELS = re.compile(r"\s*analysis(?=[A-Z\s]).*assistant\s?final", re.DOTALL)

_PREFIX = re.compile(r"\s*(?:<fim[-_]prefix>|<\|fim_(?:prefix|begin)\|>|<｜fim▁begin｜>|<PRE>|\[PREFIX\]) ?")
_SUFFIX = re.compile(r"<fim[-_]suffix>|<\|fim_(?:suffix|hole)\|>|<｜fim▁hole｜>| ?<SUF>")
_MIDDLE = re.compile(r"<fim[-_]middle>|<\|fim_(?:middle|end)\|>|<｜fim▁end｜>| ?<MID>")

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
    if reply.startswith("\ufeff"):
        whole = whole[1:]
    if not any(sign in reply for sign in _SIGNS) and not _BARE_CHANNELS.match(reply):
        return Answered(whole)
    found = _channels(whole)
    if found is None:
        found = _reasoned(_until_control(_own_turn(_infilled(whole))))
    return Answered(_until_control(_tagged(found.text)), found.unfinished)


def is_marked(text: str) -> bool:
    """Whether there is any mark in a text; quotes count for nothing."""
    if "`" in text or "~~~" in text or text.lstrip().startswith(("\ufeff", "<s>", "<bos>")):
        return True
    patterns = (CONTROL, _OPENS, _CLOSES, _ANSWER)
    return any(sign in text for sign in _SIGNS) and any(one.search(text) for one in patterns)


def _quoted(text: str, at: int) -> bool:
    """Whether `at` lies in a string literal of its line, or begins inline code."""
    start = max(text.rfind("\n", max(0, at - LONGEST_LINE), at) + 1, at - LONGEST_LINE)
    line = text[start:at]
    if line.endswith("`") or (line.endswith("'") and "'" in text[at : at + 12]):
        return True
    return line.replace('\\"', "").count('"') % 2 == 1


def _first(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first match that is not within quotes."""
    return next((m for m in pattern.finditer(text) if not _quoted(text, m.start())), None)


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
    text = reply.text
    begin = _PREFIX.match(text)
    hole = _SUFFIX.search(text, begin.end()) if begin else None
    middle = _MIDDLE.search(text, hole.end()) if hole else None
    if begin is None or hole is None or middle is None:
        return reply
    filled = _until_control(reply[middle.end() :])
    return Passage.joined([reply[begin.end() : hole.start()], filled, reply[hole.end() : middle.start()]])


def _own_turn(reply: Passage) -> Passage:
    """The model's first turn, without its header and what it answers."""
    if _OTHERS.match(reply.text):
        turn = _ASSISTANT.search(reply.text)
        reply = reply[turn.end() :] if turn else reply
    header = _HEADER.match(reply.text)
    return reply if header is None else reply[header.end() :]


def _reasoned(reply: Passage) -> Answered:
    """Without reasoning. A close without an open ends reasoning that the prompt began."""
    text = reply.text
    marks = [(m.start(), m.end(), True) for m in _OPENS.finditer(text) if not _quoted(text, m.start())]
    marks += [(m.start(), m.end(), False) for m in _CLOSES.finditer(text) if not _quoted(text, m.start())]
    spans: list[tuple[int, int]] = []
    opened: tuple[int, int] | None = None
    for start, end, opens in sorted(marks):
        if opens:
            opened = opened or (start, end)
        elif opened is None:
            spans = [(0, end)]
        else:
            spans, opened = [*spans, (opened[0], end)], None
    if opened is not None:
        spans.append((opened[0], len(text)))
    said = reply.without(spans)
    if opened is not None and not said.text.strip():
        return Answered(reply[opened[1] :], unfinished=True)
    return Answered(said)


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
    for mark in CONTROL.finditer(text):
        if not text[start : mark.start()].strip():
            start = mark.end()
        elif not _quoted(text, mark.start()):
            return reply[start : mark.start()]
    return reply[start:]
