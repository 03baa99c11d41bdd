"""A long answer, 50 kB in 10,000 pieces over 20 seconds, as a front end sees it.

Each piece must be visible within 250 ms of its arrival in the kernel, with at most 20 updates a
second, under 3 times the answer's own bytes in outputs, and under twice the CPU time that the bare
SDK takes in a kernel for the same answer.
"""

from __future__ import annotations

import json
import sys
import time

from common import notebooks, verdict
from kernels import Notebook

PROMPT = "bytes 50000 in 10000 deltas over 20 seconds"
SIZE = 50_000

SPY = """
import time
from copilot_magics import held
from copilot_magics.runtime.loop import loop
arrived, _length = [], 0
def _spy(event):
    global _length
    if event.type.value == "assistant.message_delta":
        _length += len(event.data.delta_content)
        arrived.append((time.monotonic(), _length))
loop().call_soon_threadsafe(held.repository["bench"]._sdk.on, _spy)
None
"""


def cpu(notebook: Notebook, code: str) -> tuple[float, list[tuple[float, dict[str, object]]]]:
    """Run a cell; return the kernel's CPU seconds, and each message with when it was received."""
    before = notebook.process.cpu_times()
    cell = notebook.start(code)
    received: list[tuple[float, dict[str, object]]] = []
    while not cell.done:
        notebook.read(0.005)
        now = time.monotonic()
        received += [(now, message) for message in cell.messages[len(received) :]]
    after = notebook.process.cpu_times()
    if cell.status != "ok":
        raise RuntimeError(cell.text)
    return after.user + after.system - before.user - before.system, received


def shown(received: list[tuple[float, dict[str, object]]]) -> list[tuple[float, int, str]]:
    """Return the outputs: when, how many bytes of content, and its Markdown."""
    found = []
    for when, message in received:
        if message["msg_type"] in ("display_data", "update_display_data", "stream"):
            content = message["content"]
            assert isinstance(content, dict)
            data = content.get("data", {"text/plain": content.get("text", "")})
            size = sum(len(text.encode()) for text in data.values())
            found.append((when, size, data.get("text/markdown", "")))
    return found


def lag(
    outputs: list[tuple[float, int, str]], arrived: list[tuple[float, int]], text: str
) -> float:
    """Return the longest time from a piece's arrival to an output that holds it, in seconds."""
    visible = []
    reached = 0
    for when, _size, markdown in outputs:
        bare = markdown.removesuffix("\n```")
        # Sections are numbered, so the last characters drawn say how far the answer is.
        at = text.rfind(bare[-60:]) if len(bare) >= 60 else -1
        if at >= 0 and at + 60 > reached:
            reached = at + 60
            visible.append((when, reached))
    longest, position = 0.0, 0
    for when, length in arrived:
        while position < len(visible) and visible[position][1] < length:
            position += 1
        if position < len(visible):
            longest = max(longest, visible[position][0] - when)
    return longest


def busiest(outputs: list[tuple[float, int, str]]) -> int:
    """Return the most outputs within one second."""
    times = [when for when, _size, _markdown in outputs]
    return max(sum(start <= when < start + 1 for when in times) for start in times)


def main() -> bool:
    """Measure, print, and say whether the limits are kept."""
    with notebooks() as (ours, bare, _server):
        our_cpu, received = cpu(ours, f"%%copilot\n{PROMPT}")
        bare_cpu, _ = cpu(bare, f"await ask({PROMPT!r}, show=False)")
        outputs = shown(received)
        print(f"{len(outputs)} outputs; CPU {our_cpu:.2f} s, bare SDK {bare_cpu:.2f} s")
        ours.run(SPY)
        _, watched = cpu(ours, f"%%copilot --into answer\n{PROMPT}")
        told = ours.run("import json; print(json.dumps([arrived, answer.text]))")
        arrived, text = json.loads(told.stdout)
        kept = [
            verdict("longest wait for a piece, seconds", lag(shown(watched), arrived, text), 0.25),
            verdict("updates in the busiest second", busiest(outputs), 20),
            verdict("bytes sent / bytes of the answer", sum(o[1] for o in outputs) / SIZE, 3),
            verdict("CPU / the bare SDK's", our_cpu / bare_cpu, 2),
        ]
    return all(kept)


if __name__ == "__main__":
    sys.exit(not main())
