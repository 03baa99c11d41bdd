"""A prompt through ``%%copilot`` against the bare SDK's ``send()`` and ``session.idle``.

200 tokens at 100 a second. Both run in a kernel, in turns; the clock is the front end's: from the
execute request to the first output that has text of the answer, and to the cell's end.
"""

from __future__ import annotations

import statistics
import sys
import time

from common import notebooks, verdict
from kernels import Notebook

LIMIT = 1.05
ROUNDS = 30
PROMPT = "stream 200 tokens at 100/s"


def timed(notebook: Notebook, code: str) -> tuple[float, float]:
    """Return the seconds to the first visible text of the answer, and to the end."""
    begun = time.perf_counter()
    cell = notebook.start(code)
    cell.wait_output(lambda cell: any("tok1" in str(shown) for shown in cell.displays))
    first = time.perf_counter() - begun
    cell.result()
    ended = time.perf_counter() - begun
    if cell.status != "ok":
        raise RuntimeError(cell.text)
    return first, ended


def main() -> bool:
    """Measure, print, and say whether the limits are kept."""
    with notebooks() as (ours, bare, _server):
        sides = {
            "%%copilot": (ours, f"%%copilot\n{PROMPT}"),
            "bare SDK": (bare, f"await ask({PROMPT!r}, show=True)"),
        }
        for notebook, code in sides.values():
            timed(notebook, code)
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
        for _ in range(ROUNDS):
            for name, (notebook, code) in sides.items():
                took[name].append(timed(notebook, code))
    medians = {}
    for name, times in took.items():
        first, ended = (statistics.median(column) for column in zip(*times, strict=True))
        medians[name] = first, ended
        print(f"{name}: first text {first * 1000:.1f} ms, end {ended * 1000:.1f} ms")
    (our_first, our_end), (bare_first, bare_end) = medians.values()
    kept = [
        verdict("to the first visible text", our_first / bare_first, LIMIT),
        verdict("to the end", our_end / bare_end, LIMIT),
    ]
    return all(kept)


if __name__ == "__main__":
    sys.exit(not main())
