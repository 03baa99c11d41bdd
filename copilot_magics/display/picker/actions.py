"""What the picker's buttons do, each with the sentence that says what was done.

They run in a thread of the picker's own, one after the other: opening a session takes a second, and
the page must not wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_magics import stars
from copilot_magics.doors import block
from copilot_magics.errors import BadInput, CopilotError, SessionInUse
from copilot_magics.exporting import Format, export
from copilot_magics.sessions import fork_session
from copilot_magics.titles import check_title, rename
from copilot_magics.words import counted, size

if TYPE_CHECKING:
    from copilot_magics.display.picker.rows import Row
    from copilot_magics.notebook import Notebook


def resume(session: str, notebook: Notebook | None) -> str:
    """Bind the notebook to a session."""
    from copilot_magics.session import Session

    if notebook is None:
        raise BadInput(
            "This notebook has not loaded the magics.", "Run `%load_ext copilot_magics` first."
        )
    opened = notebook.bind(Session(session), "resume")
    return f"{opened} This notebook is bound to it."


def fork(session: str, notebook: Notebook | None) -> str:
    """Fork a session, and bind the notebook to the fork."""
    return f"Forked {session}. {resume(fork_session(session), notebook)}"


def rewind(session: str, event: str, notebook: Notebook | None) -> str:
    """Take a session back to the turn that an event belongs to, and bind the notebook to it."""
    from copilot_magics.rewinding import back_to_event
    from copilot_magics.rewinding import rewind as go_back
    from copilot_magics.settings import Options

    # First, since somebody else may hold it.
    opened = resume(session, notebook)
    rewound = block(go_back(session, Options(), back_to_event(session, event)), whole=True)
    return f"{rewound} This notebook is bound to it." if rewound else opened


def set_title(session: str, title: str) -> str:
    """Give a session a title."""
    clean = check_title(title)
    block(rename(session, clean))
    return f"Session {session} is now titled “{clean}”."


def star(session: str, on: bool) -> str:
    """Star a session, or take its star away."""
    stars.star(session, on)
    return f"{'Starred' if on else 'Took the star from'} {session}."


def write(sessions: Sequence[str], format: Format, folder: str) -> str:
    """Export sessions into files in a folder."""
    if format not in ("markdown", "jsonl"):
        raise BadInput(f"There is no format {format!r}.", "It can be markdown or jsonl.")
    paths = [export(session, format, Path(folder)) for session in sessions]
    return f"Exported to {', '.join(path.name for path in paths)} in {folder}."


def delete(rows: Sequence[Row]) -> tuple[str, CopilotError | None]:
    """Delete sessions for good; returns what was done, and why not all of it.

    One that is in use is refused, also where it is this notebook that uses it.
    """
    from copilot_magics.deletion import delete as delete_one

    gone: list[Row] = []
    refused: CopilotError | None = None
    for row in rows:
        try:
            if row.user:
                raise SessionInUse(
                    f"The session {row.id!r} is in use by {row.user}, and was not deleted.",
                    "Release it there with `%copilot_session --disconnect`.",
                )
            block(delete_one(row.id), whole=True)
        except CopilotError as error:
            refused = refused or error
        else:
            gone.append(row)
    if not gone:
        return "", refused
    freed = size(sum(row.bytes for row in gone))
    named = gone[0].id if len(gone) == 1 else counted(len(gone), "session")
    return f"Deleted {named} ({freed}).", refused
