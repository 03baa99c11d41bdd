"""All sessions: list, delete, prune, title, fork, and the history of any of them.

Listing and reading need nothing but the disk. Deleting goes through the runtime, which alone knows
all it has written, and then makes sure that nothing of the conversation is left.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from copilot_magics import binding, locking, records, stars
from copilot_magics.errors import (
    BadInput,
    CopilotError,
    Interrupted,
    SessionInUse,
    SessionNotFound,
    closest,
)
from copilot_magics.ids import shown
from copilot_magics.words import counted, size

if TYPE_CHECKING:
    import pandas as pd

    from copilot_magics.transcripts.catalog import SessionFacts


def get_messages(
    session: str | Iterable[str] | None = None,
    *,
    types: str | Iterable[str] | None = None,
    roles: str | Iterable[str] | None = None,
    since: datetime | date | str | None = None,
    until: datetime | date | str | None = None,
    columns: str | Iterable[str] | None = None,
    engine: str = "pandas",
) -> pd.DataFrame:
    """Return the history of sessions: one row an event, in order, nothing dropped.

    Parameters
    ----------
    session : str or list of str, optional
        ID or title, several of them, or ``"*"`` for all; left out, the session that this notebook
        is bound to. Where none is, ``since`` or ``until`` alone asks for that time of all sessions.
    types, roles : str or list of str, optional
        Only events of these raw types, or of these roles (user, assistant, system, tool, session).
    since, until : datetime, date or str, optional
        Only events from then, until then: a moment, ISO text, or an age such as ``"7d"``.
    columns : str or list of str, optional
        Only these columns.
    engine : {"pandas", "dask"}
        ``"dask"`` for a Dask DataFrame of the same rows, read when it is computed; needs the extra
        ``copilot-magics[dask]``.

    Returns
    -------
    pandas.DataFrame or dask.dataframe.DataFrame
        Columns and dtypes as the README lists them, also when empty.

    Raises
    ------
    SessionNotFound
        A session does not exist; names the closest. Damage in one that does is a warning.
    BadInput
        No session is named and none is bound, or a filter cannot be understood.
    """
    from copilot_magics import transcripts

    wanted = session
    if wanted is None:
        wanted = _bound_here() or ("*" if since is not None or until is not None else None)
    if wanted is None:
        raise BadInput(
            "This notebook is not bound to a session.",
            "Name one, as in `get_messages('alice-churn')`, or bind it with `%copilot_session ID`.",
        )
    return transcripts.get_messages(
        wanted,
        types=types,
        roles=roles,
        since=since,
        until=until,
        columns=columns,
        engine=engine,
    )


def list_sessions() -> pd.DataFrame:
    """Return all sessions on disk, newest first; needs no runtime.

    Returns
    -------
    pandas.DataFrame
        ``session``, ``title`` (a person's, else the first prompt), ``created`` and ``modified``
        (UTC), ``turns``, ``bytes``, ``model``, ``cwd``, ``notebook`` (bound to it) and ``in_use``
        (by whom).
    """
    import pandas as pd

    from copilot_magics.display.frame import SessionsFrame
    from copilot_magics.runtime.process import runtime
    from copilot_magics.transcripts.catalog import catalog

    found = catalog()
    notebooks = binding.bound_notebooks()
    users = locking.users([facts.session for facts in found], runtime().pid)
    models = [facts.model or _model_set(facts.session) for facts in found]
    moment = "datetime64[us, UTC]"
    return SessionsFrame(
        {
            "session": pd.array([facts.session for facts in found], dtype="string"),
            "title": pd.array([facts.title or None for facts in found], dtype="string"),
            "created": pd.Series([facts.created for facts in found], dtype=moment),
            "modified": pd.Series([facts.modified for facts in found], dtype=moment),
            "turns": pd.array([facts.turns for facts in found], dtype="Int64"),
            "bytes": pd.array([facts.bytes for facts in found], dtype="Int64"),
            "model": pd.array(models, dtype="string"),
            "cwd": pd.array([facts.cwd or None for facts in found], dtype="string"),
            "notebook": pd.array([notebooks.get(facts.session) for facts in found], dtype="string"),
            "in_use": pd.array([users.get(facts.session) for facts in found], dtype="string"),
        }
    )


def _model_set(session: str) -> str | None:
    kept = records.settings(session)
    return kept.model or None if kept else None


def delete_sessions(sessions: str | Iterable[str], *, yes: bool = False) -> list[str]:
    """Delete sessions for good: journal, checkpoints, files, and all we know of them.

    Parameters
    ----------
    sessions : str or iterable of str
        IDs or titles.
    yes : bool
        Do not ask; where no one watches, nothing is asked anyway.

    Returns
    -------
    list of str
        The IDs that were deleted.

    Raises
    ------
    SessionNotFound
        Some did not exist; those that did have been deleted.
    SessionInUse
        Some are in use; those that are not have been deleted.
    """
    names = [sessions] if isinstance(sessions, str) else list(dict.fromkeys(sessions))
    found = {facts.session: facts for facts in _catalog()}
    known: list[SessionFacts] = []
    missing: list[str] = []
    for name in names:
        try:
            known.append(found[_resolved(name)])
        except (SessionNotFound, KeyError):
            missing.append(name)
    gone: list[str] = []
    refused: list[CopilotError] = []
    if known and (yes or _confirmed(known)):
        gone, refused = _delete(known)
    if refused:
        raise refused[0]
    if missing:
        listed = ", ".join(map(shown, missing))
        raise SessionNotFound(
            f"There is no session {listed}.",
            closest(missing[0], found) or "`%copilot_sessions` lists those that exist.",
        )
    return gone


def prune_sessions(age: str | date, *, dry_run: bool = False, yes: bool = False) -> pd.DataFrame:
    """Delete sessions not used for some time; those bound, in use or starred are kept.

    Parameters
    ----------
    age : str, date or datetime
        How long, such as ``30d``, ``12h`` or ``4w``, or since when.
    dry_run : bool
        Only say what would go.
    yes : bool
        Do not ask.

    Returns
    -------
    pandas.DataFrame
        The rows of `list_sessions` that went, or would go, with their sizes.

    Raises
    ------
    BadInput
        The age is none.
    CopilotError
        Some could not be deleted; those that could have been.
    """
    from copilot_magics.display.frame import SessionsFrame
    from copilot_magics.transcripts.when import moment

    before: datetime = moment(age, "age")
    listed = list_sessions()
    old = listed["modified"] < before
    starred = listed["session"].isin(stars.starred())
    free = listed["notebook"].isna() & listed["in_use"].isna() & ~starred
    going = listed[old & free].reset_index(drop=True)
    kept = int((old & ~free).sum())
    note = f" {kept} older still, bound to a notebook, in use or starred, are kept." if kept else ""
    total = size(int(going["bytes"].sum()))
    if going.empty:
        print(f"No session is older than {age}.{note}")
    elif dry_run:
        print(f"{counted(len(going), 'session')} would be deleted ({total}).{note}")
    else:
        chosen = set(going["session"])
        found = [facts for facts in _catalog() if facts.session in chosen]
        gone, refused = _delete(found) if yes or _confirmed(found) else ([], [])
        going = going[going["session"].isin(gone)].reset_index(drop=True)
        print(note.strip(), end="\n" if note else "")
        # What somebody else has deleted or taken up meanwhile is not to be pruned any more.
        for error in refused:
            if not isinstance(error, SessionNotFound | SessionInUse):
                raise error
    return SessionsFrame(going)


def set_title(session: str, title: str) -> None:
    """Give a session a title.

    Parameters
    ----------
    session : str
        ID or title.
    title : str
        1 to 100 characters in one line, without double quotes (the runtime's rule).
    """
    from copilot_magics.doors import block
    from copilot_magics.titles import check_title, rename

    name, clean = _resolved(session), check_title(title)
    block(rename(name, clean))
    print(f"Session {name} is now titled “{clean}”.")


def fork_session(source: str, title: str = "", *, at: str = "") -> str:
    """Make a new session that starts with the history of another, which stays as it is.

    Parameters
    ----------
    source : str
        ID or title; it may be in use.
    title : str
        The fork's title; the source's with ``(fork)`` behind it where left out.
    at : str
        Event ID (column ``event_id`` of `get_messages`): the fork has what was before that event.

    Returns
    -------
    str
        The fork's ID, which the runtime chooses.

    Raises
    ------
    SessionNotFound, BadInput
        There is no such session or event, or the title cannot be used.
    """
    from copilot_magics.doors import block
    from copilot_magics.forking import fork, fork_title

    name = _resolved(source)
    return block(fork(name, fork_title(name, title), at))


def _delete(found: list[SessionFacts]) -> tuple[list[str], list[CopilotError]]:
    from copilot_magics.deletion import delete
    from copilot_magics.doors import block
    from copilot_magics.transcripts import session_folder

    gone: list[str] = []
    refused: list[CopilotError] = []
    try:
        for facts in found:
            try:
                block(delete(facts.session), whole=True)
            except CopilotError as error:
                refused.append(error)
            else:
                gone.append(facts.session)
    except Interrupted:
        # It may be gone all the same: what has begun is not left half done.
        gone += [] if session_folder(facts.session).exists() else [facts.session]
        if len(gone) == len(found) or len(found) == 1:
            raise
        raise Interrupted(
            f"Interrupted: {len(gone)} of {counted(len(found), 'session')} went; "
            "run it again for the others."
        ) from None
    finally:
        if gone:
            freed = sum(facts.bytes for facts in found if facts.session in gone)
            print(f"Deleted {', '.join(gone)} ({size(freed)}).")
    return gone, refused


def _confirmed(found: list[SessionFacts]) -> bool:
    """Ask where someone watches; a job with no one watching means what it says."""
    from copilot_magics.doors import shell

    if not binding.watched(shell()):
        return True
    sys.stdout.flush()
    listed = ", ".join(f"{facts.session} ({counted(facts.turns, 'turn')})" for facts in found)
    total = size(sum(facts.bytes for facts in found))
    answer = input(f"Delete {listed}, {total}, for good? [y/N] ")
    if answer.strip().lower() in ("y", "yes"):
        return True
    print("Nothing was deleted.")
    return False


def _catalog() -> list[SessionFacts]:
    from copilot_magics.transcripts.catalog import catalog

    return catalog()


def _resolved(name: str) -> str:
    from copilot_magics.transcripts import find, not_found

    found = find(name)
    if found is None:
        raise not_found(name)
    return found


def _bound_here() -> str | None:
    from copilot_magics.doors import shell
    from copilot_magics.extension import loaded_notebook

    notebook = loaded_notebook(shell())
    session = notebook.bound_or_none() if notebook else None
    return session.id if session else None
