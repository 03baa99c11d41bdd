"""A GGUF model behind an OpenAI-compatible API on loopback, for the Copilot runtime to ask.

The server is llama.cpp's, run by `xllamacpp` in threads of this process; it takes a free port and
a random key, so that nobody else on the machine can use it, and lives until the process ends. There
is one a model; a forked child has none, because threads do not survive a fork.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot_magics.errors import BadInput, ProviderUnavailable
from copilot_magics.runtime.locate import cached_model

if TYPE_CHECKING:
    from xllamacpp import CommonParams, Server

CONTEXT = 8192
"""Tokens of context a conversation has."""

CONVERSATIONS = 2
"""How many are answered at the same time; more wait their turn."""

_SYSTEM_MESSAGE = "You are a helpful assistant. Answer in two sentences and name the topic."

# The runtime puts the date before every prompt; so little a model takes it for the subject, and the
# same question would never get the same answer twice.
_SMALL_TEMPLATE = """\
{%- for message in messages -%}
<|im_start|>{{ message['role'] }}
{{ message['content'].split('</current_datetime>')[-1] | trim }}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% endif -%}
"""


@dataclass(frozen=True)
class LocalModel:
    """A model that answers on loopback.

    Attributes
    ----------
    path : Path
        The GGUF file.
    base_url : str
        The URL of its OpenAI-compatible API.
    api_key : str
        The key that API asks for.
    """

    path: Path
    base_url: str
    api_key: str
    _server: Server

    @property
    def model(self) -> str:
        """Its name: that of the file."""
        return self.path.stem

    def __repr__(self) -> str:
        return f"LocalModel({str(self.path)!r}, {self.base_url!r})"


def server(path: str | os.PathLike[str] | None = None) -> LocalModel:
    """Return the model of a GGUF file, which is loaded when first asked for.

    Parameters
    ----------
    path : path-like, optional
        The file; by default the one that ``python -m copilot_magics setup --local`` fetched.

    Raises
    ------
    ProviderUnavailable
        xllamacpp is not installed, or the default model was not fetched.
    BadInput
        The file is missing, or is no model that can be loaded.
    """
    file = _check(Path(path) if path is not None else None)
    with _loading:
        found = _servers.get(file)
        if found is None:
            found = _servers[file] = _load(file)
        return found


def session_options() -> dict[str, Any]:
    """Return how the runtime should open a session with a small model.

    Its own system message and its tools would fill the context before the first question.
    """
    return {
        "system_message": {"mode": "replace", "content": _SYSTEM_MESSAGE},
        "available_tools": [],
    }


def _check(path: Path | None) -> Path:
    if path is None:
        if not cached_model().is_file():
            raise ProviderUnavailable(
                "The local model was not fetched yet.",
                "Run `python -m copilot_magics setup --local`.",
            )
        return cached_model().resolve()
    file = path.expanduser().resolve()
    try:
        with file.open("rb") as opened:
            magic = opened.read(4)
    except OSError as error:
        raise BadInput(
            f"The local model {file} cannot be read: {error.strerror}.",
            "Name a GGUF file, or none for the one of `python -m copilot_magics setup --local`.",
        ) from error
    if magic != b"GGUF":
        raise _no_model(file)
    return file


def _load(file: Path) -> LocalModel:
    try:
        import xllamacpp
    except ImportError as error:
        raise ProviderUnavailable(
            "The provider 'local' needs xllamacpp, which is not installed.",
            "Run `pip install 'copilot-magics[local]'`.",
        ) from error
    key = secrets.token_urlsafe(32)
    params = _settings(xllamacpp.CommonParams(), file, key)
    try:
        running = xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        raise _no_model(file) from error
    return LocalModel(file, f"{running.listening_address}/v1", key, running)


def _settings(params: CommonParams, file: Path, key: str) -> CommonParams:
    params.model.path = str(file)
    params.model_alias = {file.stem}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.ui = False
    # What the library logs goes to the process's stdout and stderr, which is the cell.
    params.verbosity = 0
    params.n_parallel = CONVERSATIONS
    params.n_ctx = CONTEXT * CONVERSATIONS
    for threads in (params.cpuparams, params.cpuparams_batch):
        # They wait for each other at every step: with one a core, a single other busy process
        # slows the answer tenfold.
        threads.n_threads = max(1, (os.cpu_count() or 1) // 2)
        threads.poll = 0
    params.sampling.temp = 0.0
    params.sampling.penalty_repeat = 1.15
    if file.name == cached_model().name:
        # Unbounded, it goes on until the context is full.
        params.n_predict = 120
        params.chat_template = _SMALL_TEMPLATE
    else:
        params.n_predict = 2048
    return params


def _no_model(file: Path) -> BadInput:
    return BadInput(f"{file} is no GGUF model that can be loaded.", "Name another file.")


_servers: dict[Path, LocalModel] = {}
_loading = threading.Lock()


def _forget() -> None:
    global _loading
    for model in _servers.values():
        # Its destructor would wait for threads that are not there, and abort the child at its exit.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(model._server))
    _servers.clear()
    _loading = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
