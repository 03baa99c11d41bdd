"""Conversations as data: `get_messages` against the SDK, against msgspec alone, and on two cores.

Each figure is that of a fresh process, after its imports: seconds of the call, and the most memory
the Python process had, not counting the runtime that the SDK needs beside it. All are taken in
turns, in one run; a ratio is that of the medians. ``journals.py`` makes the journals.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from journals import Writer, write_long, write_many

ROUNDS = 3
SESSIONS = 5_000
HALF = "2026-03-01T16:30:00Z"
"""About when the long session is half over."""


class Data(msgspec.Struct):
    """What payloads have most."""

    content: str | None = None
    model: str | None = None
    toolCallId: str | None = None
    toolName: str | None = None
    messageId: str | None = None
    interactionId: str | None = None


class Event(msgspec.Struct):
    """An event, its payload too."""

    type: str
    data: Data
    id: str
    timestamp: str
    parentId: str | None = None
    agentId: str | None = None


def the_sdk() -> None:
    """Resume the long session with the SDK, and make a DataFrame of its events."""
    import pandas as pd
    from copilot import CopilotClient, RuntimeConnection

    from copilot_magics.runtime.locate import find_runtime

    async def rows() -> list[dict[str, Any]]:
        client = CopilotClient(
            connection=RuntimeConnection.for_stdio(path=str(find_runtime())),
            base_directory=os.environ["COPILOT_HOME"],
            use_logged_in_user=False,
            log_level="none",
        )
        await client.start()
        timed.begin()
        try:
            session = await client.resume_session(
                "long",
                model="scripted",
                provider={"type": "openai", "base_url": "http://127.0.0.1:9/v1", "api_key": "x"},
            )
            return [
                {
                    "type": event.type.value,
                    "timestamp": event.timestamp,
                    "id": str(event.id),
                    "content": getattr(event.data, "content", None),
                    "data": event.data,
                }
                for event in await session.get_events()
            ]
        finally:
            timed.end()
            await client.stop()

    frame = pd.DataFrame(asyncio.run(rows()))
    timed.end()
    assert len(frame) > 105_000


def the_floor() -> None:
    """Decode the long session into typed structs, and nothing else."""
    decoder = msgspec.json.Decoder(Event)
    timed.begin()
    path = Path(os.environ["COPILOT_HOME"], "session-state", "long", "events.jsonl")
    events = decoder.decode_lines(path.read_bytes())
    timed.end()
    assert len(events) == 105_001


def messages(session: str, **wanted: str | list[str]) -> Callable[[], None]:
    """Return what reads sessions with `get_messages`."""

    def read() -> None:
        get_messages = imported()
        timed.begin()
        frame = get_messages(session, **wanted)
        timed.end()
        assert wanted or len(frame) >= 100_000

    return read


def again() -> None:
    """Read the long session, append a hundredth to it, and read it again: the second time."""
    get_messages = imported()
    before = len(get_messages("long"))
    writer = Writer(3)
    path = Path(os.environ["COPILOT_HOME"], "session-state", "long", "events.jsonl")
    size = path.stat().st_size
    with path.open("ab") as file:
        file.writelines(line for _ in range(150) for line in writer.turn(154))
    timed.begin()
    frame = get_messages("long")
    timed.end()
    os.truncate(path, size)
    assert len(frame) == before + 1050


def one_process() -> None:
    """Read all sessions as `get_messages` does, but in this process alone."""
    from copilot_magics.transcripts import known_ids
    from copilot_magics.transcripts.parallel import gather_all
    from copilot_magics.transcripts.restrictions import Restrictions
    from copilot_magics.transcripts.schema import unpack

    imported()
    state = Path(os.environ["COPILOT_HOME"], "session-state")
    timed.begin()
    found = gather_all(state, known_ids(), Restrictions(), lambda count: None, processes=1)
    frame = unpack(found.pieces)
    timed.end()
    assert len(frame) == 200 * SESSIONS


def imported() -> Callable[..., Any]:
    """Return `get_messages`, with all that it would import when first called."""
    import pyarrow  # noqa: F401

    from copilot_magics.transcripts import get_messages

    get_messages([])
    return get_messages


class Clock:
    """The seconds of what is measured, once it has begun."""

    def begin(self) -> None:
        """Begin."""
        self._begun = time.perf_counter()

    def end(self) -> None:
        """End; the last time counts."""
        self.seconds = time.perf_counter() - self._begun


timed = Clock()
LONG: dict[str, Callable[[], None]] = {
    "the SDK": the_sdk,
    "msgspec alone": the_floor,
    "get_messages('long')": messages("long"),
    "types='user.message'": messages("long", types="user.message"),
    "roles='user'": messages("long", roles="user"),
    "columns=['turn', 'type']": messages("long", columns=["turn", "type"]),
    "since= its second half": messages("long", since=HALF, columns=["turn", "type", "content"]),
    "since= its end": messages("long", since="2027-01-01"),
    "again, after appending 1 %": again,
}
MANY: dict[str, Callable[[], None]] = {
    "get_messages('*')": messages("*"),
    "one process": one_process,
}
TENTH: dict[str, Callable[[], None]] = {"get_messages('*') of a tenth": messages("*")}


def measured(home: Path, names: list[str]) -> dict[str, tuple[float, float]]:
    """Return the median seconds and megabytes of each, taken in turns."""
    from common import quiet_environment

    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    environment = {**quiet_environment(), "COPILOT_HOME": str(home), "TQDM_DISABLE": "1"}
    for _ in range(ROUNDS):
        for name in names:
            command = [sys.executable, __file__, name]
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
            taken[name].append(tuple(json.loads(done.stdout)))
    medians = {}
    for name, figures in taken.items():
        seconds, megabytes = map(statistics.median, zip(*figures, strict=True))
        medians[name] = (seconds, megabytes)
        print(f"      {name}: {seconds:.3f} s, {megabytes:.0f} MB")
    return medians


def main() -> bool:
    """Measure, print, and say whether the limits are kept."""
    # Not in the processes that are measured: it imports much.
    from common import verdict

    with tempfile.TemporaryDirectory() as folder:
        homes = {name: Path(folder, name) for name in ("long", "many", "tenth")}
        write_long(homes["long"] / "session-state")
        write_many(homes["many"] / "session-state", SESSIONS)
        write_many(homes["tenth"] / "session-state", SESSIONS // 10)
        print("One session of 105,001 events, 47 MB:")
        long = measured(homes["long"], [*LONG])
        print(f"{SESSIONS:,} sessions, 1 million events, 450 MB:")
        many = measured(homes["many"], [*MANY]) | measured(homes["tenth"], [*TENTH])
    whole, floor, sdk = (
        long[name] for name in ("get_messages('long')", "msgspec alone", "the SDK")
    )
    kept = [
        verdict("seconds / the SDK's", whole[0] / sdk[0], 1 / 30),
        verdict("memory / the SDK's", whole[1] / sdk[1], 1 / 2),
        verdict("seconds / msgspec's alone", whole[0] / floor[0], 4),
        *(
            verdict(f"seconds with {name} / msgspec's alone", long[name][0] / floor[0], 2.5)
            for name in LONG
            if "=" in name
        ),
        verdict("seconds again / the first time", long[[*LONG][-1]][0] / whole[0], 0.05),
        verdict(
            "seconds of two processes / one",
            many["get_messages('*')"][0] / many["one process"][0],
            1 / 1.6,
        ),
        verdict(
            "seconds of ten times the journals / once",
            many["get_messages('*')"][0] / many[next(iter(TENTH))][0],
            11,
        ),
    ]
    return all(kept)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(not main())
    (LONG | MANY | TENTH)[sys.argv[1]]()
    print(json.dumps([timed.seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
