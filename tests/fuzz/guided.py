"""Coverage-guided fuzzing (atheris) of the journal reader and of the permission patterns.

A program and no test: ``python tests/fuzz/guided.py journals|patterns [RUNS]``. What hypothesis
makes has structure; what this makes follows the branches of our code, from real lines on. Any
exception ends it, and its input is printed and kept in ``build/fuzz``, as are those that led on.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["copilot_magics"]):
    from copilot_magics.errors import BadInput
    from copilot_magics.permissions import Policy
    from copilot_magics.permissions.asks import understand
    from copilot_magics.permissions.patterns import Pattern
    from copilot_magics.transcripts.journal import decode, stretches
    from copilot_magics.transcripts.reading import content_of, payload_of


def journals(data: bytes) -> None:
    """Read bytes as a journal, whole and in stretches."""
    journal = decode(data)
    parts = [event for part in stretches(io.BytesIO(data)) for event in part.events]
    assert parts == journal.events
    for event in journal.events:
        content_of(event.type, payload_of(event))


def patterns(data: bytes) -> None:
    """Read a pattern and a command, and decide."""
    provider = atheris.FuzzedDataProvider(data)
    pattern = provider.ConsumeUnicode(24)
    command = provider.ConsumeUnicode(80)
    try:
        policy = Policy("ask", [Pattern.parse(pattern)], [Pattern.parse("shell(rm)")], "/")
    except BadInput:
        return
    policy.decide(understand({"kind": "shell", "fullCommandText": command}, "/"))


TARGETS: dict[str, Callable[[bytes], None]] = {"journals": journals, "patterns": patterns}
ROOT = Path(__file__).parents[2]


def seeded(target: str) -> Path:
    """Return the folder of a target's inputs, with some to begin with."""
    folder = ROOT / "build" / "fuzz" / target
    folder.mkdir(parents=True, exist_ok=True)
    seeds = [b"shell(git:*)            git status; rm x | env FOO=1 bash -c 'ls'"]
    if target == "journals":
        data = (ROOT / "tests" / "unit" / "transcripts" / "data").glob("*.jsonl")
        seeds = [line for path in data for line in path.read_bytes().splitlines(keepends=True)]
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number}").write_bytes(seed)
    return folder


if __name__ == "__main__":
    target, runs = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "100000"
    corpus = seeded(target)
    found = f"-artifact_prefix={corpus.parent}/"
    atheris.Setup(
        [sys.argv[0], str(corpus), f"-atheris_runs={runs}", "-max_len=4096", found],
        TARGETS[target],
    )
    atheris.Fuzz()
