"""A session at a glance: what a `Session` shows as the value of a cell."""

from __future__ import annotations

from copilot_magics import locking, records
from copilot_magics.display.html import text_to_html
from copilot_magics.display.inert import plain
from copilot_magics.transcripts.catalog import SessionFacts, facts
from copilot_magics.words import counted, local_time, size


def session_text(session: str) -> str:
    """Return a session in one line of plain text.

    Parameters
    ----------
    session : str
        Its ID; it may not exist yet.
    """
    found = facts(session)
    if found is None:
        return f"Session({session!r})"
    return plain(f"<Session {' · '.join([session, *_told(found)])}>")


def session_html(session: str) -> str:
    """Return a session as HTML in which nothing acts.

    Parameters
    ----------
    session : str
        Its ID; it may not exist yet.
    """
    found = facts(session)
    told = _told(found) if found else ["not created yet"]
    name = f"<strong><code>{text_to_html(session)}</code></strong>"
    # A front end that looks for formulas must not find one in somebody's title.
    return (
        '<div class="tex2jax_ignore mathjax_ignore" style="overflow-wrap:anywhere">'
        f"{name}<br>{' · '.join(map(text_to_html, told))}</div>"
    )


def _told(found: SessionFacts) -> list[str]:
    kept = records.settings(found.session)
    # Whoever uses it: this kernel is somebody too.
    user = locking.users([found.session], None).get(found.session)
    parts = [
        f"“{found.title}”" if found.title else "",
        counted(found.turns, "turn"),
        f"last used {local_time(found.modified)}",
        found.model or ((kept.model or kept.kind) if kept else ""),
        found.cwd,
        size(found.bytes),
        f"in use by {user}" if user else "",
    ]
    return [part for part in parts if part]
