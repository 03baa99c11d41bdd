"""Run a runtime for several kernels to share: ``python -m copilot_magics serve``.

It is run as a kernel runs its own, without the keys in the environment, and it ends with the
program that started it, which may not live to end it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import FrameType

from copilot_magics.config import CopilotMagics
from copilot_magics.errors import BadInput
from copilot_magics.folders import home_folder
from copilot_magics.keys import check_name, read_key
from copilot_magics.runtime.environment import environment
from copilot_magics.runtime.locate import find_runtime

_LOOK = 1.0


def serve(port: int, token_env: str = "") -> int:
    """Run a shared runtime until it ends, or whoever started this does.

    Parameters
    ----------
    port : int
        Where it listens, on this machine only; 0 takes a free port. It says which.
    token_env : str
        The variable that holds its token; empty for the usual one.

    Returns
    -------
    int
        Its exit status.

    Raises
    ------
    BadInput
        There is no token, or the port cannot be used.
    RuntimeUnavailable
        There is no runtime.
    """
    name = check_name(token_env or CopilotMagics().runtime_token_env, "--runtime-token-env")
    token = read_key(name)
    if token is None:
        raise BadInput(
            f"The variable {name} holds no token, and without one every user of this machine "
            "could use the runtime.",
            f"Set it: export {name}=\"$(python -c 'import secrets; print(secrets.token_hex())')\".",
        )
    if not 0 <= port < 65536:
        raise BadInput(f"{port} is no port.", "Give one from 1024 to 65535, or 0 for a free one.")
    parent = os.getppid()
    process = subprocess.Popen(
        [str(find_runtime()), "--headless", "--no-auto-update", "--port", str(port)],
        env={
            **environment(frozenset({name})),
            "COPILOT_HOME": str(home_folder()),
            "COPILOT_CONNECTION_TOKEN": token,
        },
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    signal.signal(signal.SIGTERM, _leave)
    try:
        while os.getppid() == parent:
            try:
                return process.wait(_LOOK)
            except subprocess.TimeoutExpired:
                continue
        return 0
    finally:
        process.terminate()
        process.wait()


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
