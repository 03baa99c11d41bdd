"""Journals for the benchmarks: as large as they get, and the same ones in every run.

The events have the fields that runtime 1.0.102 writes, in its order. ``python
benchmarks/journals.py FOLDER`` writes one session of 105,001 events; with ``--sessions N``, N
sessions of 200 events each.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

LONG_TURNS = 15_000
SHORT_TURNS = 28
START = datetime(2026, 3, 1, 10, tzinfo=UTC)
_WORDS = 400


class Writer:
    """Makes the lines of journals.

    Parameters
    ----------
    seed : int
        The same seed makes the same bytes.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self._words = ["".join(self._random.choices(letters, k=5)) for _ in range(_WORDS)]
        self._words[::40] = [
            "größer",
            "naïve",
            "20\u202f%",
            "“quoted”",
            "λ",
            "→",
            "año",
            "été",
            "ß",
            "😀",
        ]
        self._now = START
        self._parent: str | None = None

    def begin(self, session: str) -> bytes:
        """Return a session's first event."""
        self._parent = None
        context = {"cwd": "/home/alice/project"}
        return self._line(
            "session.start",
            sessionId=session,
            version=1,
            producer="copilot-agent",
            copilotVersion="1.0.102",
            startTime=self._moment(),
            selectedModel="gpt-5",
            context=context,
            alreadyInUse=False,
        )

    def system(self, size: int) -> bytes:
        """Return the system's prompt, of so many bytes."""
        return self._line("system.message", role="system", content=self._prose(size))

    def model(self) -> bytes:
        """Return a change of the model."""
        return self._line("session.model_change", previousModel="gpt-5", newModel="gpt-5")

    def end(self) -> bytes:
        """Return a session's last event."""
        return self._line(
            "session.shutdown", shutdownType="routine", totalApiDurationMs=0, modelMetrics={}
        )

    def turn(self, size: int) -> Iterator[bytes]:
        """Return seven events: a prompt, a call and its result, an answer; prose of four sizes."""
        prompt, interaction, call = self._prose(size), self._id(), f"call_{self._id()[:18]}"
        yield self._line(
            "user.message", content=prompt, messageId=self._id(), interactionId=interaction
        )
        yield self._line("assistant.turn_start", turnId="0", interactionId=interaction)
        arguments = {"command": f"grep -rn {self._prose(20)}", "description": self._prose(30)}
        yield self._line(
            "assistant.message",
            messageId=self._id(),
            model="gpt-5",
            content="",
            toolRequests=[
                {"toolCallId": call, "name": "bash", "arguments": arguments, "type": "function"}
            ],
            interactionId=interaction,
        )
        yield self._line(
            "tool.execution_start",
            toolCallId=call,
            toolName="bash",
            arguments=arguments,
            turnId="0",
            model="gpt-5",
        )
        yield self._line(
            "tool.execution_complete",
            toolCallId=call,
            model="gpt-5",
            interactionId=interaction,
            success=True,
            result={"content": self._prose(2 * size)},
        )
        yield self._line(
            "assistant.message",
            messageId=self._id(),
            model="gpt-5",
            content=self._prose(3 * size),
            toolRequests=[],
            interactionId=interaction,
        )
        yield self._line("assistant.turn_end", turnId="0")

    def _line(self, kind: str, **data: Any) -> bytes:
        self._now += timedelta(milliseconds=self._random.randint(1, 900))
        parent, self._parent = self._parent, self._id()
        event = {
            "type": kind,
            "data": data,
            "id": self._parent,
            "timestamp": self._moment(),
            "parentId": parent,
        }
        return msgspec.json.encode(event) + b"\n"

    def _moment(self) -> str:
        return f"{self._now:%Y-%m-%dT%H:%M:%S}.{self._now.microsecond // 1000:03}Z"

    def _id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def _prose(self, size: int) -> str:
        return " ".join(self._random.choices(self._words, k=max(size // 6, 1)))


def write_long(state: Path, session: str = "long", turns: int = LONG_TURNS) -> Path:
    """Write one long session: 105,001 events and 47 MB.

    Parameters
    ----------
    state : Path
        The folder that holds one folder a session.
    session : str
        The session's ID.
    turns : int
        How many turns it has, of seven events each.

    Returns
    -------
    Path
        Its journal.
    """
    writer = Writer(1)
    lines = (line for _ in range(turns) for line in writer.turn(154))
    return _write(state, session, writer.begin(session), *lines)


def write_many(state: Path, sessions: int, turns: int = SHORT_TURNS) -> None:
    """Write many sessions of 200 events and 90 kB each, with a system's prompt of 20 kB.

    Parameters
    ----------
    state : Path
        The folder that holds one folder a session.
    sessions : int
        How many.
    turns : int
        How many turns each has, of seven events each.
    """
    writer = Writer(2)
    for number in range(sessions):
        session = f"session-{number:05}"
        lines = [writer.begin(session), writer.system(20_000)]
        lines += [line for _ in range(turns) for line in writer.turn(44)]
        _write(state, session, *lines, writer.model(), writer.end())


def _write(state: Path, session: str, *lines: bytes) -> Path:
    folder = state / session
    folder.mkdir(parents=True)
    journal = folder / "events.jsonl"
    journal.write_bytes(b"".join(lines))
    (folder / "workspace.yaml").write_text(
        f"id: {session}\ncwd: /home/alice/project\nname: {session}\nuser_named: true\n"
        "created_at: 2026-03-01T10:00:00.000Z\n"
    )
    return journal


def main() -> None:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a COPILOT_HOME, made where it does not exist")
    parser.add_argument("--sessions", type=int, default=0, help="so many short ones, no long one")
    options = parser.parse_args()
    state = options.folder / "session-state"
    if options.sessions:
        write_many(state, options.sessions)
    else:
        write_long(state)


if __name__ == "__main__":
    main()
