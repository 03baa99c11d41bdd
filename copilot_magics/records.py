"""What we remember of a session beside its journal, which belongs to the runtime.

Two files a session, both small and private: its settings (who answers, so that a conversation held
with a local model is not sent elsewhere on resume), and a line each for a prompt's beginning, for
the ID that the runtime gave it, and for its end (which cell asked it and how it ended, so that
Restart and Run All can replay). Neither holds a key or a prompt: a prompt is known by its hash.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterator
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from copilot_magics.errors import StateUnusable
from copilot_magics.folders import (
    check_own_file,
    own_folder,
    own_state,
    read_private,
    write_private,
)
from copilot_magics.texts import DAMAGED

Outcome = Literal["answered", "aborted", "failed", "lost"]

_THIS_KERNEL = uuid.uuid4().hex


class Settings(msgspec.Struct, frozen=True):
    """Who answers in a session: the provider's kind, URL and the name of its key's variable."""

    kind: str = ""
    base_url: str = ""
    api_key_env: str = ""
    wire_api: str = ""
    local_model: str = ""
    model: str = ""
    cwd: str = ""


class Asked(msgspec.Struct, omit_defaults=True):
    """One prompt: where it came from, and how its turn ended.

    Attributes
    ----------
    key : str
        What its lines are known by.
    message : str
        The ID that ``session.send`` gave it; empty: nobody lived to see it sent.
    run : int
        The execution count of the cell's run.
    outcome : Outcome or None
        None: nobody lived to see it.
    waiting : bool
        Whether it was not sent yet: it waited for the prompts before it.
    into : str
        The key of the prompt into whose turn it was sent; else empty.
    cut : bool
        Whether its turn was cut off since: the conversation went back to before it.
    """

    key: str
    message: str = ""
    kernel: str = ""
    cell: str = ""
    prompt: str = ""
    nth: int = 0
    run: int = 0
    at: datetime | None = None
    outcome: Outcome | None = None
    waiting: bool = False
    into: str = ""
    cut: bool = False


def settings(session: str) -> Settings | None:
    """Return what is remembered of who answers in a session, or None."""
    try:
        return msgspec.json.decode(read_private(_settings(session)), type=Settings)
    except StateUnusable:
        # Whoever put it there would choose who is asked, and is told what.
        raise
    except (OSError, *DAMAGED):
        return None


def remember(session: str, kept: Settings) -> None:
    """Remember who answers in a session."""
    if settings(session) != kept:
        write_private(_settings(session), msgspec.json.encode(kept))


class Cell(msgspec.Struct, frozen=True):
    """Where a prompt comes from.

    Attributes
    ----------
    cell : str
        The cell's ID where the front end sends one, else empty.
    prompt : str
        SHA-256 of the prompt, hexadecimal.
    nth : int
        How often the same was asked before: in this run of the cell where it is known, else in
        this kernel.
    run : int
        The cell's execution count.
    """

    cell: str
    prompt: str
    nth: int
    run: int = 0


_asked_here: dict[tuple[str, str, str, int], int] = {}


def source(session: str, cell: str, run: int, prompt: str) -> Cell:
    """Say where a prompt comes from, and count it.

    Parameters
    ----------
    session : str
        The session's ID.
    cell : str
        The cell's ID, or an empty string.
    run : int
        The cell's execution count.
    prompt : str
        The prompt's text.
    """
    digest = digest_of(prompt)
    key = (session, cell, digest, run if cell else 0)
    nth = _asked_here.get(key, 0)
    _asked_here[key] = nth + 1
    return Cell(cell, digest, nth, run)


def digest_of(prompt: str) -> str:
    """Return what a prompt is known by: SHA-256, hexadecimal."""
    return hashlib.sha256(prompt.encode(errors="backslashreplace")).hexdigest()


def began(session: str, cell: Cell | None, *, waiting: bool = False, into: str = "") -> str:
    """Note that a prompt is about to be sent, and return the key under which it is known.

    Parameters
    ----------
    session : str
        The session's ID.
    cell : Cell or None
        Where it comes from, where that is known.
    waiting : bool
        Whether it waits for the prompts before it; `sending` is noted when it waits no longer.
    into : str
        The key of the prompt into whose turn it is sent.
    """
    key, where = uuid.uuid4().hex, cell or Cell("", "", 0)
    begun = Asked(
        key,
        kernel=_THIS_KERNEL,
        cell=where.cell,
        prompt=where.prompt,
        nth=where.nth,
        run=where.run,
        at=datetime.now(UTC),
        waiting=waiting,
        into=into,
    )
    _append(session, begun)
    return key


def sending(session: str, key: str, into: str = "") -> None:
    """Note that a prompt that waited is about to be sent."""
    _append(session, Asked(key, at=datetime.now(UTC), into=into))


def sent(session: str, key: str, message: str) -> None:
    """Note the ID that ``session.send`` gave a prompt."""
    _append(session, Asked(key, message))


def ended(session: str, key: str, outcome: Outcome) -> None:
    """Note how a prompt's turn ended."""
    _append(session, Asked(key, outcome=outcome))


def cut(session: str, messages: set[str]) -> None:
    """Note that the turns of prompts were cut off, by the IDs under which these were sent.

    What was asked behind the first of them is gone with it, also where the journal never had it.
    """
    known = asked(session)
    first = next((n for n, line in enumerate(known) if line.message in messages), len(known))
    # What waits here has not been asked yet.
    before = [line for line in known[first:] if not (line.waiting and is_open(line))]
    if gone := [Asked(line.key, cut=True) for line in before]:
        _append(session, *gone)
    look_again(session)


def hand_on(session: str, fork: str, messages: set[str]) -> None:
    """Have a fork know what its source knows of the prompts that both have."""
    # What is still being answered here is not answered there.
    ended = (line for line in asked(session) if not is_open(line))
    if known := [line for line in ended if line.message in messages]:
        _append(fork, *known)
    look_again(fork)


def asked(session: str) -> list[Asked]:
    """Return the prompts sent from notebooks, in order, each with its outcome.

    Those whose turns were cut off are none any more.
    """
    found: dict[str, Asked] = {}
    for line in _lines(session):
        prompt = found.setdefault(line.key, line)
        if line is not prompt and line.at:
            prompt.at, prompt.into, prompt.waiting = line.at, line.into, False
        prompt.message = line.message or prompt.message
        prompt.outcome = line.outcome or prompt.outcome
        prompt.cut = line.cut or prompt.cut
    return [prompt for prompt in found.values() if not prompt.cut]


def is_open(prompt: Asked) -> bool:
    """Whether a prompt of this kernel is being answered, or waits for those before it."""
    return prompt.outcome is None and prompt.kernel == _THIS_KERNEL


def reached_journal(session: str, prompt: Asked) -> bool:
    """Whether the journal has a prompt; one whose ID nobody heard must be the newest of them."""
    from copilot_magics.transcripts import has_message
    from copilot_magics.transcripts.paging import last_prompt

    if prompt.message:
        return has_message(session, prompt.message)
    if prompt.waiting or prompt.at is None:
        return False
    # Under which ID it was sent nobody heard; but it would be the newest, and younger than its
    # record. The journal knows milliseconds.
    newest = last_prompt(session)
    if newest is None or newest[1] is None:
        return False
    return newest[1] >= prompt.at - timedelta(milliseconds=1)


def answered_before(session: str, cell: Cell) -> Asked | None:
    """Return the newest answered prompt that came from the same place in an earlier kernel."""
    if session not in _earlier:
        _earlier[session] = {
            (line.cell, line.prompt, line.nth): line
            for line in asked(session)
            if line.kernel != _THIS_KERNEL and line.outcome == "answered"
        }
    earlier = _earlier[session]
    if found := earlier.get((cell.cell, cell.prompt, cell.nth)):
        return found
    if cell.cell:
        return None
    # A program that runs a notebook sends no IDs: there the order tells cells apart.
    others = [line for (_, prompt, _), line in earlier.items() if prompt == cell.prompt]
    return others[cell.nth] if cell.nth < len(others) else None


_earlier: dict[str, dict[tuple[str, str, int], Asked]] = {}


def asked_by(session: str, cell: Cell) -> set[str]:
    """Return the IDs of the prompts that came from the same place in another run of it.

    A cell is known by its ID, whatever it asked; one without, by what it asks.
    """
    return {line.message for line in asked(session) if line.message and _same_place(line, cell)}


def asked_here(session: str) -> set[str]:
    """Return the IDs of the prompts that this kernel sent."""
    return {line.message for line in asked(session) if line.kernel == _THIS_KERNEL}


def may_be_event(cell: str) -> bool:
    """Whether a cell's ID may be that of an event, as in a notebook written from a session."""
    return len(cell) == 36 and cell.count("-") == 4


def _same_place(line: Asked, cell: Cell) -> bool:
    if line.kernel == _THIS_KERNEL and line.run == cell.run:
        return False
    if cell.cell:
        return line.cell == cell.cell
    return line.prompt == cell.prompt


def look_again(session: str) -> None:
    """Forget what earlier kernels asked, where others may have added to it."""
    _earlier.pop(session, None)


def forget(session: str) -> None:
    """Remove what we remember of a deleted session."""
    look_again(session)
    _unwritten.pop(session, None)
    for path in (_settings(session), _turns(session)):
        with contextlib.suppress(OSError):
            path.unlink()


_unwritten: dict[str, list[Asked]] = {}


def _append(session: str, *new: Asked) -> None:
    path = _turns(session)
    lines = _unwritten.setdefault(session, [])
    # After one that was not written whole, a new line begins.
    begun = b"\n" if lines else b""
    lines += new
    # A record must never cost a turn: with a full disk it is the journal that counts, and this
    # kernel at least knows how the turn ended.
    with contextlib.suppress(OSError):
        own_folder(path.parent)
        check_own_file(path)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            data = begun + b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
            if os.write(file, data) == len(data):
                lines.clear()
        finally:
            os.close(file)


def _lines(session: str) -> Iterator[Asked]:
    try:
        data = read_private(_turns(session))
    except OSError:
        data = b""
    for line in data.splitlines():
        with contextlib.suppress(*DAMAGED):
            yield msgspec.json.decode(line, type=Asked)
    yield from map(copy, _unwritten.get(session, []))


def _settings(session: str) -> Path:
    return own_state() / "sessions" / f"{session}.json"


def _turns(session: str) -> Path:
    return own_state() / "sessions" / f"{session}.turns.jsonl"
