"""``%load_ext copilot_magics`` against ``import pandas``, each in fresh processes, in turns."""

from __future__ import annotations

import statistics
import subprocess
import sys

from common import quiet_environment, verdict

LIMIT = 0.1
ROUNDS = 7

MEASURE = """
import time, ipykernel.zmqshell
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
begun = time.perf_counter()
{what}
print(time.perf_counter() - begun)
"""


def seconds(what: str) -> float:
    """Return how long something takes in a fresh process that has IPython and ipykernel."""
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE.format(what=what)],
        env=quiet_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(ran.stdout)


def main() -> bool:
    """Measure, print, and say whether the limit is kept."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(seconds("shell.run_line_magic('load_ext', 'copilot_magics')"))
        theirs.append(seconds("import pandas"))
    print(
        f"load_ext {statistics.median(ours) * 1000:.0f} ms, "
        f"import pandas {statistics.median(theirs) * 1000:.0f} ms (medians of {ROUNDS})"
    )
    return verdict(
        "%load_ext / import pandas", statistics.median(ours) / statistics.median(theirs), LIMIT
    )


if __name__ == "__main__":
    sys.exit(not main())
