"""What a person would read in an event, and the few facts that are looked for in all of them.

The payloads of the runtime's event types differ, and grow with its versions; the names of their
fields mean the same thing wherever they occur. So one decoder takes the fields we know out of any
payload, and a table says which of them a person would read; a type that is not in the table shows
its first field of prose, if it has one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

from copilot_magics.transcripts.salvage import Event

ROLES = ("user", "assistant", "system", "tool", "session")

# The argument that says best what a tool was called for, where a call has several.
_TELLING = ("command", "pattern", "query", "url", "question", "path", "description", "prompt")
_BRIEF = 200

# Who may have written a user.message, apart from the runtime, its skills, schedules and agents.
_PERSONS = ("user", "immediate-prompt")
_PERSONS_COMMAND = "command-"


_NOTHING = msgspec.Raw(b"{}")


class Payload(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The fields of a payload that we read, whatever the event's type.

    Every field may be anything: the payload of an unknown type may use a name in its own way.
    Objects stay undecoded until they are read, which spares the garbage collector a walk over
    hundreds of thousands of dicts.
    """

    content: Any = None
    message: Any = None
    text: Any = None
    summary: Any = None
    summary_content: Any = None
    question: Any = None
    answer: Any = None
    intent: Any = None
    title: Any = None
    reason: Any = None
    error_message: Any = None
    agent_description: Any = None
    source: Any = None
    message_id: Any = None
    is_autopilot_continuation: Any = None
    success: Any = None
    tool_call_id: Any = None
    tool_name: Any = None
    model: Any = None
    new_model: Any = None
    selected_model: Any = None
    current_model: Any = None
    arguments: msgspec.Raw = _NOTHING
    context: msgspec.Raw = _NOTHING
    error: msgspec.Raw = _NOTHING
    permission_request: msgspec.Raw = _NOTHING
    result: msgspec.Raw = _NOTHING
    usage: msgspec.Raw = _NOTHING


_prose_fields: Callable[[Payload], tuple[Any, ...]] = attrgetter(
    *Payload.__struct_fields__[: Payload.__struct_fields__.index("source")]
)
_EMPTY = Payload()
_decoder = msgspec.json.Decoder(Payload)


def payload_of(event: Event) -> Payload:
    """Decode what we read of an event's payload; one that is no object has nothing to read."""
    try:
        return _decoder.decode(event.data)
    except (msgspec.DecodeError, RecursionError):
        return _EMPTY


@cache
def role_of(event_type: str) -> str:
    """Return who speaks in an event of this type: one of `ROLES`."""
    kind = event_type.partition(".")[0]
    if event_type == "user.message":
        return "user"
    return kind if kind in ("assistant", "system", "tool") else "session"


def is_prompt(event: Event, payload: Payload) -> bool:
    """Say whether an event is a prompt of the person, which begins a turn.

    Sub-agents, skills, schedules and the autopilot write ``user.message`` events too.
    """
    if event.type != "user.message" or event.agent_id or payload.is_autopilot_continuation:
        return False
    source = _string(payload.source)
    return source is None or source in _PERSONS or source.startswith(_PERSONS_COMMAND)


def content_of(event_type: str, payload: Payload) -> str | None:
    """Return what a person would read in an event; None where there is nothing.

    Parameters
    ----------
    event_type : str
        The event's type.
    payload : Payload
        Its payload.

    Returns
    -------
    str or None
        A prompt as it was typed, an answer's Markdown, a call's telling argument, a result's text.
    """
    return _CONTENT.get(event_type, _prose)(payload)


def model_of(payload: Payload) -> str | None:
    """Return the model an event names, or None."""
    return _string(
        payload.model
        or payload.new_model
        or payload.selected_model
        or payload.current_model
        or _inside(payload.usage, "model")
    )


def message_of(payload: Payload) -> str | None:
    """Return the ID under which a prompt was sent, or None."""
    return _string(payload.message_id)


def call_of(payload: Payload) -> str | None:
    """Return the tool call an event belongs to, or None."""
    return _string(payload.tool_call_id or _inside(payload.permission_request, "toolCallId"))


def tool_of(payload: Payload) -> str | None:
    """Return the tool an event names, or None; results do not name theirs."""
    return _string(payload.tool_name)


def arguments_of(payload: Payload) -> object:
    """Return what a tool was called with, decoded; None where there is nothing."""
    return _decoded(payload.arguments)


def succeeded(payload: Payload) -> bool:
    """Say whether a tool's result says that the call succeeded."""
    return payload.success is True


def cwd_of(payload: Payload) -> str | None:
    """Return the folder a session was started in, or None for other events."""
    return _string(_inside(payload.context, "cwd"))


def brief(arguments: object) -> str | None:
    """Return a tool call's arguments in brief: the most telling one, else all as short JSON.

    Parameters
    ----------
    arguments : object
        The arguments as decoded from JSON; an object for nearly all tools.

    Returns
    -------
    str or None
        None where there are none.
    """
    if isinstance(arguments, dict):
        told = next((arguments[key] for key in _TELLING if _string(arguments.get(key))), None)
        arguments = told or (json.dumps(arguments, ensure_ascii=False) if arguments else None)
    text = _string(arguments)
    return text if text is None or len(text) <= _BRIEF else f"{text[: _BRIEF - 1]}…"


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _decoded(raw: msgspec.Raw) -> object:
    try:
        return None if raw is _NOTHING else msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None


def _inside(raw: msgspec.Raw, name: str) -> object:
    value = _decoded(raw)
    return value.get(name) if isinstance(value, dict) else None


def _prose(payload: Payload) -> str | None:
    for value in _prose_fields(payload):
        if value and isinstance(value, str):
            return value
    return _told(payload.error, "message")


def _told(raw: msgspec.Raw, name: str) -> str | None:
    """Return a text that some versions wrap in an object and some do not."""
    value = _decoded(raw)
    return _string(value.get(name) if isinstance(value, dict) else value)


def _result(payload: Payload) -> str | None:
    return _told(payload.error, "message") or _told(payload.result, "content")


def _permission(payload: Payload) -> str | None:
    request = payload.permission_request
    return _string(_inside(request, "fullCommandText") or _inside(request, "intention"))


_CONTENT: dict[str, Callable[[Payload], str | None]] = {
    "user.message": lambda payload: _string(payload.content),
    "assistant.message": lambda payload: _string(payload.content),
    "system.message": lambda payload: _string(payload.content),
    "session.error": lambda payload: _string(payload.message),
    "tool.execution_start": lambda payload: brief(_decoded(payload.arguments)),
    "tool.user_requested": lambda payload: brief(_decoded(payload.arguments)),
    "tool.execution_complete": _result,
    "hook.end": _result,
    "permission.requested": _permission,
    "permission.completed": lambda payload: _told(payload.result, "kind"),
}
