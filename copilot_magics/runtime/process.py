"""The Copilot process: one a kernel, started when first needed, replaced when it dies.

It is watched, because the SDK's own waits do not end when it dies or hangs; and what the SDK raises
because it has died becomes an error of ours. Everything here runs on the runtime's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from copilot_magics.disk import refused_to_runtime
from copilot_magics.errors import CopilotError, RuntimeUnavailable
from copilot_magics.folders import copilot_home, home_folder
from copilot_magics.runtime.child import (
    MARK,
    Child,
    clean_up,
    command,
    end,
    how_it_ended,
    last_words,
    why_not_started,
    workplace,
)
from copilot_magics.runtime.environment import environment
from copilot_magics.runtime.locate import find_runtime, pinned_version
from copilot_magics.runtime.loop import submit
from copilot_magics.runtime.unread import hear_unread

if TYPE_CHECKING:
    from copilot import CopilotClient

T = TypeVar("T")

START_TIMEOUT = 60.0
"""Seconds after which a runtime that does not answer counts as broken; a slow disk needs many."""

BEAT = 3.0
"""Seconds between two looks at whether the process lives."""

SILENCE = 8.0
"""Seconds after which one that does not answer counts as hung; it answers while it is busy."""

_ENDED = re.compile(
    r"^ProcessExitedError|SERVER_SHUTTING_DOWN|^RuntimeError: (Client|Session) .*connected"
)
"""What the SDK raises once the process has ended, or is about to."""

_UNKNOWN = re.compile(r"Unhandled method (\S+)")
"""What a runtime answers that is older than the SDK."""

_SILENT = "it did not answer any more"

_PATIENCE = 1.0
"""Seconds from the end of what a process says to the end of the process itself."""


class RuntimeProcess:
    """The runtime of this kernel.

    Attributes
    ----------
    generation : int
        Counts the processes started; what was opened under an older number is gone.
    turns : int
        How many turns it is working on.
    silent : bool
        Whether an answer is overdue.
    """

    renewed = "The Copilot runtime had ended; a new one has resumed the session."

    def __init__(self) -> None:
        self.generation = 0
        self.turns = 0
        self.silent = False
        self._client: CopilotClient | None = None
        self._child: Child | None = None
        self._latest: Child | None = None
        self._environment: dict[str, str] = {}
        self._secrets: frozenset[str] = frozenset()
        self._logs_in = False
        self._starting = asyncio.Lock()
        self._hello: asyncio.Task[None] | None = None
        self._mourners: set[Callable[[str], None]] = set()

    @property
    def pid(self) -> int | None:
        """The process ID, while it runs."""
        return self._child.process.pid if self._child is not None and self.alive else None

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child is not None and self._child.process.poll() is None

    def obituary(self, how: str, when: str = "") -> str:
        """Say that it has ended, how, and when."""
        return f"The Copilot runtime ended{when} ({how})."

    def again(self) -> str:
        """Say what to do then."""
        return "Run this again: a new one is started."

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
        if self._hello is None and (client is None or not self.alive):
            return True
        question: asyncio.Task[Any] = self._hello or asyncio.ensure_future(client.ping())  # type: ignore[union-attr]
        try:
            # In steps: of a time for which the machine slept, only one of them counts.
            for _ in range(round(SILENCE)):
                if (await asyncio.wait({question}, timeout=1))[0]:
                    break
        finally:
            if question is not self._hello:
                question.cancel()
        self.silent = not question.done()
        if not self.silent:
            # To refuse is an answer too; that it ended meanwhile is told elsewhere.
            question.exception()
        return not self.silent

    async def attended(self, work: Coroutine[Any, Any, T]) -> T:
        """Do work that needs the process, unless that ends or hangs.

        One that does not answer is ended, but where it works on a turn, and while it starts: there
        it is the user's choice to wait.

        Raises
        ------
        RuntimeUnavailable
            It ended, or did not answer any more.
        CopilotError
            It refused.
        """
        task = asyncio.ensure_future(self.told(work))
        try:
            while not (await asyncio.wait({task}, timeout=BEAT))[0]:
                if await self.answers() or task.done() or self._hello is not None:
                    continue
                if self.turns:
                    raise RuntimeUnavailable(
                        "The Copilot runtime does not answer, and it works on a prompt.",
                        "Wait, or stop the cell of that prompt to end it.",
                    )
                await self.kill(_SILENT)
            return task.result()
        except asyncio.CancelledError:
            await self.end_silent()
            raise
        finally:
            task.cancel()

    async def told(self, work: Coroutine[Any, Any, T]) -> T:
        """Do work that needs the process, and raise our own errors where the SDK's would come."""
        try:
            return await work
        except CopilotError:
            raise
        except Exception as error:
            if how := await self.death(error):
                raise RuntimeUnavailable(self.obituary(how), self.again()) from error
            if unknown := _UNKNOWN.search(str(error)):
                raise _too_old(unknown[1]) from error
            if type(error).__name__ != "JsonRpcError":
                raise
            if refused := refused_to_runtime(str(error), copilot_home()):
                raise refused from error
            raise CopilotError(
                f"The Copilot runtime refused: {_first_line(error)}.",
                "`python -m copilot_magics doctor` looks for the cause.",
            ) from error

    async def death(self, error: Exception) -> str:
        """Say how the process ended, if that is why the SDK raised an error; else nothing."""
        child = self._latest
        if child is None or not _ENDED.search(f"{type(error).__name__}: {error}"):
            return ""
        # The last that is heard of it comes a little before its end.
        await asyncio.wait({child.ended}, timeout=_PATIENCE)
        if child is self._child and self.alive and not _is_connected(self._client):
            await self.kill("its connection broke")
            await asyncio.wait({child.ended}, timeout=_PATIENCE)
        return child.ended.result() if child.ended.done() else "another has taken its place"

    async def end_silent(self) -> None:
        """End the process if it does not answer: nobody waits for it any more."""
        if self.silent:
            await self.kill(_SILENT)

    async def kill(self, why: str = "") -> None:
        """End the process and all it started, now.

        Parameters
        ----------
        why : str
            What those are told who wait for it.
        """
        child, self._child, self._client = self._child, None, None
        self.silent = False
        if child is not None:
            child.why = why
            await asyncio.to_thread(end, child.process)

    async def _start(self) -> None:
        path = str(find_runtime())
        _silence_sdk()
        from copilot import CopilotClient, RuntimeConnection

        self._environment = environment(self._secrets)
        mark = uuid.uuid4().hex
        program, arguments = command(path)
        client = CopilotClient(
            connection=RuntimeConnection.for_stdio(path=program, args=arguments),
            base_directory=str(home_folder()),
            working_directory=str(workplace()),
            env=self._environment | {MARK: mark},
            use_logged_in_user=self._logs_in,
            log_level="none",
        )
        self._hello = asyncio.ensure_future(client.start())
        try:
            await asyncio.wait_for(self._hello, START_TIMEOUT)
        except BaseException as error:
            # Also when the wait for it was interrupted: nobody else knows of this process.
            why = await asyncio.to_thread(why_not_started, error, client)
            with contextlib.suppress(Exception):
                await client.force_stop()
            await asyncio.to_thread(clean_up, mark)
            if isinstance(error, CopilotError) or not isinstance(error, Exception):
                raise
            raise _not_started(path, why) from error
        finally:
            self._hello = None
            self.silent = False
        hear_unread(client)
        self._client = client
        # The SDK has no public name for its child; without it, its death, its group and its
        # pipes in a forked child would all be out of reach.
        loop = asyncio.get_running_loop()
        child = Child(client._process, client._client, mark, loop.create_future())
        self._child = self._latest = child
        self.generation += 1
        threading.Thread(
            target=watch, args=(child, loop, self._died), name="copilot-magics-watch", daemon=True
        ).start()

    def _died(self, child: Child, how: str) -> None:
        if child is self._child:
            self._client = None
        child.ended.set_result(child.why or how)
        for mourner in list(self._mourners):
            mourner(child.why or how)

    def let_go(self) -> None:
        """In a forked child: close the pipes, so that the runtime ends with the kernel."""
        if self._child is not None:
            self._child.let_go()


def watch(
    child: Child, loop: asyncio.AbstractEventLoop, died: Callable[[Child, str], None]
) -> None:
    """Wait in a thread for a process's end, have it told, and clear away what is left."""
    child.process.wait()
    how = "its other end closed it"
    if child.mark:
        how = how_it_ended(child.process.returncode, last_words(child.rpc))
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(died, child, how)
    # One that is shared is not ours to clear away.
    if child.mark:
        clean_up(child.mark, child.process.pid)
        # Else they stay open until Python next looks for what nobody uses.
        child.let_go()


def _is_connected(client: CopilotClient | None) -> bool:
    # What cannot be read on its pipe makes the SDK hang up, and it has no public word for that.
    return client is not None and client._state == "connected"


def _not_started(path: str, why: str) -> RuntimeUnavailable:
    mend = "Run `python -m copilot_magics doctor` to see why."
    if "ended by SIG" in why:
        mend = "Run this again: it is started anew."
    elif os.environ.get("COPILOT_CLI_PATH"):
        mend = f"Correct COPILOT_CLI_PATH, or unset it to have the runtime found. {mend}"
    return RuntimeUnavailable(f"The Copilot runtime {path} did not start: {why}.", mend)


def _too_old(method: str) -> RuntimeUnavailable:
    return RuntimeUnavailable(
        f"The Copilot runtime is older than the installed SDK: it does not know {method!r}.",
        f"`python -m copilot_magics setup` fetches {pinned_version()}, which does; it is found "
        "where COPILOT_CLI_PATH is not set.",
    )


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
    """Return the runtime of this kernel, or the one that it shares."""
    from copilot_magics.runtime.shared import SharedRuntime, wanted

    global _runtime
    url, before = wanted(), _runtime
    if before is None or (getattr(before, "url", "") != url and not before.turns):
        _runtime = SharedRuntime(url) if url else RuntimeProcess()
        if before is not None:
            # What was opened in the other is opened again in this one.
            _runtime.generation = before.generation + 1
            submit(before.kill("another one was configured"))
    assert _runtime is not None
    return _runtime


def _let_go() -> None:
    global _runtime
    if _runtime is not None:
        _runtime.let_go()
    _runtime = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
