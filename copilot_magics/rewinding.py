"""A rewind: the conversation goes back to an earlier turn, and goes on from there.

The runtime cuts the events off the journal (RPC ``session.history.rewind``), where nothing is left
of them; so before that the session is forked, and only once the fork is seen to have them all does
anything go. Files are left as they are. Runs on the runtime's loop, while no prompt is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import operator
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from copilot_magics import records
from copilot_magics.config import CopilotMagics
from copilot_magics.display.inert import plain
from copilot_magics.errors import BadInput, CopilotError, RuntimeUnavailable
from copilot_magics.forking import fork, free_title
from copilot_magics.held import opened
from copilot_magics.recovery import Watch
from copilot_magics.runtime.process import runtime
from copilot_magics.transcripts import Event, SessionFacts, facts, read_journal, reading
from copilot_magics.transcripts.journal import is_sound
from copilot_magics.transcripts.prompts import Asked, prompts_of
from copilot_magics.words import counted

if TYPE_CHECKING:
    from copilot.session import CopilotSession

    from copilot_magics.settings import Options
    from copilot_magics.turn import Turn

T = TypeVar("T")

Back = Callable[["CopilotSession"], Awaitable["Rewound | None"]]
"""Takes a session back, as the runtime holds it; None: there was nothing to cut off."""

_PATIENCE = 5.0
"""Seconds that an interrupt waits for the end of what must not be left half done."""

_DONE = ("success", "checkpoint-cleanup-failed", "snapshot-prune-failed")
"""Outcomes of the runtime's with which the conversation is back."""

_BUSY = "the agent still works on something in the background; try again"

_kept: dict[str, list[str]] = {}
"""The forks that this kernel has made of a session before it went back."""


class Rewound(NamedTuple):
    """What a rewind came to.

    Attributes
    ----------
    session : str
        The session's ID.
    turn : int
        The last turn that it has now; 0: it is at its beginning.
    cut : int
        How many turns were cut off.
    fork : str
        ID of the fork that has them; empty where there was no answer in them.
    title : str
        The fork's title.
    mended : str
        What was dropped of a damaged journal before; empty: nothing.
    """

    session: str
    turn: int
    cut: int
    fork: str
    title: str
    mended: str = ""

    @property
    def gone(self) -> str:
        """What became of the turns that were cut off, as the end of a sentence."""
        first, last = self.turn + 1, self.turn + self.cut
        between = "and" if self.cut == 2 else "to"
        turns = f"turn {first}" if self.cut == 1 else f"turns {first} {between} {last}"
        is_, had = ("is", "it had") if self.cut == 1 else ("are", "they had")
        if not self.fork:
            return f"{turns} {is_} gone, since {had} no answer"
        return f"{turns} {is_} kept in the fork {self.fork} “{plain(self.title)}”"

    def __str__(self) -> str:
        where = f"turn {self.turn}" if self.turn else "its beginning"
        return f"Session {self.session} is back at {where}; {self.gone}. {self.mended}".rstrip()


async def rewind(session: str, options: Options, back: Back) -> Rewound | None:
    """Take a session back that exists; it is taken up for that, and stays so.

    Parameters
    ----------
    session : str
        Its ID.
    options : Options
        As it is opened with, where this kernel does not hold it.
    back : callable
        Where to.

    Returns
    -------
    Rewound or None
        None where there was nothing to cut off.

    Raises
    ------
    SessionNotFound, BadInput
        There is no such session, or no such turn.
    SessionInUse
        Somebody else holds it, or a prompt is being answered.
    CopilotError
        The fork could not be made, or the runtime refused; nothing was cut off.
    """
    held = await opened(session, options, CopilotMagics.instance(), "resume")
    return await held.rewind(back)


def turn_number(turn: object) -> int:
    """Return a turn's number as it was given.

    Parameters
    ----------
    turn : object
        An integer of any kind, or a text of digits.

    Raises
    ------
    BadInput
        It is none.
    """
    try:
        return int(turn) if isinstance(turn, str) else operator.index(turn)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise BadInput(
            f"The turn to go back to cannot be {turn!r}.",
            "Give its number, from the column turn of get_messages(), such as 3; 0 is the "
            "beginning, and -1 takes the last turn back.",
        ) from None


def check_turn(session: str, turn: int) -> int:
    """Return the turn that will be the last one, counted from 1; 0: none will.

    Parameters
    ----------
    session : str
        The session's ID.
    turn : int
        The same, or how many turns to take back, negative.

    Raises
    ------
    BadInput
        There is no such turn; says which there are.
    """
    total = len(prompts_of(session))
    last = total + turn if turn < 0 else turn
    if 0 <= last <= total:
        return last
    there = f"0 (its beginning) to {total}" if total else "0, which changes nothing"
    raise BadInput(
        f"The session {session!r} has {counted(total, 'turn')}, so it cannot go back "
        + (f"by {-turn}; nothing was cut off." if turn < 0 else f"to {turn}; nothing was cut off."),
        f"Give one from {there}.",
    )


def back_to(session: str, turn: int) -> Back:
    """Return what takes a session back to just after a turn, given as to `check_turn`."""

    async def back(sdk: CopilotSession) -> Rewound | None:
        last = await asyncio.to_thread(check_turn, session, turn)
        return await _cut(sdk, session, last, f"before rewind to turn {last}", always=True)

    return back


def back_to_event(session: str, event: str) -> Back:
    """Return what takes a session back to just after the turn that an event belongs to."""

    async def back(sdk: CopilotSession) -> Rewound | None:
        last = await asyncio.to_thread(_turn_of, session, event)
        return await _cut(sdk, session, last, f"before rewind to turn {last}", always=True)

    return back


def before_asked_again(
    turn: Turn, *, in_any_order: bool
) -> Callable[[CopilotSession], Awaitable[None]]:
    """Return what takes the conversation back to before the turn of a cell that asks again.

    Parameters
    ----------
    turn : Turn
        The turn that is about to be sent; it is given the line that says what was done.
    in_any_order : bool
        Whether cells may be run again in this kernel. Where a program runs them from the top, two
        that ask the same are two cells.
    """

    async def back(sdk: CopilotSession) -> None:
        await _whole(_before_asked_again(sdk, turn, in_any_order))

    return back


async def _before_asked_again(sdk: CopilotSession, turn: Turn, in_any_order: bool) -> None:
    asked = await asyncio.to_thread(_asked_before, turn, in_any_order)
    if asked is None:
        if not in_any_order and (told := await asyncio.to_thread(_stayed, turn.session)):
            turn.notice(told)
        return
    last = asked.turn - 1
    title = f"before turn {asked.turn} was asked again"
    rewound = await _cut(sdk, turn.session, last, title, always=False)
    if rewound is not None:
        turn.notice(
            f"This cell had asked turn {asked.turn}: the conversation went back to before it; "
            f"{rewound.gone}. {rewound.mended}".rstrip()
        )


def _stayed(session: str) -> str:
    """Say what stays of a session where this kernel begins with what nobody has asked before."""
    if records.asked_here(session) or not (before := len(prompts_of(session))):
        return ""
    return f"No cell had asked this before, so {counted(before, 'earlier turn')} stayed."


def _asked_before(turn: Turn, in_any_order: bool) -> Asked | None:
    cell = turn.origin
    if cell is None:
        return None
    messages = records.asked_by(turn.session, cell)
    if not messages and not records.may_be_event(cell.cell):
        return None
    kept = set() if in_any_order else records.asked_here(turn.session)
    found: Asked | None = None
    for prompt in prompts_of(turn.session):
        # A notebook that was written from the session calls its cells by their prompts' events.
        if found is None and (prompt.message in messages or prompt.event == cell.cell):
            found = prompt
        if prompt.message in kept:
            found = None
    return found


async def _whole(work: Coroutine[Any, Any, T]) -> T:
    """Await what must not be left half done: an interrupt waits for its end, not for long."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=_PATIENCE)
        raise


async def _cut(
    sdk: CopilotSession, session: str, last: int, ending: str, *, always: bool
) -> Rewound | None:
    """Cut off what comes after a turn, once a fork has it.

    Parameters
    ----------
    sdk : CopilotSession
        The session in the runtime.
    session : str
        Its ID.
    last : int
        The turn.
    ending : str
        What the fork's title says behind the session's own.
    always : bool
        Whether to fork also where nothing was answered in what is cut off.
    """
    from copilot.rpc import HistoryRewindMode, HistoryRewindRequest

    prompts = await asyncio.to_thread(prompts_of, session)
    if last >= len(prompts):
        return None
    first = prompts[last]
    mended = await _flush(sdk, session)
    going = await asyncio.to_thread(_said_from, session, first.event)
    if not going:
        raise CopilotError(
            f"The session {session!r} cannot go back to turn {last}: its journal is damaged there.",
            "Go back further, or leave it and go on in another session.",
        )
    kept, title, made = "", "", False
    if always or any(map(_is_answer, going)):
        kept, title, made = await _keep(session, going, ending)
    how = ""
    try:
        done = await sdk.rpc.history.rewind(
            HistoryRewindRequest(first.event, HistoryRewindMode.CONVERSATION)
        )
        outcome = done.outcome.value
        why = _BUSY if outcome == "session-busy" else done.error
    except Exception as error:
        outcome, why, how = "failed", str(error), await runtime().death(error)
    # One that dies may have cut the journal all the same.
    if outcome not in _DONE and await asyncio.to_thread(_has_all, session, going):
        if made:
            from copilot_magics.deletion import delete

            # Its title says that something was cut off.
            with contextlib.suppress(Exception):
                await delete(kept)
        if how:
            when = f" before {session!r} had gone back"
            raise RuntimeUnavailable(runtime().obituary(how, when), runtime().again())
        raise CopilotError(
            f"The session {session!r} could not go back to turn {last}, and is as it was: "
            f"{(why or outcome).rstrip('.')}.",
            f"`%copilot_session --fork {session} --at {first.event}` makes a session that ends "
            "there.",
        )
    records.cut(session, {prompt.message for prompt in prompts[last:] if prompt.message})
    return Rewound(session, last, len(prompts) - last, kept, title, mended)


async def _flush(sdk: CopilotSession, session: str) -> str:
    """Have the journal hold all there is, and say what was dropped that cannot be read."""
    from copilot.rpc import SessionsSaveRequest

    watch = Watch(session)
    if not await asyncio.to_thread(is_sound, session):
        # The runtime mends a journal when it writes to it, and cuts only one that is sound.
        await sdk.log("The journal was damaged, and is mended before the conversation goes back.")
    client = await runtime().client()
    await client.rpc.sessions.save(SessionsSaveRequest(session_id=session))
    # Before anything is cut off: that would count as dropped too.
    return await asyncio.to_thread(watch.told)


async def _keep(session: str, going: list[Event], ending: str) -> tuple[str, str, bool]:
    """Return a fork that has all that goes, its title, and whether it was made for that."""
    if known := await asyncio.to_thread(_already_kept, session, going):
        return known.session, known.title, False
    title = await asyncio.to_thread(free_title, session, ending)
    made = await fork(session, title)
    if not await asyncio.to_thread(_has_all, made, going):
        raise CopilotError(
            f"The session {session!r} did not go back, because its fork {made!r} does not have "
            "all that would be cut off.",
            "Try again, or leave it and go on in another session.",
        )
    _kept.setdefault(session, []).append(made)
    return made, title, True


def _already_kept(session: str, going: list[Event]) -> SessionFacts | None:
    for known in reversed(_kept.get(session, [])):
        if _has_all(known, going):
            return facts(known)
    return None


def _said_from(session: str, event: str) -> list[Event]:
    """Return what was said and done from an event on; nothing where the journal has it not."""
    events = read_journal(session).events
    at = next((place for place, found in enumerate(events) if event and found.id == event), None)
    if at is None:
        return []
    return [found for found in events[at:] if found.type.startswith(_SAID)]


_SAID = ("user.", "assistant.", "tool.")


def _is_answer(event: Event) -> bool:
    if event.type == "assistant.message":
        return bool(reading.content_of(event.type, reading.payload_of(event)))
    return event.type.startswith("tool.")


def _has_all(session: str, events: list[Event]) -> bool:
    known = {event.id for event in read_journal(session).events}
    return all(event.id in known for event in events)


def _turn_of(session: str, event: str) -> int:
    prompts = {prompt.event: prompt.turn for prompt in prompts_of(session)}
    turn = 0
    for found in read_journal(session).events:
        turn = prompts.get(found.id or "", turn)
        if found.id == event:
            return turn
    raise BadInput(
        f"The session {session!r} does not have that answer any more; nothing was cut off.",
        "Look at it anew.",
    )
