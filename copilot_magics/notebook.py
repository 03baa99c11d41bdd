"""What one shell is bound to, and what it says about that.

The binding on disk (`binding`) outlives the kernel; this is its living half: the `Session` in hand,
what a re-run cell does, and the sentences that a user reads when a session is bound.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from copilot_magics import binding, records
from copilot_magics.config import CopilotMagics
from copilot_magics.errors import BadInput
from copilot_magics.words import counted, local_time

if TYPE_CHECKING:
    from copilot_magics.session import Session
    from copilot_magics.settings import How
    from copilot_magics.transcripts.catalog import SessionFacts


@dataclass
class Notebook:
    """The shell's side of a binding.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    session : Session, optional
        The session in hand.
    rerun : str
        What ``--rerun`` said; empty: the configuration holds.
    raw_cell : str
        The cell that is running, as it was typed.
    """

    shell: Any
    session: Session | None = None
    rerun: str = ""
    raw_cell: str = ""

    @property
    def path(self) -> str:
        """The notebook's absolute path, or an empty string."""
        return binding.this_notebook(self.shell)

    @property
    def bound_id(self) -> str:
        """ID of the session that this notebook is bound to, or was in an earlier kernel; or ""."""
        return self.session.id if self.session else binding.bound_session(self.path)

    @property
    def replays(self) -> bool:
        """Whether a cell that was answered in an earlier kernel shows that answer again."""
        return (self.rerun or CopilotMagics.instance().rerun) == "replay"

    @property
    def rewinds(self) -> bool:
        """Whether a cell that asks again takes the conversation back to before it first.

        A terminal has no cells that are run again.
        """
        in_kernel = hasattr(self.shell, "kernel")
        return in_kernel and (self.rerun or CopilotMagics.instance().rerun) == "rewind"

    def bind(self, session: Session, how: How) -> str:
        """Open a session, bind the notebook to it, and return the line that says so."""
        from copilot_magics.transcripts.catalog import facts

        before = facts(session.id)
        session.open(how)
        self._keep(session)
        return opened_line(session.id, before)

    def bound(self) -> tuple[Session, str]:
        """Return the session that a bare ``%%copilot`` asks, and a line where that is news."""
        from copilot_magics.session import Session
        from copilot_magics.transcripts.catalog import facts

        # One that is not on disk was deleted, or its first prompt could not be sent.
        if self.session is not None and self.session.exists:
            return self.session, ""
        if remembered := binding.bound_session(self.path):
            before = facts(remembered)
            if before is not None:
                session = Session(remembered)
                self._keep(session)
                return session, opened_line(remembered, before)
        session = self.new_session()
        self._keep(session)
        return session, f"Session {session.id} created; this notebook is bound to it."

    def new_session(self) -> Session:
        """Return a handle of a session named after user and notebook, under an ID not yet taken."""
        from copilot_magics.session import Session
        from copilot_magics.transcripts.catalog import known_ids

        name, taken = binding.own_name(self.path), {known.casefold() for known in known_ids()}
        if not self.path:
            # Two papermill runs may begin in the same moment: no counting.
            name = f"{name[:80]}-{uuid.uuid4().hex[:8]}"
        proposed, number = name, 2
        while proposed.casefold() in taken:
            proposed, number = f"{name[:90]}-{number}", number + 1
        return Session(proposed)

    def bound_or_none(self) -> Session | None:
        """Return the session that this notebook is bound to, or None."""
        from copilot_magics.session import Session

        remembered = binding.bound_session(self.path)
        return self.session or (Session(remembered) if remembered else None)

    def status(self) -> str:
        """Return what this notebook is bound to, and how its last turn ended."""
        from copilot_magics.transcripts.catalog import facts

        bound = self.bound_id
        found = facts(bound) if bound else None
        if found is None:
            return (
                "This notebook is not bound to a session. "
                "`%copilot_session ID` binds it; a bare `%%copilot` makes one."
            )
        from copilot_magics.working import status

        now = status(bound, self.shell.user_ns) or last_turn(bound)
        return f"This notebook is bound to {told(found)}. {now}"

    def _keep(self, session: Session) -> None:
        self.session = session
        binding.bind(self.path, session.id)


def opened_line(session: str, before: SessionFacts | None) -> str:
    """Return the line that says what opening a session did.

    Parameters
    ----------
    session : str
        The session's ID.
    before : SessionFacts or None
        What was on disk before it was opened.
    """
    if before is not None:
        from copilot_magics import recovery

        return " ".join(filter(None, (f"Resumed {told(before)}.", recovery.damage(session))))
    kept = records.settings(session)
    model = (kept.model or kept.kind) if kept else ""
    return f"Created {' · '.join(filter(None, (session, model)))}."


def told(found: SessionFacts) -> str:
    """Return a session in a few words: ID, title, turns, last used, model."""
    from copilot_magics.display.inert import plain

    turns = counted(found.turns, "turn")
    title = f"“{plain(found.title)}”" if found.user_named and found.title else ""
    used = f"last used {local_time(found.modified)}" if found.turns else ""
    kept = records.settings(found.session)
    model = found.model or (kept.model or kept.kind if kept else "")
    return " · ".join(filter(None, (found.session, title, turns, used, model)))


def last_turn(session: str) -> str:
    """Return a sentence or two on how a session's last turn ended."""
    asked = records.asked(session)
    if not asked:
        return "No prompt was sent from a notebook yet."
    last = next((line for line in reversed(asked) if not line.waiting), asked[0])
    ran = next((line for line in asked if line.key == last.into), last)
    told = [f"Its last turn {_ending(session, last)}."]
    if ran is not last and last.outcome != "answered":
        told.append(f"The turn it was sent into {_ending(session, ran)}.")
    later = asked[asked.index(ran) + 1 :]
    unsent = sum(line.waiting and not records.is_open(line) for line in later)
    if unsent:
        were = "was never sent, and is" if unsent == 1 else "were never sent, and are"
        told.append(f"{counted(unsent, 'later prompt')} {were} lost.")
    return " ".join(told)


def _ending(session: str, line: records.Asked) -> str:
    from copilot_magics.transcripts.ending import has_answer

    if line.outcome == "answered":
        return "was answered"
    if records.is_open(line):
        return "waits to be sent" if line.waiting else "is being answered"
    if line.outcome is None and line.message and has_answer(session, line.message):
        return "was answered as its kernel ended; `get_messages()` has the answer"
    how = {
        "aborted": "was aborted",
        "failed": "failed",
        "lost": "was lost",
        None: "was lost" if line.waiting else "was cut short when its kernel ended",
    }[line.outcome]
    known = (
        "is in the journal" if records.reached_journal(session, line) else "is not in the journal"
    )
    return f"{how}; its prompt {known}"


def check_name(name: str) -> str:
    """Return a variable's name for ``--into``."""
    if not name.isidentifier():
        raise BadInput(
            f"{name!r} cannot be the name of a variable; nothing was sent.",
            "Use letters, digits and _, such as `--into reply`.",
        )
    return name
