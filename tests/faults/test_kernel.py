"""The kernel dies or is ended, whatever it does: nothing is left behind, nothing is in doubt.

The faults meet the kernels of one notebook, one after the other, each at another moment. The next
kernel says how the last turn ended, goes on with the conversation, and is the next victim.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import moments
import psutil
import pytest
from figures import FaultOf, files_left
from kernels import Notebook, processes_of
from scripted import ScriptedServer

from copilot_magics import locking

Start = Callable[..., Notebook]

ANSWERED = "was answered."
# Jupyter interrupts a kernel before it ends it, and a kernel that ends cannot send an abort any
# more: which of them comes first is chance, and each is true.
CUT_SHORT = (
    r"(was aborted|failed|was cut short when its kernel ended); its prompt is in the journal\."
)
NOT_SENT = r"was cut short when its kernel ended; its prompt is not in the journal\."
MOMENTS = {
    "idle": ANSWERED,
    "starting": ANSWERED,
    "mid-stream": CUT_SHORT,
    "mid-tool": CUT_SHORT,
    "awaiting permission": CUT_SHORT,
    "during resume": ANSWERED,
    "during delete": ANSWERED,
}
QUICK = {
    "restart": "idle",
    "SIGKILL": "mid-stream",
    "shutdown": "mid-tool",
    "restart now": "awaiting permission",
}
WAITING = "sleep 300"
TOOL = 'tool bash {{"command": "{}", "description": "do it"}}'
DIES_WRITING = "import os, signal\nos.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)"


class Victim:
    """A notebook whose kernels end, one after the other."""

    def __init__(self, start: Start, home: Path, provider: ScriptedServer, folder: Path) -> None:
        self.start, self.home, self.provider, self.folder = start, home, provider, folder
        self.acknowledged: list[str] = []
        self.count = 0
        self.begin(start())
        self.say("%copilot_session survivor")
        self.ask("say: Remember the word heron.")

    def begin(self, kernel: Notebook) -> None:
        """Take a new kernel."""
        self.kernel = kernel
        kernel.run("%load_ext copilot_magics")
        moments.arm(kernel)

    def say(self, code: str) -> str:
        """Run a cell that must succeed, and return what it shows."""
        cell = self.kernel.run(code)
        assert cell.status == "ok", cell.outputs
        return cell.text

    def ask(self, prompt: str, *options: str) -> None:
        """Have a prompt answered."""
        text = self.say(f"%%copilot {' '.join(options)}\n{prompt}")
        assert prompt.removeprefix("say: ") in text
        self.acknowledged.append(prompt)

    def reach(self, moment: str) -> str:
        """Bring the kernel into a moment; returns the prompt that is on its way."""
        self.count += 1
        prompt, kernel = f"gate {self.count}", self.kernel
        if moment in ("starting", "during resume", "during delete"):
            method, when, code = {
                "starting": ("connect", "before", f"%%copilot\n{prompt}"),
                "during resume": ("session.resume", "after", f"%%copilot\n{prompt}"),
                "during delete": ("session.delete", "before", "%copilot_sessions --delete x --yes"),
            }[moment]
            if moment == "starting":
                for runtime in filter(is_runtime, kernel.process.children()):
                    runtime.kill()
                    runtime.wait()
            if moment == "during delete":
                self.say("%copilot_session x")
                self.say("%copilot_session survivor")
            held = self.folder / f"held-{self.count}"
            moments.plan(kernel, method, when, str(held))
            cell = kernel.start(code)
            kernel.wait(held.exists, what=moment, while_running=cell)
            return ""
        if moment == "idle":
            self.ask(f"say: idle {self.count}")
            return ""
        if moment == "writing a file":
            kernel.start(f"{DIES_WRITING}\n%copilot_session x")
            return ""
        if moment == "mid-stream":
            kernel.start(f"%%copilot\n{prompt}")
            self.provider.wait_reached(str(self.count))
        elif moment == "mid-tool":
            self.say("%copilot_session survivor --permissions allow-all")
            prompt = f"{TOOL.format(WAITING)}\n{prompt}"
            kernel.start(f"%%copilot\n{prompt}")
            kernel.wait(lambda: any(map(is_tool, processes_of(self.home))), what="the tool")
        elif moment == "awaiting permission":
            prompt = f"{TOOL.format('touch made')}\n{prompt}"
            kernel.start(f"%%copilot\n{prompt}")
            kernel.wait_widget("Allow once")
        else:
            when = moment.removesuffix(" sending")
            moments.plan(kernel, "session.send", when, "kill")
            kernel.start(f"%%copilot\n{prompt}")
        return prompt

    def end(self, how: str) -> None:
        """End the kernel, and take the next one of the notebook."""
        kernel = self.kernel
        if how.startswith("restart"):
            kernel.restart(now=how.endswith("now"))
        elif how == "shutdown":
            kernel.shut_down()
        elif how == "SIGKILL":
            kernel.kill()
        else:
            kernel.process.wait(30)

    def left(self) -> list[str]:
        """Return the processes that outlive their kernel for some seconds."""
        living = {self.kernel.pid} if self.kernel.alive else set()
        deadline = time.monotonic() + 5
        while left := [one for one in processes_of(self.home) if one.pid not in living]:
            # Nobody may have collected one that has ended.
            psutil.wait_procs(left, timeout=0.1)
            if time.monotonic() > deadline:
                break
        return [" ".join(process.cmdline()) for process in left]


def is_runtime(process: psutil.Process) -> bool:
    return "--headless" in process.cmdline()


def is_tool(process: psutil.Process) -> bool:
    return process.cmdline() == WAITING.split()


def strike(victim: Victim, how: str, moment: str, said: str, fault: FaultOf) -> None:
    """End a kernel in a moment, and check what the next one finds."""
    with fault(f"kernel: {how}, {moment}") as it:
        prompt = victim.reach(moment)
        victim.end(how)
        left = victim.left()
        it.processes = len(left)
        assert not left
        assert locking.holder("survivor") is None
        victim.begin(victim.kernel if victim.kernel.alive else victim.start())
        status = victim.say("%copilot_session")
        assert "This notebook is bound to survivor" in status
        assert re.search(f"Its last turn {said}$", status), status
        victim.ask(f"say: after {how} {moment}")
        told = victim.say(
            "import json\nm = get_messages()\nprint(json.dumps(list(m.content[m.role == 'user'])))"
        )
        journal = json.loads(told.splitlines()[-1])
        it.acknowledged = len(victim.acknowledged)
        it.lost = len(set(victim.acknowledged) - set(journal))
        assert it.lost == 0
        # Never twice by itself; the rounds of a tool are requests with the same prompt.
        assert journal.count(prompt) == status.endswith("its prompt is in the journal.\n")
        if "tool" not in prompt:
            assert victim.provider.prompts().count(prompt) <= 1
        victim.say("%copilot_session --disconnect")
        victim.kernel.wait(lambda: not files_left(victim.home), 10, "nothing left behind")
        it.files = len(files_left(victim.home))
        assert it.files == 0, files_left(victim.home)


@pytest.fixture
def victim(notebook: Start, home: Path, provider: ScriptedServer, tmp_path: Path) -> Victim:
    return Victim(notebook, home, provider, tmp_path)


@pytest.mark.timeout(300)
def test_each_fault_once(victim: Victim, fault: FaultOf) -> None:
    for how, moment in QUICK.items():
        strike(victim, how, moment, MOMENTS[moment], fault)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("how", ["restart", "restart now", "shutdown", "SIGKILL"])
def test_one_fault_at_every_moment(victim: Victim, fault: FaultOf, how: str) -> None:
    for moment, said in MOMENTS.items():
        strike(victim, how, moment, said, fault)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_moments_in_between(victim: Victim, fault: FaultOf) -> None:
    strike(victim, "its own end", "writing a file", ANSWERED, fault)
    strike(victim, "its own end", "before sending", NOT_SENT, fault)
    # Whether a runtime whose kernel is gone writes it down is its own matter.
    strike(victim, "its own end", "after sending", f"({CUT_SHORT}|{NOT_SENT})", fault)
