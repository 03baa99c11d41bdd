"""What the tests' scripted model answers: directives in the prompt become steps of an answer.

The directives stand in the last user message, one a line, anywhere in the text::

    recall                            list every earlier prompt it was shown
    say: TEXT                         exactly TEXT (\\n is a new line)
    think: TEXT                       reasoning, before the answer
    stream 200 tokens at 100/s        tok1 tok2 …
    bytes 50000 in 10000 deltas over 20 seconds        Markdown of that many bytes
    gate NAME                         half an answer, then the rest after ``server.release(NAME)``
    silent | silent after: TEXT       nothing (more) until the client hangs up
    drip until NAME                   one byte a second, and the rest after a release of NAME
    tool NAME {"argument": …}         call a tool; several lines are parallel calls, and
    then tool NAME {…}                a later round of calls; afterwards the results are the answer
    ask {"question": …}               the same as: tool ask_user {…}
    http 500 | http 429 retry-after 2 an error, as the real services word it (`REFUSALS`)
    quota | cut | malformed | empty   no credit; half an answer; broken SSE; an answer of nothing
    too long                          the prompt and its history are more than the model takes
    no schema                         refuse a request that says what form the answer must have
    again: TEXT                       the answer where the one before was not of the type asked for;
                                      several lines are several such answers

``once`` after a fault (``http 500 once``) makes it happen only the first time. Tool calls come
first, then a fault, then thoughts, then the answer. Anything else is answered ``You said: …``. What
a tool is called with is sent as it stands, whether or not it is JSON.

``obey`` makes a victim of the model: what follows it (what was sent along), the system's message
and the results of tools are read for ``tool NAME {…}``, ``ask {…}`` and ``say: …``, wherever these
stand and however they are quoted, and each is done, a round a call, after the prompt's own rounds.

Where the runtime has the history summed up, the summary says `SUMMARY`, and what it then shows the
model instead of the history counts as the prompts that it quotes.
"""

from __future__ import annotations

import contextlib
import html
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

Json = dict[str, Any]

SUMMARY = "What was said before, in short."

_WRAPPER = re.compile(r"<current_datetime>.*?</current_datetime>\s*", re.DOTALL)
_SUM_UP = "Please create a detailed summary of the conversation so far."
_SUMMED_UP = "Some of the conversation history has been summarized"
_QUOTED = re.compile(r"<user_message>\n(.*?)\n</user_message>", re.DOTALL)


# ── What was asked ────────────────────────────────────────────────────────────────────────────────


def text_of(message: Json) -> str:
    """Return a message's text, whether its content is a string or a list of parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part.get("type") == "text")


def bare(text: str) -> str:
    """Return a prompt without what the runtime puts before it."""
    return _WRAPPER.sub("", text).strip()


@dataclass(frozen=True)
class Request:
    """One request for a completion, as it arrived."""

    body: Json
    headers: dict[str, str]
    abandoned: threading.Event = field(default_factory=threading.Event)
    """Set when the client hung up before the answer's end."""

    @property
    def messages(self) -> list[Json]:
        """The conversation the model was shown."""
        return cast("list[Json]", self.body["messages"])

    @property
    def prompts(self) -> list[str]:
        """Every user message in it, oldest first."""
        told = [bare(text_of(m)) for m in self.messages if m["role"] == "user"]
        return [
            prompt
            for text in told
            for prompt in (_QUOTED.findall(text) if text.startswith(_SUMMED_UP) else [text])
        ]

    @property
    def prompt(self) -> str:
        """The last user message."""
        return self.prompts[-1]

    @property
    def since_prompt(self) -> list[Json]:
        """What followed the last user message: tool calls and their results."""
        after = itertools.takewhile(lambda m: m["role"] != "user", reversed(self.messages))
        return list(after)[::-1]


# ── What is answered: a list of steps ─────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Say:
    """A piece of the answer, or of the reasoning before it."""

    text: str
    key: str = "content"


@dataclass(frozen=True)
class Call:
    """Parallel tool calls."""

    tools: list[tuple[str, str]]


@dataclass(frozen=True)
class Wait:
    """Until so many seconds after the answer began, or a gate's release, or the client's end."""

    seconds: float | None = None
    gate: str | None = None


@dataclass(frozen=True)
class Drip:
    """From here on one byte a second, until a gate's release."""

    gate: str


@dataclass(frozen=True)
class Refuse:
    """An HTTP error instead of an answer."""

    status: int
    kind: str
    code: str
    message: str
    retry_after: str | None = None

    @property
    def body(self) -> Json:
        """The error as OpenAI words it."""
        error = {"message": self.message, "type": self.kind, "param": None, "code": self.code}
        return {"error": error}


@dataclass(frozen=True)
class Cut:
    """The connection closes in the middle."""


@dataclass(frozen=True)
class Garbage:
    """Bytes that are no event, and the end."""


Step = Say | Call | Wait | Drip | Refuse | Cut | Garbage

REFUSALS = {
    400: Refuse(400, "invalid_request_error", "invalid_value", "Invalid value for 'messages'."),
    401: Refuse(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    402: Refuse(402, "insufficient_quota", "insufficient_quota", "Insufficient balance."),
    403: Refuse(
        403, "invalid_request_error", "unsupported_country_region_territory", "Not supported here."
    ),
    404: Refuse(404, "invalid_request_error", "model_not_found", "The model does not exist."),
    413: Refuse(413, "invalid_request_error", "request_too_large", "Request too large."),
    429: Refuse(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    500: Refuse(500, "server_error", "server_error", "The server had an error. Sorry about that!"),
    503: Refuse(503, "server_error", "overloaded", "The engine is currently overloaded."),
}
QUOTA = Refuse(
    429,
    "insufficient_quota",
    "insufficient_quota",
    "You exceeded your current quota, please check your plan and billing details.",
)
TOO_LONG = Refuse(
    400,
    "invalid_request_error",
    "context_length_exceeded",
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 "
    "tokens. Please reduce the length of the messages.",
)
NO_SCHEMA = Refuse(
    400,
    "invalid_request_error",
    "unsupported_parameter",
    "'response_format' of type 'json_schema' is not supported with this model.",
)

_TOOL = re.compile(r"^(then )?(?:tool (\S+)|(ask)) (\{.*)$", re.MULTILINE)
_FAULT = re.compile(
    r"^(?:http (\d{3})(?: retry-after (\d+))?|(quota|cut|malformed|empty|too long))"
    r"(?P<once> once)?$",
    re.MULTILINE,
)
_OBEY = "\nobey"
_PLANTED = re.compile(r"\b(?:tool (\S+)|(ask)) (?=\{)")
_SAID = re.compile(r"\bsay: (.*)")
_THINK = re.compile(r"^think: (.*)$", re.MULTILINE)
_AGAIN = re.compile(r"^again: (.*)$", re.MULTILINE)
_INVALID = "Your answer is not a valid "
_ANSWERS: dict[str, Callable[..., Iterator[Step]]] = {}


def _answers(pattern: str) -> Callable[[Callable[..., Iterator[Step]]], Callable[..., Any]]:
    def register(function: Callable[..., Iterator[Step]]) -> Callable[..., Any]:
        _ANSWERS[f"(?m)^{pattern}$"] = function
        return function

    return register


@_answers("recall")
def _recall(request: Request) -> Iterator[Step]:
    earlier = [f"- {prompt}" for prompt in request.prompts[:-1]]
    yield Say("\n".join(earlier) or "Nothing was said before.")


@_answers("say: (.*)")
def _say(request: Request, text: str) -> Iterator[Step]:
    yield Say(text.replace("\\n", "\n"))


@_answers(r"stream (\d+) tokens at (\d+)/s")
def _stream(request: Request, tokens: str, rate: str) -> Iterator[Step]:
    for n in range(int(tokens)):
        yield Wait(n / int(rate))
        yield Say(f"{' ' if n else ''}tok{n + 1}")


@_answers(r"bytes (\d+) in (\d+) deltas over ([\d.]+) seconds")
def _bytes(request: Request, size: str, deltas: str, seconds: str) -> Iterator[Step]:
    text = markdown(int(size))
    edges = [len(text) * n // int(deltas) for n in range(int(deltas) + 1)]
    for n, (start, end) in enumerate(itertools.pairwise(edges)):
        yield Wait(float(seconds) * n / int(deltas))
        yield Say(text[start:end])


@_answers(r"gate (\S+)")
def _gate(request: Request, name: str) -> Iterator[Step]:
    yield Say(f"Before {name}.")
    yield Wait(gate=name)
    yield Say(f" After {name}.")


@_answers("silent(?: after: (.*))?")
def _silent(request: Request, text: str | None) -> Iterator[Step]:
    if text:
        yield Say(text)
    yield Wait()


@_answers(r"drip until (\S+)")
def _drip(request: Request, gate: str) -> Iterator[Step]:
    yield Drip(gate)
    yield Say("Drop by drop.")


def markdown(size: int) -> str:
    """Return Markdown of exactly so many (ASCII) bytes: headings, paragraphs, lists and code."""
    section = (
        "## Section {n}\n\nA paragraph with **bold**, *italic* and `code` in it.\n\n"
        "- first\n- second\n\n```python\nvalue = {n}\n```\n\n"
    )
    text = ""
    for n in itertools.count(1):
        text += section.format(n=n)
        if len(text) >= size:
            return text[:size]
    raise AssertionError


def steps(
    request: Request, spent: set[str], answers: Mapping[str, str] | None = None
) -> Iterator[Step]:
    """Read the last user message's directives, and play them.

    Parameters
    ----------
    request : Request
        What was asked.
    spent : set of str
        The prompts whose ``once`` fault has happened; added to.
    answers : mapping of str to str, optional
        The directives that plain prompts stand for.
    """
    prompt = (answers or {}).get(request.prompt, request.prompt)
    if prompt.startswith(_SUM_UP):
        yield Say(SUMMARY)
        return
    if "no schema" in prompt.splitlines() and "response_format" in request.body:
        yield NO_SCHEMA
        return
    if prompt.startswith(_INVALID):
        yield Say(_answered_again(request))
        return
    done = [m for m in request.since_prompt if m["role"] == "assistant" and m.get("tool_calls")]
    prompt, obeys, along = prompt.partition(_OBEY)
    rounds = _rounds(prompt)
    if obeys:
        shown = [along, *_told(request)]
        rounds += _planted(shown)
        prompt += "".join(f"\nsay: {said}" for said in _SAID.findall("\n".join(shown)))
    if len(done) < len(rounds):
        yield Call(rounds[len(done)])
        return
    fault = _FAULT.search(prompt)
    if fault and not (fault["once"] and prompt in spent):
        spent.add(prompt)
        yield from _fail(fault)
        return
    for thought in _THINK.findall(prompt):
        yield Say(thought, "reasoning_content")
    for pattern, answer in _ANSWERS.items():
        if found := re.search(pattern, prompt):
            yield from answer(request, *found.groups())
            return
    if rounds:
        results = [text_of(m) for m in request.since_prompt if m["role"] == "tool"]
        yield Say("Tool said: " + "\n".join(results))
    else:
        yield Say(f"You said: {prompt}")


def _answered_again(request: Request) -> str:
    """Say what the first prompt has for this time; the last of it as often as needed."""
    earlier = [prompt for prompt in request.prompts if not prompt.startswith(_INVALID)]
    asked = itertools.takewhile(lambda p: p.startswith(_INVALID), reversed(request.prompts))
    answers = _AGAIN.findall(earlier[-1]) or ["I still cannot."]
    return str(answers[min(len(list(asked)), len(answers)) - 1]).replace("\\n", "\n")


def _rounds(prompt: str) -> list[list[tuple[str, str]]]:
    rounds: list[list[tuple[str, str]]] = []
    for then, tool, _ask, arguments in _TOOL.findall(prompt):
        if then or not rounds:
            rounds.append([])
        rounds[-1].append((tool or "ask_user", arguments))
    return rounds


def _told(request: Request) -> Iterator[str]:
    """Every text that is not the user's, oldest first."""
    yield from (text_of(m) for m in request.messages if m["role"] == "system")
    yield from (text_of(m) for m in request.since_prompt if m["role"] == "tool")


def _planted(texts: Iterable[str]) -> list[list[tuple[str, str]]]:
    """Find the calls that texts ask for, each once: a result may say again what was done."""
    calls = {
        (tool or "ask_user", json.dumps(arguments)): None
        for text in texts
        for tool, _ask, arguments in _read(text)
    }
    return [[call] for call in calls]


def _read(text: str) -> Iterator[tuple[str, str, Json]]:
    for found in _PLANTED.finditer(text):
        arguments = html.unescape(text[found.end() :])
        # As it stands, as CSV, and as Python and JSON write it.
        for plain in (arguments, arguments.replace('""', '"'), re.sub(r"\\(.)", r"\1", arguments)):
            with contextlib.suppress(ValueError):
                yield found[1], found[2], json.JSONDecoder().raw_decode(plain)[0]
                break


def _fail(fault: re.Match[str]) -> Iterator[Step]:
    status, retry_after, word, _once = fault.groups()
    if status:
        yield replace(REFUSALS[int(status)], retry_after=retry_after)
    elif word == "quota":
        yield QUOTA
    elif word == "cut":
        yield Say("Half of an answer, and then")
        yield Cut()
    elif word == "malformed":
        yield Garbage()
    elif word == "too long":
        yield TOO_LONG
    else:
        yield Say("")
