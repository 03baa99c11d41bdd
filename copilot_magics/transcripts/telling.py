"""The few facts that are looked for in all events, of many events at once.

A long journal has a hundred thousand payloads. Of each, only what its type is read for is decoded,
into a struct made for that, all events of one type in one go; an event that is not as its type's
are is read by its fields' names, as `reading` does. That halves the time of reading a journal.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from copilot_magics.transcripts import reading
from copilot_magics.transcripts.reading import CONTENT, REFUSALS, TELLING, brief, by_person
from copilot_magics.transcripts.salvage import Event

Facts = tuple[str | None, str | None, str | None, str | None, bool]
"""What a person would read in an event, the tool call it belongs to, the tool and the model that it
names, and whether it is a prompt of the person."""

_MODELS = {
    "session.auto_mode_resolved": "chosenModel",
    "session.model_change": "newModel",
    "session.resume": "selectedModel",
    "session.shutdown": "currentModel",
    "session.start": "selectedModel",
    "session.usage_record": "usage.model",
}
_CALLS = {"permission.requested": "permissionRequest.toolCallId"}


def facts_of(events: list[Event]) -> list[Facts]:
    """Return what is looked for in all events; much quicker than to ask each payload for each."""
    places: dict[str, list[int]] = {}
    for place, event in enumerate(events):
        places.setdefault(event.type, []).append(place)
    found: list[Facts] = [(None, None, None, None, False)] * len(events)
    for event_type, where in places.items():
        facts = _reader(event_type)([events[place] for place in where])
        for place, one in zip(where, facts, strict=True):
            found[place] = one
    return found


_Row = tuple[Any, ...]
_Finish = Callable[[list[_Row], list[Event]], list[Facts]]


# Damage can make a new type of any.
@lru_cache(1000)
def _reader(event_type: str) -> Callable[[list[Event]], list[Facts]]:
    """Return what reads events of one type."""

    def each(events: list[Event]) -> list[Facts]:
        return list(map(_facts, events))

    if event_type not in CONTENT:
        return each
    fields = [_CALLS.get(event_type, "toolCallId"), "toolName", _MODELS.get(event_type, "model")]
    fields += CONTENT[event_type].split()
    finish = _several if len(fields) != 4 else _calls if fields[-1] == "arguments" else _plain
    if event_type == "user.message":
        fields += ["source", "isAutopilotContinuation"]
        finish = _prompts
    decode, take = _decoder(fields).decode, attrgetter(*fields)

    def together(events: list[Event]) -> list[Facts]:
        try:
            rows = list(map(take, map(decode, [event.data for event in events])))
        except REFUSALS:
            # One of them is not as its type's are: each field is looked at as it is.
            return each(events)
        return finish(rows, events)

    return together


def _facts(event: Event) -> Facts:
    payload = reading.payload_of(event)
    return (
        reading.content_of(event.type, payload),
        reading.call_of(payload),
        reading.tool_of(payload),
        reading.model_of(payload),
        reading.is_prompt(event, payload),
    )


def _plain(rows: list[_Row], events: list[Event]) -> list[Facts]:
    return [
        (said or None, call or None, tool or None, model or None, False)
        for call, tool, model, said in rows
    ]


def _several(rows: list[_Row], events: list[Event]) -> list[Facts]:
    return [
        (next(filter(None, said), None), call or None, tool or None, model or None, False)
        for call, tool, model, *said in rows
    ]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _calls(rows: list[_Row], events: list[Event]) -> list[Facts]:
    return [
        (
            brief(next(filter(_is_text, msgspec.structs.astuple(said)), None))
            or brief(reading.payload_of(event).get("arguments")),
            call or None,
            tool or None,
            model or None,
            False,
        )
        for (call, tool, model, said), event in zip(rows, events, strict=True)
    ]


def _prompts(rows: list[_Row], events: list[Event]) -> list[Facts]:
    return [
        (
            said or None,
            call or None,
            tool or None,
            model or None,
            not event.agent_id and by_person(source, continues),
        )
        for (call, tool, model, said, source, continues), event in zip(rows, events, strict=True)
    ]


def _decoder(fields: list[str]) -> msgspec.json.Decoder[Any]:
    """Return a decoder of objects with these fields, and with those in them after a dot."""
    inner: dict[str, list[str]] = {"arguments": list(TELLING)} if "arguments" in fields else {}
    for name, _, within in (field.partition(".") for field in fields):
        if within:
            inner.setdefault(name, []).append(within)
    kinds: dict[str, tuple[Any, Any]] = dict.fromkeys(
        (field.partition(".")[0] for field in fields), (str | None, None)
    )
    kinds |= {name: (Any, None) for name in ("source", "isAutopilotContinuation") if name in kinds}
    for name, names in inner.items():
        # A tool may have any arguments.
        leaf = Any if name == "arguments" else str | None
        kind = _struct(dict.fromkeys(names, (leaf, None)))
        kinds[name] = (kind, kind())
    return msgspec.json.Decoder(_struct(kinds))


def _struct(kinds: dict[str, tuple[Any, Any]]) -> Any:
    fields = [(name, kind, default) for name, (kind, default) in kinds.items()]
    return msgspec.defstruct("Part", fields, frozen=True, gc=False)
