"""A runtime that several kernels of one user share: neither started here, nor ended.

Whoever listens hears the token, the prompts and the providers' keys. So it must be a process of
this user, on this machine, and that is looked up before anything is sent; it also tells which marks
in the sessions' folders are the shared runtime's own. What ends here is the connection: the runtime
then ends what it did for this kernel, as it does when the kernel dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot_magics.config import CopilotMagics
from copilot_magics.errors import BadInput, CopilotError, RuntimeUnavailable
from copilot_magics.folders import copilot_home
from copilot_magics.keys import Key, check_name, read_key, without_keys
from copilot_magics.runtime.child import Child, why_not_started
from copilot_magics.runtime.locate import find_runtime
from copilot_magics.runtime.process import RuntimeProcess, watch
from copilot_magics.runtime.unread import hear_unread

if TYPE_CHECKING:
    from copilot import CopilotClient

_URL = re.compile(r"(?:http://)?(?:(localhost|127(?:\.\d{1,3}){3}|\[::1\]):)?(\d{1,5})/?")
_START_TIMEOUT = 20.0
_REFUSED = "AUTHENTICATION_FAILED"
_RUN_ONE = "`python -m copilot_magics serve --port N` runs one."


@dataclass(frozen=True)
class Listener:
    """A process of this user that listens.

    Attributes
    ----------
    address : str
        Where, as ``host:port`` with the host's number: a name may lead elsewhere.
    pid : int
        Its process ID.
    """

    address: str
    pid: int


class Connection:
    """A connection, in the shape of the child process that `Child` expects.

    Parameters
    ----------
    client : copilot.CopilotClient
        Whose connection it is.
    pid : int
        The process ID of the runtime at its other end.
    """

    stderr = None

    def __init__(self, client: CopilotClient, pid: int) -> None:
        self.pid = pid
        self._closed = threading.Event()
        # The SDK has no public names for these either.
        self._wrapper: Any = client._process
        self.stdin, self.stdout = self._wrapper.stdin, self._wrapper._socket
        rpc: Any = client._client
        told = rpc.on_close

        def closed() -> None:
            self._closed.set()
            told()

        rpc.on_close = closed

    @property
    def returncode(self) -> int:
        """What a process would return."""
        return 0

    def poll(self) -> int | None:
        """Return None while it is open."""
        return 0 if self._closed.is_set() else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        if not self._closed.wait(timeout):
            raise subprocess.TimeoutExpired("the connection", timeout or 0)
        return 0

    def terminate(self) -> None:
        """Close it."""
        self._wrapper.terminate()
        self._closed.set()

    kill = terminate


class SharedRuntime(RuntimeProcess):
    """The runtime at ``CopilotMagics.runtime_url``; as `RuntimeProcess`.

    Parameters
    ----------
    url : str
        Where it listens.
    """

    renewed = "The connection to the shared Copilot runtime had been lost; the session is resumed."

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    async def client(self, secrets: Iterable[str] = (), *, login: bool = False) -> CopilotClient:
        """Return a client that is connected; the runtime's environment is not ours to choose.

        Raises
        ------
        BadInput
            The URL leads to no runtime of this user on this machine.
        RuntimeUnavailable
            Nobody listens there, or it is none that can be used.
        """
        async with self._starting:
            if self._client is None or not self.alive:
                await self._start()
            assert self._client is not None
            return self._client

    def obituary(self, how: str, when: str = "") -> str:
        """Say that the connection has ended."""
        why = f" ({how})" if how else ""
        return f"The connection to the shared Copilot runtime at {self.url} was lost{when}{why}."

    def again(self) -> str:
        """Say what to do then."""
        return "Start it again if it has ended, and run this again."

    async def _start(self) -> None:
        listener = await asyncio.to_thread(find_listener, self.url)
        from copilot import CopilotClient, RuntimeConnection

        client = CopilotClient(
            connection=RuntimeConnection.for_uri(listener.address, connection_token=_token()),
            log_level="none",
        )
        self._hello = asyncio.ensure_future(client.start())
        try:
            await asyncio.wait_for(self._hello, _START_TIMEOUT)
            await self._check_home(client)
        except BaseException as error:
            with contextlib.suppress(Exception):
                await client.force_stop()
            if isinstance(error, CopilotError) or not isinstance(error, Exception):
                raise
            raise self._unusable(error, client) from error
        finally:
            self._hello = None
            self.silent = False
        hear_unread(client)
        loop = asyncio.get_running_loop()
        connection: Any = Connection(client, listener.pid)
        child = Child(connection, client._client, "", loop.create_future())
        self._client, self._child, self._latest = client, child, child
        self.generation += 1
        threading.Thread(
            target=watch, args=(child, loop, self._died), name="copilot-magics-watch", daemon=True
        ).start()

    async def _check_home(self, client: CopilotClient) -> None:
        """Refuse a runtime whose sessions are elsewhere: its locks and histories would be too."""
        rpc: Any = client._client
        paths = await rpc.request("user.settings.getPaths", {})
        theirs, ours = Path(paths["userSettings"]).parent, copilot_home()
        if not _is_same(theirs, ours):
            raise RuntimeUnavailable(
                f"The shared Copilot runtime at {self.url} keeps its sessions in {theirs}, and "
                f"this kernel in {ours}.",
                "Start both with the same COPILOT_HOME.",
            )

    def _unusable(self, error: Exception, client: CopilotClient) -> RuntimeUnavailable:
        name = CopilotMagics.instance().runtime_token_env
        if _REFUSED in str(error):
            what = "refused the token" if os.environ.get(name) else "wants a token"
            return RuntimeUnavailable(
                f"The shared Copilot runtime at {self.url} {what}.",
                f"Put the token that it was started with into the variable {name}, or the name of "
                "another with `%config CopilotMagics.runtime_token_env`.",
            )
        why = "it does not speak as one does"
        if isinstance(error, TimeoutError) or "SDK supports versions" in str(error):
            why = why_not_started(error, client)
        return RuntimeUnavailable(
            f"What listens at {self.url} cannot be used as a shared Copilot runtime: {why}.",
            f"{_RUN_ONE} `python -m copilot_magics doctor` tells the version that fits.",
        )


def wanted() -> str:
    """Return the URL of the shared runtime that is configured, or an empty string."""
    return CopilotMagics.instance().runtime_url.strip()


def check_runtime() -> None:
    """Raise where no runtime could be used: none is here, and none is shared.

    Raises
    ------
    RuntimeUnavailable
        With how to get one.
    """
    if not wanted():
        find_runtime()


def find_listener(url: str) -> Listener:
    """Find who listens at a URL, before anything is sent there.

    Parameters
    ----------
    url : str
        ``CopilotMagics.runtime_url``: a port, or ``host:port`` with a name of this machine.

    Raises
    ------
    BadInput
        The URL cannot be used.
    RuntimeUnavailable
        Nobody listens there, or somebody else does.
    """
    import psutil

    host, port = _parts(url)
    hosts = {"localhost": ("127.0.0.1", "::1"), "[::1]": ("::1",)}.get(host, (host,))
    for process in sorted(psutil.process_iter(), key=_is_runtime, reverse=True):
        with contextlib.suppress(psutil.Error, OSError):
            if not _is_mine(process):
                continue
            for found in process.net_connections("tcp"):
                if found.status != psutil.CONN_LISTEN or found.laddr.port != port:
                    continue
                for ip in hosts:
                    if found.laddr.ip in (ip, "::" if ":" in ip else "0.0.0.0"):
                        address = f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
                        return Listener(address, process.pid)
    if any(_answers(ip, port) for ip in hosts):
        raise RuntimeUnavailable(
            f"What listens at {url} is no process of yours, so nothing was sent to it.",
            f"A Copilot runtime is shared by one user's kernels on one machine only. {_RUN_ONE}",
        )
    raise RuntimeUnavailable(
        f"No shared Copilot runtime listens at {url}.",
        f"Start it, or have each kernel run its own with `%config CopilotMagics.runtime_url = ''`. "
        f"{_RUN_ONE}",
    )


def _is_same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _parts(url: str) -> tuple[str, int]:
    found = _URL.fullmatch(url)
    if found is None or not 0 < int(found[2]) < 65536:
        raise BadInput(
            f"%config CopilotMagics.runtime_url cannot be {without_keys(url)!r}.",
            "Give a port of this machine, such as 'localhost:7777'; the connection is not "
            "encrypted, so it goes nowhere else.",
        )
    return found[1] or "localhost", int(found[2])


def _token() -> Key | None:
    name = CopilotMagics.instance().runtime_token_env
    return read_key(check_name(name, "%config CopilotMagics.runtime_token_env"))


def _is_runtime(process: Any) -> bool:
    """Whether a process looks like a runtime: such are looked at first."""
    import psutil

    try:
        return "--headless" in process.cmdline()
    except (psutil.Error, OSError):
        return False


def _is_mine(process: Any) -> bool:
    if hasattr(os, "geteuid"):
        return bool(process.uids().effective == os.geteuid())
    import psutil

    return bool(process.username() == psutil.Process().username())


def _answers(ip: str, port: int) -> bool:
    try:
        socket.create_connection((ip, port), timeout=1).close()
    except OSError:
        return False
    return True
