"""Journals for the tests: events as the runtime writes them, and sessions made of them."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).parent / "unit" / "transcripts" / "data"
_numbers = count(1)


def event(kind: str, data: Any = None, **envelope: Any) -> bytes:
    """Return one event as a line without its end, in the runtime's own order of keys."""
    number = next(_numbers)
    whole = {
        "type": kind,
        "data": {} if data is None else data,
        "id": f"event-{number}",
        "timestamp": f"2026-03-01T10:00:{number % 60:02}.{number % 1000:03}Z",
        "parentId": None,
        **envelope,
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def prompt(text: str, **envelope: Any) -> bytes:
    """Return a prompt, as a person's unless the envelope or the text's source say otherwise."""
    return event("user.message", {"content": text, "transformedContent": f"<x>{text}"}, **envelope)


def answer(text: str, **envelope: Any) -> bytes:
    """Return an answer of the model."""
    return event("assistant.message", {"content": text, "model": "m-1"}, **envelope)


def start(**data: Any) -> bytes:
    """Return a session's first event."""
    return event("session.start", {"selectedModel": "m-1", "context": {"cwd": "/home/a"}, **data})


def write_session(
    home: Path, session: str, *lines: bytes, raw: bytes | None = None, workspace: str | None = None
) -> Path:
    """Write a session's files, and return its folder; no lines and no raw bytes: no journal."""
    folder = home / "session-state" / session
    folder.mkdir(parents=True)
    if raw is not None or lines:
        content = raw if raw is not None else b"".join(line + b"\n" for line in lines)
        (folder / "events.jsonl").write_bytes(content)
    if workspace is not None:
        (folder / "workspace.yaml").write_text(workspace, encoding="utf-8")
    return folder


def sample(home: Path, session: str = "rich") -> Path:
    """Write the session that a real runtime wrote, shortened."""
    return write_session(
        home,
        session,
        raw=(SAMPLE / "events.jsonl").read_bytes(),
        workspace=(SAMPLE / "workspace.yaml").read_text(encoding="utf-8"),
    )
