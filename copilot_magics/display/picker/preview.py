"""A conversation as HTML to look at, page by page: prompts and answers as Markdown, tools folded.

What a tool was called with and what it said are one line that opens. Nothing is left out: a turn's
other events are folded into one line at its end. All of it is a model's, a tool's or a file's
text, and goes through `copilot_magics.display.html`, so that it cannot act.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from copilot_magics.display.html import markdown_to_html, text_to_html
from copilot_magics.display.tools import arguments_text
from copilot_magics.transcripts import reading
from copilot_magics.transcripts.paging import page_before
from copilot_magics.transcripts.salvage import Event
from copilot_magics.words import shortened

_ITEMS = 12
"""Prompts and answers on one page."""


class Preview(NamedTuple):
    """A page of a conversation.

    Attributes
    ----------
    html : str
        Its ``<article>`` elements, the oldest first.
    start : int or None
        Where it begins, to ask for the page before it; None at the conversation's beginning.
    """

    html: str
    start: int | None


def preview(session: str, before: int | None) -> Preview:
    """Return a page of a session's conversation.

    Parameters
    ----------
    session : str
        The session's ID.
    before : int or None
        The ``start`` of the page below it; None for the conversation's end.
    """
    page = page_before(session, before, _is_said, _ITEMS)
    return Preview("".join(_articles(page.events)), page.start)


def _is_said(event: Event) -> bool:
    return event.type in ("user.message", "assistant.message") and not event.agent_id


def _articles(events: list[Event]) -> Iterator[str]:
    payloads = [reading.payload_of(event) for event in events]
    results = {
        reading.call_of(event.type, payload): (event, payload)
        for event, payload in zip(events, payloads, strict=True)
        if event.type == "tool.execution_complete"
    }
    called = {
        reading.call_of(event.type, payload)
        for event, payload in zip(events, payloads, strict=True)
        if event.type == "tool.execution_start"
    }
    others: list[Event] = []
    for event, payload in zip(events, payloads, strict=True):
        call = reading.call_of(event.type, payload)
        if event.type == "tool.execution_complete" and call in called:
            continue
        article = _article(event, payload, results.get(call))
        if article is None:
            others.append(event)
            continue
        if event.type == "user.message":
            # What else there was in a turn stands at its end, and not between what was said.
            yield from _folded(others)
            others = []
        yield article
    yield from _folded(others)


def _article(
    event: Event, payload: reading.Payload, result: tuple[Event, reading.Payload] | None
) -> str | None:
    content = reading.content_of(event.type, payload)
    if event.agent_id and event.type in ("user.message", "assistant.message"):
        return None
    match event.type:
        case "user.message" if content:
            who = "You" if reading.is_prompt(event, payload) else "Sent along"
            return _said("user", who, event, content, is_prompt=who == "You")
        case "assistant.message" if content:
            return _said("assistant", reading.model_of(payload) or "Copilot", event, content)
        case "session.error":
            return _item("error", event, f"<p>⚠ {text_to_html(content or 'an error')}</p>")
        case "tool.execution_start" | "tool.execution_complete":
            return _tool(event, payload, content, result)
    return None


def _said(kind: str, who: str, event: Event, content: str, *, is_prompt: bool = False) -> str:
    head = f"<header>{text_to_html(who)} {_time(event)}</header>"
    body = markdown_to_html(shortened(content))
    # Where a turn begins, for the page, which offers to go back to the answer before.
    mark = " data-prompt" if is_prompt else ""
    return _item(kind, event, f'{head}<div class="cm-md">{body}</div>', mark)


def _tool(
    event: Event,
    payload: reading.Payload,
    content: str | None,
    result: tuple[Event, reading.Payload] | None,
) -> str:
    name = reading.tool_of(payload) or "tool"
    said, mark = None, "…"
    if result is not None:
        said = reading.content_of(result[0].type, result[1])
        mark = "✓" if reading.succeeded(result[1]) else "✗"
    brief = f" <code>{text_to_html(' '.join((content or '').split())[:200])}</code>"
    parts = [f"<summary>{mark} {text_to_html(name)}{brief if content else ''}</summary>"]
    if event.type == "tool.execution_start":
        told = arguments_text(reading.arguments_of(payload))
        parts.append(f"<pre>{text_to_html(shortened(told))}</pre>" if told else "")
    if said:
        parts.append(f"<pre>{text_to_html(shortened(said))}</pre>")
    return _item("tool", event, f"<details>{''.join(parts)}</details>")


def _folded(events: list[Event]) -> Iterator[str]:
    if not events:
        return
    kinds = ", ".join(dict.fromkeys(event.type for event in events))
    count = f"{len(events)} other event{'' if len(events) == 1 else 's'}"
    lines = "\n".join(f"{event.type} {_brief(event)}".rstrip() for event in events)
    yield _item(
        "other",
        events[0],
        f"<details><summary>{count}: {text_to_html(kinds[:200])}</summary>"
        f"<pre>{text_to_html(shortened(lines))}</pre></details>",
    )


def _brief(event: Event) -> str:
    content = reading.content_of(event.type, reading.payload_of(event)) or ""
    return " ".join(content[:300].split())


def _item(kind: str, event: Event, body: str, mark: str = "") -> str:
    name = text_to_html(event.id or "")
    return f'<article class="cm-item cm-{kind}" data-event="{name}"{mark}>{body}</article>'


def _time(event: Event) -> str:
    try:
        moment = datetime.fromisoformat(event.timestamp or "").astimezone()
    except (ValueError, OverflowError):
        return ""
    return f'<time title="{moment:%Y-%m-%d %H:%M:%S}">{moment:%Y-%m-%d %H:%M}</time>'
