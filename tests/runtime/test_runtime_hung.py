"""The runtime hangs and does not die (SIGSTOP): it is said, and the user decides."""

from __future__ import annotations

import signal
from collections.abc import Callable

import psutil
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]
HUNG = "the Copilot runtime does not answer"


def runtime_of(kernel: Notebook) -> psutil.Process:
    (found,) = [p for p in kernel.process.children() if "--headless" in p.cmdline()]
    return found


def test_a_turn_says_so_and_goes_on_or_is_stopped(
    notebook: Start, provider: ScriptedServer
) -> None:
    kernel = notebook()
    kernel.run("%load_ext copilot_magics\n%copilot_session patient")

    cell = kernel.start("%%copilot\ngate open")
    cell.wait_output(lambda cell: "Before open." in cell.text)
    hung = runtime_of(kernel)
    hung.send_signal(signal.SIGSTOP)
    cell.wait_output(lambda cell: HUNG in cell.text)
    provider.release("open")
    hung.send_signal(signal.SIGCONT)
    assert cell.result().status == "ok"
    assert HUNG not in cell.text
    assert runtime_of(kernel).pid == hung.pid

    stopped = kernel.start("%%copilot\nsilent after: A piece.")
    stopped.wait_output(lambda cell: "A piece." in cell.text)
    hung.send_signal(signal.SIGSTOP)
    stopped.wait_output(lambda cell: HUNG in cell.text)
    kernel.interrupt()
    assert stopped.result().ename == "TurnInterrupted"
    after = kernel.run("%%copilot\nsay: It goes on.")
    assert "a new one has resumed the session" in after.text
    assert "It goes on." in after.text
    assert not hung.is_running()


def test_what_needs_it_otherwise_ends_with_a_sentence(notebook: Start) -> None:
    kernel = notebook()
    kernel.run("%load_ext copilot_magics\n%copilot_session first")
    hung = runtime_of(kernel)
    hung.send_signal(signal.SIGSTOP)
    cell = kernel.run("%copilot_session second")
    assert cell.ename == "RuntimeUnavailable"
    assert "did not answer any more, and was ended" in cell.evalue
    assert "Created second" in kernel.run("%copilot_session second").stdout
    assert not hung.is_running()
