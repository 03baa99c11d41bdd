"""Four processes do to one session what they like: never two writers, and no lost turn.

An interleaving is a handful of things that each process does at the same time as the others. Who
wrote is seen by the model: each request shows the whole conversation, so with one writer at a time
each one holds the one before it and one prompt more. A second writer would not know the first's.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from figures import Fault, FaultOf, files_left
from scripted import ScriptedServer

Told = dict[str, Any]

PROCESSES = 4
THINGS = ("create", "resume", "ask", "ask", "ask", "close", "close", "delete")
REFUSALS = {
    "create": {"SessionExists", "SessionInUse"},
    "resume": {"SessionNotFound", "SessionInUse"},
    "ask": {"SessionInUse"},
    "close": set(),
    "delete": {"SessionNotFound", "SessionInUse"},
}
"""What may be refused, and for which reasons."""


@dataclass
class Process:
    """One of the four, and what it has said."""

    child: subprocess.Popen[str]
    told: list[Told] = field(default_factory=list)

    def tell(self, *things: tuple[str, str, str]) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write("".join(json.dumps(thing) + "\n" for thing in things))
        self.child.stdin.flush()

    def hear(self, count: int) -> list[Told]:
        assert self.child.stdout is not None
        heard = [json.loads(self.child.stdout.readline()) for _ in range(count)]
        self.told += heard
        return heard


@contextmanager
def process(folder: Path) -> Iterator[Process]:
    """Start one; its input's end is its own."""
    program = Path(__file__).parents[1] / "one_of_four.py"
    with subprocess.Popen(
        [sys.executable, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(folder / f"{os.urandom(4).hex()}.log").open("w"),
        text=True,
        cwd=folder,
    ) as child:
        yield Process(child)


def lives(requests: list[list[str]]) -> list[list[str]]:
    """Put a session's requests together: the prompts of each of its lives, from first to last.

    A session that is deleted and made again begins anew. Each request must be the one before it in
    its life and one prompt more: fails where a writer did not know what another had written.
    """
    found: dict[str, list[str]] = {}
    for prompts in requests:
        before = found.get(prompts[0], [])
        assert prompts[:-1] == before, f"{prompts} was asked after {before}"
        found[prompts[0]] = prompts
    return list(found.values())


def journal(home: Path, name: str) -> list[Told]:
    path = home / "session-state" / name / "events.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def interleave(
    seed: int, processes: list[Process], provider: ScriptedServer, home: Path, it: Fault
) -> None:
    """Have all of them do things to one session at the same time, and look at what came of it."""
    rng, name = random.Random(seed), f"shared-{seed}"
    asked_before = len(provider.requests)
    plans = [
        [(rng.choice(THINGS), name, f"{seed}-{number}-{step}") for step in range(rng.randint(3, 6))]
        for number in range(len(processes))
    ]
    for one, plan in zip(processes, plans, strict=True):
        one.tell(*plan)
    heard = [one.hear(len(plan)) for one, plan in zip(processes, plans, strict=True)]
    for told in (told for line in heard for told in line):
        error = told.get("error")
        assert error is None or error in REFUSALS[told["what"]], (seed, told)
    # Now whoever holds it lets it go, and what is there is whole.
    for one in processes:
        one.tell(("close", name, ""))
    for one in processes:
        one.hear(1)

    answered = [t for line in heard for t in line if t["what"] == "ask" and "error" not in t]
    assert all(told["value"] == f"You said: {told['prompt']}" for told in answered), answered
    requests = [request.prompts for request in provider.requests[asked_before:]]
    asked = lives(requests)
    flat = [prompt for prompts in asked for prompt in prompts]
    assert sorted(flat) == sorted(told["prompt"] for told in answered), seed
    events = journal(home, name)
    prompts = [e["data"]["content"] for e in events if e["type"] == "user.message"]
    assert [e["type"] for e in events].count("session.start") == bool(events), seed
    if prompts:
        # The last of its lives, with every turn that somebody saw answered.
        assert prompts in asked, (seed, prompts, asked)
    deleted = any(t["what"] == "delete" and "error" not in t for line in heard for t in line)
    it.acknowledged += len(answered)
    it.lost += 0 if deleted else len(set(flat) - set(prompts))
    assert it.lost == 0, seed
    processes[0].tell(("delete", name, ""))
    processes[0].hear(1)
    assert not (home / "session-state" / name).exists()
    assert files_left(home) == []
    assert not list(home.glob(f"copilot_magics/*/{name}*")), seed


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 5), *(pytest.param(5 + n * 199, 199, marks=pytest.mark.slow) for n in range(5))],
)
def test_four_processes_and_one_session(
    provider: ScriptedServer,
    runtime_path: Path,
    home: Path,
    tmp_path: Path,
    fault: FaultOf,
    first: int,
    count: int,
) -> None:
    with ExitStack() as stack, fault(f"{count} random interleavings of four processes") as it:
        processes = [stack.enter_context(process(tmp_path)) for _ in range(PROCESSES)]
        for one in processes:
            assert one.child.stdout is not None
            assert one.child.stdout.readline() == "ready\n"
        for seed in range(first, first + count):
            interleave(seed, processes, provider, home, it)
        kinds = {(t["what"], t.get("error")) for one in processes for t in one.told}
        # Each of them has been done, and each refused where it may be.
        assert {what for what, error in kinds if error is None} == set(THINGS)
        assert {("create", "SessionExists"), ("ask", "SessionInUse")} <= kinds
        assert {("resume", "SessionNotFound"), ("delete", "SessionInUse")} <= kinds
