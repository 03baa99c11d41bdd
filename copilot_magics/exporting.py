"""A session as a file of the user's: Markdown to read, JSON lines to work with.

The Markdown is a transcript: prompts and answers in full, what tools did folded. The JSON lines are
the journal's events, each intact one, as the runtime wrote them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from copilot_magics.display import inert
from copilot_magics.display.tools import arguments_text
from copilot_magics.errors import CopilotError
from copilot_magics.transcripts import facts, not_found, read_journal, reading
from copilot_magics.transcripts.salvage import Event

Format = Literal["markdown", "jsonl"]
_SUFFIX: dict[Format, str] = {"markdown": ".md", "jsonl": ".jsonl"}


def export(session: str, format: Format, folder: str | Path) -> Path:
    """Write a session to a new file, named after it.

    Parameters
    ----------
    session : str
        The session's ID.
    format : {"markdown", "jsonl"}
        What to write.
    folder : path
        Where; a file that is there already is left, and a number goes into the new one's name.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SessionNotFound
        There is no such session.
    CopilotError
        The file cannot be written.
    """
    known = facts(session)
    if known is None:
        raise not_found(session)
    events = read_journal(session).events
    if format == "markdown":
        text = "\n".join(_transcript(known.title or session, session, events)).encode()
    else:
        text = b"".join(map(_line, events))
    return _write_new(Path(folder), session, _SUFFIX[format], text)


def _write_new(folder: Path, name: str, suffix: str, content: bytes) -> Path:
    number = 1
    while True:
        path = folder / f"{name}{f'-{number}' if number > 1 else ''}{suffix}"
        try:
            with path.open("xb") as file:
                file.write(content)
            return path
        except FileExistsError:
            number += 1
        except OSError as error:
            raise CopilotError(
                f"{path} cannot be written: {error.strerror or error}.",
                f"Make {os.path.abspath(folder)} writable for you.",
            ) from error


def _line(event: Event) -> bytes:
    names = {"parent_id": "parentId", "agent_id": "agentId"}
    fields = {
        names.get(name, name): value
        for name in event.__struct_fields__
        if (value := getattr(event, name)) is not None or name == "parent_id"
    }
    return msgspec.json.encode(fields) + b"\n"


def _transcript(title: str, session: str, events: list[Event]) -> Iterator[str]:
    yield f"# {inert.inert_line(title)}\n\nSession `{session}`\n"
    for event in events:
        payload = reading.payload_of(event)
        content = reading.content_of(event.type, payload)
        if not content or event.agent_id:
            continue
        text = inert.inert_markdown(content)
        match event.type:
            case "user.message":
                yield f"## You{_when(event)}\n\n{text}\n"
            case "assistant.message":
                who = inert.inert_line(reading.model_of(payload) or "Copilot")
                yield f"## {who}{_when(event)}\n\n{text}\n"
            case "tool.execution_start":
                told = arguments_text(reading.arguments_of(payload))
                yield _block(f"{reading.tool_of(payload) or 'tool'} was called", told or content)
            case "tool.execution_complete":
                yield _block("and answered", content)
            case "session.error":
                yield _block("error", content)


def _block(what: str, content: str) -> str:
    summary = f"<summary>{inert.entities(what)}</summary>"
    return f"<details>{summary}\n\n{inert.fenced(content)}\n\n</details>\n"


def _when(event: Event) -> str:
    return f" · {event.timestamp[:16].replace('T', ' ')} UTC" if event.timestamp else ""
