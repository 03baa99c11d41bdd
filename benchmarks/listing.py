"""``list_sessions()`` over 10,000 sessions, 0.9 GB, against a bare ``list_sessions()`` of the SDK.

In turns, each listing in a process of its own, imports not counted: the first one has to read every
journal, the next ones find what that one derived.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import quiet_environment, verdict

from copilot_magics.runtime.locate import find_runtime

SESSIONS = 10_000
ROUNDS = 3
OURS = f"""
import time, pandas
from copilot_magics import list_sessions
from copilot_magics.display import frame
from copilot_magics.runtime import process
from copilot_magics.transcripts import catalog
begun = time.perf_counter()
assert len(list_sessions()) == {SESSIONS}
print(time.perf_counter() - begun)
"""


async def bare_listing(home: Path, sessions: int) -> float:
    """Return the seconds that one ``list_sessions()`` of the bare SDK takes.

    Parameters
    ----------
    home : Path
        The COPILOT_HOME.
    sessions : int
        How many it must find.
    """
    from copilot import CopilotClient, RuntimeConnection

    client = CopilotClient(
        connection=RuntimeConnection.for_stdio(path=str(find_runtime())),
        base_directory=str(home),
        use_logged_in_user=False,
        log_level="none",
    )
    await client.start()
    try:
        begun = time.perf_counter()
        found = await client.list_sessions()
        seconds = time.perf_counter() - begun
    finally:
        await client.stop()
    assert len(found) == sessions, len(found)
    return seconds


def our_listing(home: Path) -> float:
    """Return the seconds that ours takes, in a process that knows nothing yet."""
    done = subprocess.run(
        [sys.executable, "-c", OURS],
        env=quiet_environment() | {"COPILOT_HOME": str(home)},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return float(done.stdout)


def main() -> bool:
    """Measure, print, and say whether the limits are kept."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        generator = [sys.executable, str(Path(__file__).with_name("journals.py"))]
        subprocess.run([*generator, name, "--sessions", str(SESSIONS)], check=True)
        bare, first, again = [], [], []
        for _ in range(ROUNDS):
            bare.append(asyncio.run(bare_listing(home, SESSIONS)))
            shutil.rmtree(home / "copilot_magics", ignore_errors=True)
            first.append(our_listing(home))
            again.append(our_listing(home))
    print(
        f"the SDK {statistics.median(bare):.2f} s, ours at first {statistics.median(first):.2f} s, "
        f"then {statistics.median(again):.2f} s (medians of {ROUNDS})"
    )
    sdk = statistics.median(bare)
    kept = [
        verdict("listing once seen / the SDK's", statistics.median(again) / sdk, 1 / 3),
        verdict("first listing / the SDK's", statistics.median(first) / sdk, 3),
    ]
    return all(kept)


if __name__ == "__main__":
    sys.exit(not main())
