"""The Copilot process: one a kernel, started when first needed, replaced when it dies.

It runs in a process group of its own, because Jupyter interrupts a kernel by signalling the
kernel's whole group, and it is watched, because the SDK's own waits do not end when it dies.
Everything here runs on the runtime's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from copilot_magics.errors import CopilotError, RuntimeUnavailable
from copilot_magics.folders import home_folder
from copilot_magics.runtime.locate import find_runtime

if TYPE_CHECKING:
    from copilot import CopilotClient

T = TypeVar("T")

START_TIMEOUT = 30.0
"""Seconds after which a runtime that does not answer counts as broken."""

_OWN_GROUP = """
import os, signal, sys
os.setsid()
# What was held back until now was meant for the kernel.
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""
_WITHHELD = re.compile(
    r"(?i).*(api_?key|api_token|bearer_token)|(COPILOT_)?(GH|GITHUB)_TOKEN"
    # Without a model these end the runtime at start; we hand the provider over ourselves.
    r"|COPILOT_PROVIDER_.*|COPILOT_MODEL"
    # This one trusts every folder.
    r"|COPILOT_ALLOW_ALL"
)
_ANY_PROVIDER = {"COPILOT_PROVIDER_BASE_URL": "http://localhost", "COPILOT_MODEL": "none"}
"""What an offline runtime insists on at its start; each session brings its own all the same."""

BEAT = 3.0
"""Seconds between two looks at whether the process lives."""

SILENCE = 8.0
"""Seconds after which one that does not answer counts as hung; it answers while it is busy."""

_PATIENCE = 0.3
"""Seconds that a runtime has to end its children and itself, before it is killed."""


class RuntimeProcess:
    """The runtime of this kernel.

    Attributes
    ----------
    generation : int
        Counts the processes started; what was opened under an older number is gone.
    turns : int
        How many turns it is working on.
    """

    def __init__(self) -> None:
        self.generation = 0
        self.turns = 0
        self._client: CopilotClient | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._environment: dict[str, str] = {}
        self._secrets: frozenset[str] = frozenset()
        self._logs_in = False
        self._starting = asyncio.Lock()
        self._mourners: set[Callable[[str], None]] = set()

    @property
    def pid(self) -> int | None:
        """The process ID, while it runs."""
        return self._child.pid if self._child is not None and self.alive else None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child is not None and self._child.poll() is None

    def on_death(self, mourner: Callable[[str], None]) -> Callable[[], None]:
        """Have a function called, with the reason, when the process ends; returns the undo."""
        self._mourners.add(mourner)
        return lambda: self._mourners.discard(mourner)

    async def client(self, secrets: Iterable[str] = (), *, login: bool = False) -> CopilotClient:
        """Return a client of the running process, which is started where there is none.

        Parameters
        ----------
        secrets : iterable of str
            Names of environment variables that the process must not inherit.
        login : bool
            Whether the GitHub login is needed. Without it the process does not look for one,
            which it would do anew at each prompt.

        Raises
        ------
        RuntimeUnavailable
            No runtime was found, it did not start, or it must be started anew for these needs
            while it works on a turn.
        """
        async with self._starting:
            self._secrets |= frozenset(secrets)
            told = self._secrets & self._environment.keys()
            if self.alive and (told or (login and not self._logs_in)):
                if self.turns:
                    raise RuntimeUnavailable(
                        "The runtime was started before it was known that "
                        + (f"{min(told)} holds a key" if told else "the GitHub login is needed")
                        + ", and it works for another session now.",
                        "Run this again when that session has answered.",
                    )
                await self.kill()
            if self._client is None or not self.alive:
                self._logs_in = self._logs_in or login
                await self._start()
            assert self._client is not None
            return self._client

    async def answers(self) -> bool:
        """Whether the process answers (RPC ``ping``); one that is not there need not."""
        client = self._client
        if client is None or not self.alive:
            return True
        try:
            await asyncio.wait_for(client.ping(), SILENCE)
        except TimeoutError:
            return False
        except Exception:
            # To refuse is an answer too; that it ended meanwhile is told elsewhere.
            return True
        return True

    async def attended(self, work: Coroutine[Any, Any, T]) -> T:
        """Do work that needs the process, unless that hangs.

        Raises
        ------
        RuntimeUnavailable
            It did not answer any more, and was ended.
        """
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=BEAT))[0]:
                if not await self.answers() and not task.done():
                    await self.kill()
                    raise RuntimeUnavailable(
                        "The Copilot runtime did not answer any more, and was ended.",
                        "Run this again: a new one is started.",
                    )
            return task.result()
        finally:
            task.cancel()

    async def kill(self) -> None:
        """End the process and all it started, now."""
        child, self._child, self._client = self._child, None, None
        if child is not None:
            await asyncio.to_thread(_end, child)

    async def _start(self) -> None:
        path = str(find_runtime())
        _silence_sdk()
        from copilot import CopilotClient, RuntimeConnection

        self._environment = _environment(self._secrets)
        if os.name == "posix":
            connection = RuntimeConnection.for_stdio(
                path=sys.executable, args=["-ISc", _OWN_GROUP, path]
            )
        else:
            connection = RuntimeConnection.for_stdio(path=path)
        client = CopilotClient(
            connection=connection,
            base_directory=str(home_folder()),
            env=self._environment,
            use_logged_in_user=self._logs_in,
            log_level="none",
        )
        try:
            await asyncio.wait_for(client.start(), START_TIMEOUT)
        except BaseException as error:
            # Also when the wait for it was interrupted: nobody else knows of this process.
            with contextlib.suppress(Exception):
                await client.force_stop()
            if isinstance(error, CopilotError) or not isinstance(error, Exception):
                raise
            raise RuntimeUnavailable(
                f"The Copilot runtime {path} did not start: {_first_line(error)}.",
                "Run `python -m copilot_magics doctor` to see why.",
            ) from error
        self._client = client
        # The SDK has no public name for its child; without it, its death, its group and its
        # pipes in a forked child would all be out of reach.
        self._child = child = client._process
        self.generation += 1
        threading.Thread(
            target=_watch,
            args=(child, asyncio.get_running_loop(), self._died),
            name="copilot-magics-watch",
            daemon=True,
        ).start()

    def _died(self, child: subprocess.Popen[bytes]) -> None:
        if child is self._child:
            self._client = None
        reason = f"exit status {child.returncode}"
        if child.returncode < 0:
            reason = f"ended by {signal.Signals(-child.returncode).name}"
        for mourner in list(self._mourners):
            mourner(reason)

    def let_go(self) -> None:
        """In a forked child: close the pipes, so that the runtime ends with the kernel."""
        child = self._child
        if child is not None:
            for pipe in (child.stdin, child.stdout, child.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a process: asked to, it ends what it runs; killed, it would leave that behind."""
    import psutil

    try:
        children = psutil.Process(child.pid).children(recursive=True)
    except psutil.Error:
        children = []
    child.terminate()
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        for orphan in children:
            with contextlib.suppress(psutil.Error):
                orphan.kill()


def _watch(
    child: subprocess.Popen[bytes],
    loop: asyncio.AbstractEventLoop,
    died: Callable[[subprocess.Popen[bytes]], None],
) -> None:
    child.wait()
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(died, child)


def _environment(secrets: frozenset[str]) -> dict[str, str]:
    """Return our environment without anything that holds a key.

    What the agent runs inherits the runtime's environment, and prints it into the journal.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in secrets and not _WITHHELD.fullmatch(name)
    }
    offline = _ANY_PROVIDER if inherited.get("COPILOT_OFFLINE") == "true" else {}
    return inherited | offline


def _silence_sdk() -> None:
    """Keep the SDK's log records out of the cell's output, unless the user has asked for them."""
    logger = logging.getLogger("copilot")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = False


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")


_runtime: RuntimeProcess | None = None


def runtime() -> RuntimeProcess:
    """Return the runtime of this kernel."""
    global _runtime
    if _runtime is None:
        _runtime = RuntimeProcess()
    return _runtime


def _let_go() -> None:
    global _runtime
    if _runtime is not None:
        _runtime.let_go()
    _runtime = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
