"""Deleting one session, so that no byte of its conversation is left.

The runtime removes the session's folder but not what its cross-session store has indexed: sessions
held in a terminal leave their prompts and answers there. All of it runs on the runtime's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3

from copilot_magics import binding, locking, records
from copilot_magics.errors import CopilotError, SessionInUse, SessionNotFound
from copilot_magics.folders import copilot_home, session_state
from copilot_magics.held import close, repository
from copilot_magics.runtime.process import runtime
from copilot_magics.stars import star
from copilot_magics.transcripts.journal import check_place
from copilot_magics.transcripts.memory import memory


async def delete(session: str) -> None:
    """Delete a session that nobody uses.

    Parameters
    ----------
    session : str
        The session's ID.

    Raises
    ------
    SessionInUse
        Somebody holds it, or a turn of this kernel is running in it.
    SessionNotFound
        Somebody else has deleted it since it was listed.
    BadInput
        It lies elsewhere, and is linked.
    CopilotError
        Something of it could not be removed.
    """
    check_place(session)
    if held := repository.get(session):
        held.queue.check_free()
        if held.turn is not None and held.turn.outcome is None:
            raise SessionInUse(
                f"The session {session!r} is answering a prompt.", "Interrupt it first."
            )
        await close(session)
    folder = session_state() / session
    lock = await asyncio.to_thread(locking.SessionLock, session, "")
    try:
        if not folder.exists():
            raise SessionNotFound(f"The session {session!r} has been deleted meanwhile.")
        if pids := locking.foreign_runtimes(session, runtime().pid):
            raise locking.in_use(session, locking.foreign(pids[0]))
        client = await runtime().client()
        # First, since it may fail, and a session whose folder is gone cannot be deleted again.
        await asyncio.to_thread(_remove_from_store, session)
        # A session without a journal is unknown to the runtime; its folder is removed below.
        with contextlib.suppress(Exception):
            await client.delete_session(session)
        await asyncio.to_thread(_remove_rest, session)
        records.forget(session)
        binding.forget(session)
        star(session, False)
        memory().forget(session)
    finally:
        lock.release()


def _remove_rest(session: str) -> None:
    folder = session_state() / session
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        raise CopilotError(
            f"Not all of {folder} could be removed.", "Check who owns it, and delete it by hand."
        )
    # It holds nothing but the session's name; that is somebody's too.
    (session_state() / ".session-operation-locks" / f"{session}.lock").unlink(missing_ok=True)


def _remove_from_store(session: str) -> None:
    store = copilot_home() / "session-store.db"
    if not store.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(store, timeout=10)) as database:
            _remove_rows(database, session)
    except sqlite3.Error as error:
        raise CopilotError(
            f"The session {session!r} was not deleted, because {store} could not be cleared of "
            f"it: {error}.",
            "End the copilot that runs in a terminal, and delete it again.",
        ) from error


def _remove_rows(database: sqlite3.Connection, session: str) -> None:
    database.execute("PRAGMA secure_delete = ON")
    columns = database.execute(
        "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c "
        "WHERE m.type = 'table' "
        "AND (c.name = 'session_id' OR (m.name, c.name) = ('sessions', 'id'))"
    ).fetchall()
    indexes = database.execute(
        "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%'"
    ).fetchall()
    with database:
        for table, column in columns:
            database.execute(f'DELETE FROM "{table}" WHERE "{column}" = ?', (session,))
        for (index,) in indexes:
            # It only notes that a row is gone, and keeps the row's words.
            database.execute(f'INSERT INTO "{index}"("{index}") VALUES (\'rebuild\')')
    database.execute("VACUUM")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
