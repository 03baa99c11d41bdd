"""Where things lie, and the defaults a user can set with ``%config CopilotMagics``.

A value is looked up in one order everywhere: the magic's own option, else the trait here (also
from ``ipython_config.py``), else the Copilot CLI's environment variable, else the built-in default.
The folders are functions and not constants, because the environment may change under a long-lived
kernel, and the tests live on that.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

import platformdirs
from traitlets import Bool, Enum, Float, List, Unicode
from traitlets.config import SingletonConfigurable

PERMISSIONS = ("ask", "read-only", "allow-all", "deny")
RERUNS = ("append", "replay")
PROVIDERS = ("github", "openai", "azure", "anthropic", "ollama", "local")
WIRE_APIS = ("completions", "responses")


def copilot_home() -> Path:
    """Return the folder of the Copilot CLI's data: ``COPILOT_HOME``, else ``~/.copilot``."""
    named = os.environ.get("COPILOT_HOME") or "~/.copilot"
    return Path(os.path.abspath(os.path.expanduser(named)))


def session_state() -> Path:
    """Return the folder that holds one folder a session."""
    return copilot_home() / "session-state"


def own_state() -> Path:
    """Return the folder of what we write beside the runtime's data: bindings, locks, settings."""
    return copilot_home() / "copilot_magics"


def cache() -> Path:
    """Return the user's cache for downloads: the runtime and the local model."""
    return platformdirs.user_cache_path("copilot_magics", appauthor=False)


def private_folder(path: Path) -> Path:
    """Make a folder, and those above it, that only its user can read, and return it."""
    if not path.is_dir():
        private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def write_private(path: Path, data: bytes) -> None:
    """Write a file at once and whole, readable by its user alone."""
    private_folder(path.parent)
    # NamedTemporaryFile creates with mode 0600, and the rename keeps it.
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(file.name)
            raise


class CopilotMagics(SingletonConfigurable):
    """Defaults of the magics; ``%config CopilotMagics`` lists them, ``?`` explains them."""

    model = Unicode(
        "", help="The model to ask; empty: COPILOT_MODEL, else the provider's default."
    ).tag(config=True)
    reasoning_effort = Unicode(
        "", help="How hard the model thinks: low, medium, high or xhigh, where it can."
    ).tag(config=True)
    provider = Enum(
        ("", *PROVIDERS),
        "",
        help="Who answers; empty: COPILOT_PROVIDER_* where set, else github.",
    ).tag(config=True)
    base_url = Unicode("", help="The provider's URL; empty: the provider's own.").tag(config=True)
    api_key_env = Unicode(
        "", help="The NAME of the environment variable that holds the key of base_url."
    ).tag(config=True)
    wire_api = Enum(
        ("", *WIRE_APIS), "", help="The provider's API: completions (default) or responses."
    ).tag(config=True)
    local_model = Unicode(
        "", help="Path of a GGUF file for the provider local; empty: the one `setup --local` got."
    ).tag(config=True)
    permissions = Enum(
        PERMISSIONS,
        "ask",
        help="What the agent may do: ask (reading the folder is allowed, all else is asked), "
        "read-only, allow-all, deny.",
    ).tag(config=True)
    allow = List(
        Unicode(), help="Patterns that are allowed without asking, e.g. shell(git:*)."
    ).tag(config=True)
    deny = List(Unicode(), help="Patterns that are always refused; they win over allow.").tag(
        config=True
    )
    trust_folder = Bool(
        False,
        help="Let the working folder's own hooks, MCP servers, skills, plugins and extensions run.",
    ).tag(config=True)
    rerun = Enum(
        RERUNS,
        "append",
        help="What a cell does that was answered in an earlier kernel: append (send it again) or "
        "replay (show the saved answer).",
    ).tag(config=True)
    timeout = Float(0.0, min=0.0, help="Seconds after which a turn is given up; 0: never.").tag(
        config=True
    )
    quiet = Bool(False, help="Show nothing while the agent works and no line at the end.").tag(
        config=True
    )
