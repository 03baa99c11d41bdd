"""A session as a file of the user's: Markdown to read, JSON lines to work with.

The Markdown is that of ``df.copilot.to_markdown()``. The JSON lines are the journal's events, each
intact one, as the runtime wrote them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from copilot_magics.documents import write_document
from copilot_magics.folders import session_state
from copilot_magics.transcripts import facts, not_found, read_journal
from copilot_magics.transcripts.analysis.markdown import markdown
from copilot_magics.transcripts.frame import session_frame
from copilot_magics.transcripts.restrictions import Restrictions
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
    if format == "markdown":
        frame = session_frame(session_state(), session, Restrictions())
        text = markdown(frame, known.title).encode()
    else:
        text = b"".join(map(_line, read_journal(session).events))
    return _write_new(Path(folder), session, _SUFFIX[format], text)


def _write_new(folder: Path, name: str, suffix: str, content: bytes) -> Path:
    number = 1
    while True:
        path = folder / f"{name}{f'-{number}' if number > 1 else ''}{suffix}"
        try:
            write_document(path, content, overwrite=False)
        except FileExistsError:
            number += 1
        else:
            return path


def _line(event: Event) -> bytes:
    names = {"parent_id": "parentId", "agent_id": "agentId"}
    fields = {
        names.get(name, name): value
        for name in event.__struct_fields__
        if (value := getattr(event, name)) is not None or name == "parent_id"
    }
    return msgspec.json.encode(fields) + b"\n"
