"""A notebook whose runtimes fail, one after the other, each at a moment that a test chooses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import moments
import psutil
from cells import Cell
from figures import Fault
from kernels import Notebook
from runtimes import MEMORY, Installation, runtime_of, strike
from scripted import ScriptedServer

MOMENTS = (
    "starting",
    "idle",
    "as it is sent",
    "mid-stream",
    "mid-tool",
    "awaiting permission",
    "during resume",
    "during delete",
)
_RULES = "--allow 'shell(touch:*)' --allow 'shell(cat:*)'"
_LONG = "bytes 300000 in 600 deltas over 6 seconds"
"""So long that a runtime needs more memory for it than it has."""


class Patient:
    """A notebook that holds one session, through whatever happens to its runtimes.

    Parameters
    ----------
    start : callable
        The fixture ``notebook``.
    provider : ScriptedServer
        Who answers.
    folder : Path
        The test's own.
    installed : Path
        The real runtime.
    """

    def __init__(
        self,
        start: Callable[..., Notebook],
        provider: ScriptedServer,
        folder: Path,
        installed: Path,
    ) -> None:
        self.provider, self.work = provider, folder / "work"
        self.runtime = Installation(folder, installed)
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.kernel = start(
            env={"COPILOT_CLI_PATH": str(self.runtime.path), "TMPDIR": str(self.temporary)}
        )
        self.acknowledged: list[str] = []
        self._count = 0
        self._at = ""
        self.say("%load_ext copilot_magics")
        moments.arm(self.kernel)
        self.say(f"%copilot_session patient {_RULES}")
        self.answered("say: Remember the word heron.")

    def say(self, code: str) -> str:
        """Run a cell that must not fail, and return what it shows."""
        cell = self.kernel.run(code)
        assert cell.status == "ok", cell.outputs
        return cell.text

    def answered(self, prompt: str) -> str:
        """Have a prompt answered, and return what is shown."""
        text = self.say(f"%%copilot\n{prompt}")
        assert prompt.removeprefix("say: ") in text
        self.acknowledged.append(prompt)
        return text

    @property
    def process(self) -> psutil.Process:
        """The runtime of the moment."""
        return runtime_of(self.kernel.process)

    def prompts(self) -> list[str]:
        """Return the prompts that the journal has."""
        history = "get_messages('patient', roles='user', columns='content')['content'].tolist()"
        return list(json.loads(self.say(f"import json; print(json.dumps({history}))")))

    def times_sent(self, prompt: str) -> int:
        """Count how often the provider was asked a prompt, the rounds of its tools not counted."""
        return sum(
            request.prompt == prompt and not request.since_prompt
            for request in list(self.provider.requests)
        )

    def struck(self, fault: str, moment: str, it: Fault) -> tuple[Cell, str]:
        """Have a fault strike at a moment; return the cell that it meets, and its prompt."""
        self._count += 1
        prompt = f"Answer number {self._count}."
        meet = {
            "starting": self._starting,
            "idle": self._idle,
            "as it is sent": self._sent,
            "mid-stream": self._working,
            "mid-tool": self._working,
            "awaiting permission": self._working,
            "during resume": self._resuming,
            "during delete": self._deleting,
        }[moment]
        return meet(fault, moment, prompt, it)

    def reached(self, moment: str) -> tuple[Cell, str]:
        """Have a turn reach a moment of its work, and return its cell and its prompt."""
        self._at = f"made-{self._count}"
        os.mkfifo(self.work / f"{self._at}-on")
        command = {
            "mid-tool": f"touch {self._at}; cat {self._at}-on",
            "awaiting permission": f"touch {self._at}; head -c 3000000 /dev/zero",
        }.get(moment, "")
        arguments = json.dumps({"command": command, "description": "do it"})
        prompt = f"tool bash {arguments}" if command else f"{_LONG}\nAnswer {self._at}."
        cell = self.kernel.start(f"%%copilot\n{prompt}")
        if moment == "mid-stream":
            cell.wait_output(lambda cell: "Section 1" in cell.text)
        elif moment == "mid-tool":
            self.kernel.wait((self.work / self._at).exists, while_running=cell)
        else:
            self.kernel.wait_widget("Allow once")
        return cell, prompt

    def go_on(self, moment: str) -> None:
        """Have the turn go on with what it was about to do."""
        if moment == "mid-tool":
            (self.work / f"{self._at}-on").write_text("It goes on.")
        elif moment == "awaiting permission":
            self.kernel.wait_widget("Allow once").click()

    def _starting(self, fault: str, _moment: str, prompt: str, it: Fault) -> tuple[Cell, str]:
        before = self.process
        before.kill()
        before.wait()
        self.runtime.hold()
        cell = self.kernel.start(f"%%copilot\n{prompt}")
        process = self.runtime.held()
        it.strikes()
        strike(process, fault)
        if fault == MEMORY:
            self.runtime.let_go()
        self.runtime.restore()
        return cell, prompt

    def _idle(self, fault: str, _moment: str, prompt: str, it: Fault) -> tuple[Cell, str]:
        process = self.process
        strike(process, fault)
        if fault in ("SIGKILL", "SIGTERM"):
            process.wait()
        if fault == MEMORY:
            prompt = f"{_LONG}\n{prompt}"
        it.strikes()
        return self.kernel.start(f"%%copilot\n{prompt}"), prompt

    def _sent(self, fault: str, _moment: str, prompt: str, it: Fault) -> tuple[Cell, str]:
        moments.plan(self.kernel, "session.send", "after", f"runtime {fault}")
        prompt = f"{_LONG}\n{prompt}" if fault == MEMORY else f"silent after: {prompt}"
        it.strikes()
        return self.kernel.start(f"%%copilot\n{prompt}"), prompt

    def _working(self, fault: str, moment: str, _prompt: str, it: Fault) -> tuple[Cell, str]:
        cell, prompt = self.reached(moment)
        it.strikes()
        strike(self.process, fault)
        if fault == MEMORY:
            self.go_on(moment)
        return cell, prompt

    def _resuming(self, fault: str, _moment: str, prompt: str, it: Fault) -> tuple[Cell, str]:
        self.say("%copilot_session --disconnect")
        moments.plan(self.kernel, "session.resume", "before", f"runtime {fault}")
        it.strikes()
        return self.kernel.start(f"%%copilot\n{prompt}"), prompt

    def _deleting(self, fault: str, _moment: str, _prompt: str, it: Fault) -> tuple[Cell, str]:
        other = f"other-{self._count}"
        self.say(f"%%copilot --session {other}\nsay: To be deleted.")
        moments.plan(self.kernel, "session.delete", "before", f"runtime {fault}")
        it.strikes()
        return self.kernel.start(f"%copilot_sessions --yes --delete {other}"), other
