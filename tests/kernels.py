"""Real kernels, driven as a front end drives them.

`Notebook` is a running kernel and the cells (`cells.Cell`) that were run in it. Widgets seen in
comm messages can be found while they are on display, and clicked.

There is no thread: whoever waits also reads the kernel's messages, and reading is what moves a
notebook on. Every wait ends with an error when the kernel dies.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil
import zmq
from cells import PATIENCE, Cell, Json
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from traitlets import Unicode

_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_REFERENCE = "IPY_MODEL_"


class KernelDied(RuntimeError):
    """The kernel ended while something was expected of it."""


@dataclass
class Widget:
    """A widget the kernel made: its state, what it said, and how a front end acts on it."""

    id: str
    state: Json
    notebook: Notebook = field(repr=False)
    heard: list[Json] = field(default_factory=list)

    def click(self) -> None:
        """Click a button."""
        self.send({"event": "click"})

    def set(self, **state: Any) -> None:
        """Change traits, as typing into a field does."""
        self.state.update(state)
        self._message({"method": "update", "state": state, "buffer_paths": []})

    def send(self, content: Json) -> None:
        """Send a custom message."""
        self._message({"method": "custom", "content": content})

    def children(self) -> Iterator[str]:
        """Name the models that this one's state refers to."""
        for value in self.state.values():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, str) and item.startswith(_REFERENCE):
                    yield item.removeprefix(_REFERENCE)

    def _message(self, data: Json) -> None:
        self.notebook.send("comm_msg", {"comm_id": self.id, "data": data})


_START = 30.0
"""Seconds within which a kernel that is started answers."""


class _Manager(KernelManager):
    """A kernel of a given Python, whatever kernels are installed."""

    python = Unicode(sys.executable)

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [self.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, language="python", display_name="Python")


class Notebook:
    """A real kernel, and the cells that were run in it.

    Parameters
    ----------
    folder : Path
        The notebook's folder, where the kernel works.
    name : str
        The notebook's file name, told to the kernel as the Jupyter server does; empty: not told.
    python : str
        The Python whose ipykernel runs.
    env : dict, optional
        Changes to this process's environment; None removes a variable.
    """

    def __init__(
        self,
        folder: Path,
        name: str = "notebook.ipynb",
        *,
        python: str = sys.executable,
        env: dict[str, str | None] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        changes = {"JPY_SESSION_NAME": str(folder / name) if name else None, **(env or {})}
        merged: dict[str, str | None] = {**os.environ, **changes}
        self.cells: list[Cell] = []
        self.widgets: dict[str, Widget] = {}
        self._by_request: dict[str, Cell] = {}
        environment = {k: v for k, v in merged.items() if v is not None}
        try:
            self._launch(python, environment, folder)
        except RuntimeError:
            # Somebody else may have taken one of its ports between their choice and their use.
            self._launch(python, environment, folder)

    @property
    def pid(self) -> int:
        """The kernel's process."""
        return int(self._manager.provisioner.pid)  # type: ignore[union-attr]

    @property
    def alive(self) -> bool:
        """Whether the kernel runs."""
        return bool(self._manager.is_alive())

    @property
    def process(self) -> psutil.Process:
        """The kernel's process, to look at."""
        return psutil.Process(self.pid)

    def start(
        self,
        code: str,
        *,
        allow_stdin: bool = True,
        inputs: list[str] | None = None,
        cell_id: str | None = None,
    ) -> Cell:
        """Run a cell without waiting for it.

        Parameters
        ----------
        code : str
            The cell.
        allow_stdin : bool
            Whether someone watches who could answer ``input()``.
        inputs : list of str, optional
            Answers to give, in order.
        cell_id : str, optional
            Sent in the message's metadata, as JupyterLab does.
        """
        cell = Cell(self, code, list(inputs or []))
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": allow_stdin,
            "stop_on_error": True,
        }
        metadata = {"cellId": cell_id} if cell_id else {}
        self._by_request[self.send("execute_request", content, metadata=metadata)] = cell
        self.cells.append(cell)
        return cell

    def run(self, code: str, *, timeout: float = PATIENCE, **options: Any) -> Cell:
        """Run a cell to its end; the options are those of `start`."""
        return self.start(code, **options).result(timeout)

    def send(
        self, kind: str, content: Json, *, channel: str = "shell", metadata: Json | None = None
    ) -> str:
        """Send a message to the kernel, and return its ID."""
        message = self._client.session.msg(kind, content, metadata=metadata)
        self._client.session.send(self._sockets()[channel], message)
        return str(message["header"]["msg_id"])

    def visible_widgets(self) -> dict[str, Widget]:
        """Return the widgets that are on display, by model ID."""
        self.read()
        outputs = (output for cell in self.cells for output in cell.outputs)
        views = (output.get("data", {}).get(_WIDGET_VIEW) for output in outputs)
        found: dict[str, Widget] = {}
        queue = [view["model_id"] for view in views if view]
        while queue:
            name = queue.pop()
            if name in self.widgets and name not in found:
                found[name] = self.widgets[name]
                queue.extend(found[name].children())
        return found

    def find_widget(self, description: str) -> Widget | None:
        """Return the widget on display that has this description, if there is one."""
        widgets = self.visible_widgets().values()
        return next((w for w in widgets if w.state.get("description") == description), None)

    def wait_widget(self, description: str, timeout: float = PATIENCE) -> Widget:
        """Wait until a widget with this description is on display."""
        self.wait(lambda: self.find_widget(description), timeout, f"a widget {description!r}")
        found = self.find_widget(description)
        assert found is not None
        return found

    def wait(
        self,
        condition: Callable[[], object],
        timeout: float = PATIENCE,
        what: str = "a condition",
        *,
        while_running: Cell | None = None,
    ) -> None:
        """Read the kernel's messages until something holds.

        Parameters
        ----------
        condition : callable
            Looked at after each batch of messages.
        timeout : float
            Seconds after which it is given up.
        what : str
            What is waited for, for the error.
        while_running : Cell, optional
            Give up when this cell ends first.
        """
        deadline = time.monotonic() + timeout
        self.read()
        while not condition():
            if while_running and while_running.done:
                raise AssertionError(f"the cell ended without {what}: {while_running.outputs}")
            if time.monotonic() > deadline:
                shown = [cell.outputs for cell in self.cells if not cell.done]
                raise TimeoutError(f"{what} did not come in {timeout} s; running cells: {shown}")
            if not self.read(0.1) and not self._manager.is_alive():
                raise KernelDied(f"the kernel died while {what} was awaited")

    def read(self, seconds: float = 0) -> bool:
        """Take the messages that are there, or come within some seconds; say whether any did."""
        poller = zmq.Poller()
        by_socket = {socket: name for name, socket in self._sockets().items()}
        for socket in by_socket:
            poller.register(socket, zmq.POLLIN)
        any_came = False
        while ready := poller.poll(0 if any_came else int(seconds * 1000)):
            any_came = True
            for socket, _ in ready:
                _, message = self._client.session.recv(socket, zmq.NOBLOCK)
                self._dispatch(by_socket[socket], message)
        return any_came

    def interrupt(self) -> None:
        """Interrupt the kernel, as the stop button does."""
        self._manager.interrupt_kernel()

    def restart(self, *, now: bool = False) -> None:
        """Restart the kernel, at once or with time to end; the cells and their outputs stay."""
        self._client.stop_channels()
        self.widgets.clear()
        self._manager.restart_kernel(now=now)
        self._client = self._connect()

    def shut_down(self) -> None:
        """Have the kernel shut down, as the server does when its notebook is closed."""
        self._manager.shutdown_kernel()

    def kill(self) -> None:
        """End the kernel with SIGKILL, and wait until it is gone."""
        process = self.process
        process.kill()
        process.wait()

    def close(self) -> None:
        """Shut the kernel down; a second time there is nothing to do."""
        if self._manager.context.closed:
            return
        self._client.stop_channels()
        self._manager.shutdown_kernel()
        self._manager.context.destroy(linger=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _launch(self, python: str, environment: dict[str, str], folder: Path) -> None:
        context = zmq.Context()
        # While a test does something else nobody reads: let messages queue instead of vanish.
        context.setsockopt(zmq.RCVHWM, 0)
        self._manager = _Manager(context=context, python=python)
        self._manager.start_kernel(env=environment, cwd=str(folder))
        try:
            self._client = self._connect()
        except BaseException:
            self._manager.shutdown_kernel(now=True)
            context.destroy(linger=0)
            raise

    def _connect(self) -> BlockingKernelClient:
        client: BlockingKernelClient = self._manager.client()
        client.start_channels(hb=False)
        try:
            client.wait_for_ready(timeout=_START)
        except BaseException:
            # Its sockets are of a shadow of the context, which would wait for them for ever.
            client.stop_channels()
            raise
        return client

    def _sockets(self) -> dict[str, zmq.Socket[bytes]]:
        client = self._client
        channels = {
            "shell": client.shell_channel,
            "iopub": client.iopub_channel,
            "stdin": client.stdin_channel,
        }
        return {name: channel.socket for name, channel in channels.items()}

    def _dispatch(self, channel: str, message: Json) -> None:
        cell = self._by_request.get(message["parent_header"].get("msg_id", ""))
        kind, content = message["msg_type"], message["content"]
        if kind == "comm_open" and content["target_name"] == "jupyter.widget":
            name = content["comm_id"]
            self.widgets[name] = Widget(name, content["data"]["state"], self)
        elif kind == "comm_msg" and content["comm_id"] in self.widgets:
            widget = self.widgets[content["comm_id"]]
            if content["data"].get("method") == "update":
                widget.state.update(content["data"]["state"])
            elif content["data"].get("method") == "custom":
                widget.heard.append(content["data"]["content"])
        elif kind == "comm_close":
            self.widgets.pop(content["comm_id"], None)
        elif kind == "update_display_data":
            for other in self.cells:
                other.update(content["transient"]["display_id"], content)
        if cell is None:
            return
        if channel == "iopub":
            cell.receive(message)
        elif kind == "input_request":
            cell.ask(content["prompt"])
        elif kind == "execute_reply":
            cell.reply = content


def processes_of(home: Path) -> list[psutil.Process]:
    """Find the processes that were started with this COPILOT_HOME, this one excepted."""
    found = []
    for process in psutil.process_iter():
        try:
            belongs = process.environ().get("COPILOT_HOME") == str(home)
        except psutil.Error:
            continue
        if belongs and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def assert_none_left(home: Path, timeout: float = 5.0) -> None:
    """Fail if a process of this COPILOT_HOME outlives its test; such are ended."""
    _, left = psutil.wait_procs(processes_of(home), timeout=timeout)
    names = [f"{process.pid} {' '.join(process.cmdline())[:200]}" for process in left]
    for process in left:
        process.kill()
    assert not left, f"the test left processes behind: {names}"
