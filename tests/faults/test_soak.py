"""Many turns in one kernel, with faults in between: nothing is lost, nothing grows, nothing stays.

Which faults come when is drawn from a seed, which is printed; ``SOAK_SEED`` repeats a run.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from cells import Cell
from figures import Fault, FaultOf, files_left
from kernels import Notebook
from scripted import ScriptedServer

PROVIDER_FAULTS = ("http 400", "http 401", "http 404", "quota", "empty", "too long")
TOLD = """
import json
found = get_messages("*", types=["user.message", "assistant.message"])
columns = (found.type, found.session, found.turn, found.content.fillna(""))
print(json.dumps([[kind, session, str(turn), text] for kind, session, turn, text in zip(*columns)]))
"""
MOST = {
    "kernel, MB": 30,
    "kernel, files": 4,
    "kernel, threads": 4,
    # Each one that dies makes room for one that has fewer sessions open.
    "runtime, MB": 100,
    "runtime, files": 40,
}
"""By how much the medians may grow from the second quarter of the turns to the last."""


@dataclass
class Measured:
    """What the kernel and its runtime hold, after each turn: megabytes, open files, threads."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, process: psutil.Process) -> None:
        """Look at a process."""
        with process.oneshot():
            seen = {
                "MB": process.memory_info().rss / 1e6,
                "files": process.num_fds(),
                "threads": process.num_threads(),
            }
        for what, value in seen.items():
            self.values.setdefault(f"{name}, {what}", []).append(value)

    def quarters(self, name: str) -> tuple[float, float]:
        """Return the medians of the second quarter and of the last; the first warms up."""
        values = self.values[name]
        quarter = len(values) // 4
        second, last = values[quarter : 2 * quarter], values[-quarter:]
        return statistics.median(second), statistics.median(last)

    def grown(self, name: str) -> float:
        """By how much the last quarter is above the second."""
        early, late = self.quarters(name)
        return late - early

    def told(self) -> Iterator[str]:
        """Say what was measured, a line each."""
        for name, values in self.values.items():
            early, late = self.quarters(name)
            yield (
                f"{name}: {early:.0f} in the second quarter (median), {late:.0f} in the last, "
                f"{max(values):.0f} at most"
            )


class Soak:
    """A notebook that asks and asks, in several sessions, and what must be there in the end."""

    def __init__(
        self, nb: Notebook, provider: ScriptedServer, sessions: int, chance: random.Random
    ) -> None:
        self.nb, self.provider, self.chance = nb, provider, chance
        self.sessions = [f"soak-{n}" for n in range(sessions)]
        self.measured = Measured()
        self.acknowledged: list[tuple[str, str, str]] = []
        self.in_journal: list[tuple[str, str]] = []
        self.not_sent: list[tuple[str, str]] = []
        self.asked = 0
        self._bag: list[Callable[[str], Cell]] = []
        loaded = nb.run("%load_ext copilot_magics")
        assert loaded.status == "ok", loaded.outputs

    @property
    def runtime(self) -> psutil.Process:
        """The one runtime there is."""
        (found,) = self.children()
        assert "--headless" in found.cmdline()
        return found

    def children(self) -> list[psutil.Process]:
        """Return all that runs below the kernel, and what has ended without anybody's notice."""
        return self.nb.process.children(recursive=True)

    def draw(self) -> str:
        """Draw who is asked next."""
        return self.chance.choice(self.sessions)

    def word(self) -> str:
        """Return what nobody has said."""
        self.asked += 1
        return f"word {self.asked}."

    def turn(self, session: str) -> None:
        """Have a prompt answered."""
        answer = self.word()
        cell = self.nb.run(f"%%copilot --session {session}\nsay: {answer}")
        assert cell.status == "ok", (session, cell.outputs)
        assert answer in cell.text
        self.acknowledged.append((session, f"say: {answer}", answer))

    def strike(self, fault: FaultOf) -> None:
        """Have something fail: each in its turn, in an order that is drawn."""
        if not self._bag:
            self._bag = [self.provider_fails, self.interrupted, self.killed, self.hung, self.denied]
            self.chance.shuffle(self._bag)
        strikes = self._bag.pop()
        session, word = self.draw(), self.word()
        self.nb.run(f"%copilot_session {session}")
        with fault(f"soak: {strikes.__name__}") as it:
            cell = strikes(word)
            it.told(within=15)
            assert "\n" not in cell.evalue
            prompt = cell.code.partition("\n")[2]
            told = self.nb.run("%copilot_session").stdout
            if strikes == self.denied:
                assert "Its last turn was answered." in told, told
                self.acknowledged.append((session, prompt, ""))
            elif "its prompt is in the journal" in told:
                self.in_journal.append((session, prompt))
            else:
                assert strikes in (self.killed, self.hung), (strikes, told, cell.outputs)
                assert "its prompt is not in the journal" in told, told
                self.not_sent.append((session, prompt))

    def measure(self) -> None:
        """Look at the kernel and its runtime; nothing else is there, alive or dead."""
        self.measured.add("kernel", self.nb.process)
        self.measured.add("runtime", self.runtime)

    def check(self, it: Fault) -> None:
        """Check that the DataFrame has every turn whose end was seen, and tells of no other."""
        cell = self.nb.run(TOLD)
        assert cell.status == "ok", cell.outputs
        rows = json.loads(cell.stdout)
        prompts = [(session, text) for kind, session, _, text in rows if kind == "user.message"]
        assert len(set(prompts)) == len(prompts)
        turn_of = {(session, text): turn for _, session, turn, text in rows}
        told = {(session, turn, text) for _, session, turn, text in rows}
        it.acknowledged = len(self.acknowledged)
        lost = [
            (session, prompt)
            for session, prompt, answer in self.acknowledged
            if (session, prompt) not in prompts
            or (answer and (session, turn_of[session, prompt], answer) not in told)
        ]
        it.lost = len(lost)
        assert lost == []
        assert [each for each in self.in_journal if each not in prompts] == []
        assert [each for each in self.not_sent if each in prompts] == []
        print(
            f"{self.asked} turns over {len(self.sessions)} sessions: {len(self.acknowledged)} "
            f"acknowledged, {len(lost)} lost; {len(self.in_journal)} failed or stopped, and in the "
            f"journal; {len(self.not_sent)} told as not in the journal"
        )

    def provider_fails(self, word: str) -> Cell:
        cell = self.nb.run(f"%%copilot\n{word}\n{self.chance.choice(PROVIDER_FAULTS)}")
        assert cell.ename == "TurnFailed", cell.outputs
        return cell

    def interrupted(self, word: str) -> Cell:
        cell = self.begin(word)
        self.nb.interrupt()
        assert cell.result().ename == "TurnInterrupted", cell.outputs
        return cell

    def killed(self, word: str) -> Cell:
        cell = self.begin(word)
        self.runtime.kill()
        assert cell.result().ename == "TurnFailed", cell.outputs
        return cell

    def hung(self, word: str) -> Cell:
        cell = self.begin(word)
        hung = self.runtime
        hung.send_signal(signal.SIGSTOP)
        self.nb.interrupt()
        assert cell.result().ename == "TurnInterrupted", cell.outputs
        assert not hung.is_running()
        return cell

    def denied(self, word: str) -> Cell:
        file = f"file-{self.asked}"
        call = f'tool bash {{"command": "touch {file}", "description": "touch"}}'
        cell = self.nb.start(f"%%copilot\n{word}\n{call}")
        self.nb.wait_widget("Deny").click()
        assert cell.result().status == "ok", cell.outputs
        assert "<summary>✗ bash" in cell.text
        assert not (Path(self.nb.process.cwd()) / file).exists()
        return cell

    def begin(self, word: str) -> Cell:
        """Begin a turn that would never end, and see it begin."""
        cell = self.nb.start(f"%%copilot\nsilent after: {word}")
        return cell.wait_output(lambda cell: word in cell.text)


def soak(
    folder: Path,
    home: Path,
    provider: ScriptedServer,
    fault: FaultOf,
    *,
    turns: int,
    sessions: int,
    every: int,
) -> None:
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(2**32))
    print(f"SOAK_SEED={seed}")
    with Notebook(folder) as nb, fault(f"soak: {turns} turns") as it:
        run = Soak(nb, provider, sessions, random.Random(seed))
        for n in range(1, turns + 1):
            if n % every == 0:
                run.strike(fault)
            else:
                run.turn(run.draw())
                run.measure()
        for session in run.sessions:
            run.turn(session)
        run.check(it)
        it.processes = len(run.children()) - 1
        print("\n".join(run.measured.told()))
        for name, most in MOST.items():
            assert run.measured.grown(name) <= most, name
    assert files_left(home) == []


@pytest.mark.timeout(180)
def test_forty_turns_with_each_fault_once(
    provider: ScriptedServer, runtime_path: Path, home: Path, tmp_path: Path, fault: FaultOf
) -> None:
    soak(tmp_path / "work", home, provider, fault, turns=40, sessions=4, every=8)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_five_hundred_turns_with_fifty_faults(
    provider: ScriptedServer, runtime_path: Path, home: Path, tmp_path: Path, fault: FaultOf
) -> None:
    soak(tmp_path / "work", home, provider, fault, turns=500, sessions=20, every=10)
