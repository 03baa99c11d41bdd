"""A cell that runs in a real kernel, or has run: its outputs as a front end would keep them.

Streams are merged, displays updated in place, and clear_output is honoured. Waiting for a cell
means reading its notebook's messages (`kernels.Notebook.wait`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from kernels import Notebook

Json = dict[str, Any]

PATIENCE = 60.0


@dataclass
class Cell:
    """One execution of a cell: going on, or done."""

    notebook: Notebook = field(repr=False)
    code: str
    answers: list[str] = field(default_factory=list)
    outputs: list[Json] = field(default_factory=list)
    messages: list[Json] = field(default_factory=list, repr=False)
    questions: list[str] = field(default_factory=list)
    reply: Json | None = field(default=None, repr=False)
    idle: bool = False
    _display_ids: list[str | None] = field(default_factory=list, repr=False)
    _clear_before_next: bool = False

    @property
    def done(self) -> bool:
        """Whether the reply and the idle status have both come."""
        return self.reply is not None and self.idle

    @property
    def status(self) -> str:
        """``ok``, ``error``, ``aborted`` (a cell before it failed) or ``running``."""
        return str(self.reply["status"]) if self.reply else "running"

    @property
    def stdout(self) -> str:
        """What was printed."""
        return self._stream("stdout")

    @property
    def stderr(self) -> str:
        """What was printed to stderr."""
        return self._stream("stderr")

    @property
    def error(self) -> Json | None:
        """The error output: ``ename``, ``evalue``, ``traceback``."""
        return next((o for o in self.outputs if o["output_type"] == "error"), None)

    @property
    def ename(self) -> str:
        """The error's name, or an empty string."""
        return str(self.error["ename"]) if self.error else ""

    @property
    def evalue(self) -> str:
        """The error's text, or an empty string."""
        return str(self.error["evalue"]) if self.error else ""

    @property
    def value(self) -> Json | None:
        """The MIME bundle of the cell's ``Out``."""
        found = (o for o in self.outputs if o["output_type"] == "execute_result")
        return next((o["data"] for o in found), None)

    @property
    def displays(self) -> list[Json]:
        """The MIME bundles on display, in order; the value among them."""
        return [o["data"] for o in self.outputs if "data" in o]

    @property
    def text(self) -> str:
        """All that a reader sees, as plain text; Markdown where there is some."""
        return "\n".join(map(_plain, self.outputs))

    def result(self, timeout: float = PATIENCE) -> Self:
        """Wait until the cell is done, and return it; a question nobody answers is an error."""
        self.notebook.wait(
            lambda: self.done or self.questions, timeout, f"the end of {self.code!r}"
        )
        if not self.done:
            raise AssertionError(f"the cell asks {self.questions} and the test has no answer")
        return self

    def wait_output(
        self,
        wanted: Callable[[Self], object] = lambda cell: cell.outputs,
        timeout: float = PATIENCE,
    ) -> Self:
        """Wait until the cell shows what is wanted; it is given the cell."""
        self.notebook.wait(lambda: wanted(self), timeout, "that output", while_running=self)
        return self

    def wait_message(self, wanted: Callable[[Json], object], timeout: float = PATIENCE) -> Json:
        """Wait for an iopub message of this cell, and return it."""

        def first() -> Json | None:
            return next(filter(wanted, self.messages), None)

        self.notebook.wait(first, timeout, "that message", while_running=self)
        found = first()
        assert found is not None
        return found

    def wait_question(self, timeout: float = PATIENCE) -> str:
        """Wait until the cell asks through ``input()``, and return the prompt."""
        self.notebook.wait(lambda: self.questions, timeout, "a question", while_running=self)
        return self.questions[0]

    def answer(self, text: str) -> None:
        """Answer the question that was waited for."""
        self.questions.pop(0)
        self.notebook.send("input_reply", {"value": text}, channel="stdin")

    def receive(self, message: Json) -> None:
        """Take an iopub message of this cell."""
        self.messages.append(message)
        kind, content = message["msg_type"], message["content"]
        if kind == "status":
            self.idle = content["execution_state"] == "idle"
        elif kind == "clear_output":
            self._clear_before_next = content["wait"]
            if not content["wait"]:
                self._clear()
        elif kind in ("stream", "display_data", "execute_result", "error"):
            self._show(kind, content)

    def update(self, display_id: str, content: Json) -> None:
        """Change what is shown under a display ID."""
        for output, shown_as in zip(self.outputs, self._display_ids, strict=True):
            if shown_as == display_id:
                output.update(data=content["data"], metadata=content["metadata"])

    def ask(self, question: str) -> None:
        """Take an input request: answer it, or keep it for the test."""
        self.questions.append(question)
        if self.answers:
            self.answer(self.answers.pop(0))

    def _show(self, kind: str, content: Json) -> None:
        if self._clear_before_next:
            self._clear()
        last = self.outputs[-1] if self.outputs else {}
        if kind == "stream" and last.get("name") == content["name"]:
            last["text"] += content["text"]
            return
        content = dict(content)
        transient = content.pop("transient", {})
        self.outputs.append({"output_type": kind, **content})
        self._display_ids.append(transient.get("display_id"))

    def _clear(self) -> None:
        self._clear_before_next = False
        self.outputs.clear()
        self._display_ids.clear()

    def _stream(self, name: str) -> str:
        return "".join(o["text"] for o in self.outputs if o.get("name") == name)


def _plain(output: Json) -> str:
    bundle = output.get("data", {})
    shown = [output.get("text"), output.get("evalue")]
    shown += [bundle.get("text/markdown"), bundle.get("text/plain")]
    return next((text for text in shown if text), "")
