"""The machine sleeps, kernel and runtime both (SIGSTOP), and wakes: nothing has happened."""

from __future__ import annotations

import json
import signal
import urllib.request
from collections.abc import Callable

import psutil
import pytest
from figures import FaultOf
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]

LONG = 15
"""Seconds of sleep after which one that does not answer would count as hung."""


def sleep(
    kernel: Notebook, runtime: psutil.Process, provider: ScriptedServer, seconds: int
) -> None:
    """Stop both for some seconds, which are those that an answer of the provider takes."""
    asked = {
        "model": "scripted",
        "stream": True,
        "messages": [{"role": "user", "content": f"stream {seconds * 10} tokens at 10/s"}],
    }
    request = urllib.request.Request(
        f"{provider.url}/chat/completions",
        json.dumps(asked).encode(),
        {"authorization": f"Bearer {provider.key}"},
    )
    for process in (kernel.process, runtime):
        process.send_signal(signal.SIGSTOP)
    try:
        with urllib.request.urlopen(request) as answer:
            assert b"[DONE]" in answer.read()
    finally:
        for process in (runtime, kernel.process):
            process.send_signal(signal.SIGCONT)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seconds", [1, pytest.param(LONG, marks=pytest.mark.slow)])
def test_the_machine_sleeps(
    notebook: Start, provider: ScriptedServer, fault: FaultOf, seconds: int
) -> None:
    kernel = notebook()
    kernel.run("%load_ext copilot_magics\n%copilot_session chat")
    (runtime,) = [p for p in kernel.process.children() if "--headless" in p.cmdline()]

    with fault(f"sleep of {seconds} s: mid-stream"):
        cell = kernel.start("%%copilot\ngate morning")
        cell.wait_output(lambda cell: "Before morning." in cell.text)
        sleep(kernel, runtime, provider, seconds)
        provider.release("morning")
        assert cell.result().status == "ok", cell.outputs
        assert cell.text.startswith("Before morning. After morning.")
        assert "does not answer" not in cell.text
    with fault(f"sleep of {seconds} s: mid-stream, the answer goes on meanwhile"):
        cell = kernel.start("%%copilot\nstream 20 tokens at 20/s")
        cell.wait_output(lambda cell: "tok1" in cell.text)
        sleep(kernel, runtime, provider, seconds)
        assert cell.result().status == "ok", cell.outputs
        assert "tok20" in cell.text
    with fault(f"sleep of {seconds} s: awaiting permission"):
        cell = kernel.start('%%copilot\ntool bash {"command": "touch made", "description": "do"}')
        button = kernel.wait_widget("Allow once")
        sleep(kernel, runtime, provider, seconds)
        button.click()
        assert cell.result().status == "ok", cell.outputs
    with fault(f"sleep of {seconds} s: idle"):
        sleep(kernel, runtime, provider, seconds)
        assert "awake" in kernel.run("%%copilot\nsay: awake").text
        assert "Created other" in kernel.run("%copilot_session other").stdout
    assert runtime.is_running()
    prompts = provider.prompts()
    assert prompts.count("gate morning") == prompts.count("say: awake") == 1
