"""What the benchmarks share: a kernel with the scripted provider, and the bare SDK in one too.

Both sides of every ratio are measured in one run, in turns, on the same machine, against the same
scripted provider, each in a real kernel.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from kernels import Notebook, processes_of
from scripted import ScriptedServer

from copilot_magics.runtime.locate import find_runtime

BARE = """
import asyncio, os, sys
from copilot import CopilotClient, RuntimeConnection
from IPython.display import display
client = CopilotClient(
    connection=RuntimeConnection.for_stdio(
        path=sys.executable,
        args=["-ISc", "import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])", {path!r}],
    ),
    use_logged_in_user=False,
    log_level="none",
    env={{
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COPILOT_PROVIDER", "COPILOT_MODEL"))
    }},
)
await client.start()
session = await client.create_session(
    session_id="bare", name="bare", model="scripted", streaming=True, enable_session_store=False,
    enable_file_hooks=False,
    provider=dict(type="openai", base_url={url!r}, api_key="a-key-that-is-long-enough"),
)

async def ask(prompt, show):
    done, pieces = asyncio.Event(), []
    def take(event):
        kind = event.type.value
        if kind == "assistant.message_delta":
            pieces.append(event.data.delta_content)
            if show and len(pieces) == 1:
                display({{"text/markdown": pieces[0]}}, raw=True)
        elif kind == "session.idle":
            done.set()
    stop = session.on(take)
    await session.send(prompt)
    await done.wait()
    stop()
    display({{"text/markdown": "".join(pieces)}}, raw=True)
"""


@contextlib.contextmanager
def notebooks() -> Iterator[tuple[Notebook, Notebook, ScriptedServer]]:
    """Start a notebook with ``%%copilot``, one with the bare SDK (`ask`), and the provider."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.callback(lambda: [gone(folder / f"{name}-home") for name in ("ours", "bare")])
        server = stack.enter_context(ScriptedServer())
        made = []
        for name in ("ours", "bare"):
            (folder / name).mkdir()
            environment = scripted_environment(folder / f"{name}-home", server.url)
            made.append(stack.enter_context(Notebook(folder / name, env=environment)))
        ours, bare = made
        ours.run("%load_ext copilot_magics\n%copilot_session bench")
        bare.run(BARE.format(path=str(find_runtime()), url=server.url)).result()
        yield ours, bare, server


def gone(home: Path) -> None:
    """Wait until the runtimes of a home have ended: they write down what they know, after us."""
    psutil.wait_procs(processes_of(home), timeout=30)


def verdict(what: str, value: float, limit: float) -> bool:
    """Print a figure beside its limit; whether it is kept."""
    kept = value <= limit
    print(f"{'ok  ' if kept else 'OVER'}  {what}: {value:.3f} (at most {limit:g})")
    return kept


def scripted_environment(home: Path, url: str) -> dict[str, str | None]:
    """Return what a kernel needs to ask the scripted model, with a state folder of its own."""
    return {
        "COPILOT_HOME": str(home),
        "COPILOT_CLI_PATH": str(find_runtime()),
        "COPILOT_PROVIDER_TYPE": "openai",
        "COPILOT_PROVIDER_BASE_URL": url,
        "COPILOT_PROVIDER_API_KEY": "a-key-that-is-long-enough",
        "COPILOT_MODEL": "scripted",
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }


def quiet_environment() -> dict[str, str]:
    """Return an environment for a fresh process that finds this checkout, compiled once."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(Path(__file__).parent.parent)}
