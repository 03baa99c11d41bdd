"""A canary in every way of configuring a key: it reaches its provider, and nothing else.

Searched are every file under the test's folders, everything the kernel sent, what the model was
told, and the environment and the command line of every process.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from kernels import Notebook, processes_of
from scripted import ScriptedServer
from variables import variables_of

Start = Callable[..., Notebook]

GIVEN = {
    "COPILOT_PROVIDER_BEARER_TOKEN": "bearer",
    "COPILOT_PROVIDER_API_KEY_COMMAND": "",
    "COPILOT_PROVIDER_API_KEY": "copilot-key",
    "COPILOT_PROVIDER_HEADERS": "headers",
    "OPENAI_API_KEY": "openai",
    "ANTHROPIC_API_KEY": "anthropic",
    "AZURE_OPENAI_API_KEY": "azure",
    "MY_ODD_SECRET": "odd",
    "CONFIGURED_SECRET": "configured",
}
"""What is used as a key, by the variable that holds it."""

LYING_ABOUT = (
    "COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "COPILOT_HMAC_KEY",
    "GITHUB_COPILOT_API_TOKEN", "GITHUB_MCP_SERVER_TOKEN", "COPILOT_SDK_AUTH_TOKEN",
    "COPILOT_CONNECTION_TOKEN", "ANTHROPIC_AUTH_TOKEN", "AZURE_OPENAI_KEY", "MISTRAL_API_KEY",
    "mistral_api_key", "XAI_APIKEY", "OPENAI_API_KEY_2", "GOOGLE_API_KEY_FILE_CONTENT",
    "JUPYTER_TOKEN", "JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN", "AWS_BEARER_TOKEN_BEDROCK",
    "HUGGINGFACE_API_TOKEN", "GITHUB_PAT", "GH_PAT", "GITHUB_TOKEN_2", "GITHUB_APP_PRIVATE_KEY",
)  # fmt: skip
"""What a user may have set as well: the runtime must not know it."""

IN_THE_PROFILE = "PROFILE_API_KEY"


def canary(name: str) -> str:
    return f"CANARY{name.encode().hex()}"


def canaries(text: str) -> set[str]:
    """Whose canaries stand in a text."""
    return {bytes.fromhex(name).decode() for name in re.findall("CANARY((?:[0-9a-f]{2})+)", text)}


@pytest.fixture
def server(home: Path) -> Iterator[ScriptedServer]:
    """A provider that takes every key, and remembers it."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def environment(server: ScriptedServer, tmp_path: Path) -> dict[str, str | None]:
    """Everything set at once, also in files that a shell reads."""
    keyfile = tmp_path / "keys" / "command"
    keyfile.parent.mkdir()
    keyfile.write_text(canary("command"))
    for name in (".bash_profile", ".bashrc", ".profile"):
        text = f"export {IN_THE_PROFILE}={canary('profile')} GH_TOKEN={canary('profile')}\n"
        (Path(os.environ["HOME"]) / name).write_text(text)
    values: dict[str, str | None] = {name: canary(value) for name, value in GIVEN.items() if value}
    return {
        **values,
        **{name: canary(name) for name in LYING_ABOUT},
        "COPILOT_PROVIDER_HEADERS": f"X-Canary: {canary('headers')}",
        "COPILOT_PROVIDER_API_KEY_COMMAND": f"cat {keyfile}",
        "COPILOT_PROVIDER_BASE_URL": server.url,
        "COPILOT_PROVIDER_TYPE": "openai",
        "COPILOT_MODEL": "scripted",
    }


LOOK = "\n".join(
    f'tool bash {{"command": "{command}", "description": "look"}}'
    for command in (
        "env; true",
        "export -p",
        "bash -c env; sh -c set",
        "tr '\\\\0' '\\\\n' < /proc/self/environ",
        "tr '\\\\0' '\\\\n' < /proc/$PPID/environ",
        "ps ax -ww -o args",
    )
)
SHOWN = """
from copilot_magics import Session, list_sessions, get_messages
import copilot_magics, copilot_magics.config, copilot_magics.held, gc, sys
print(repr(_), vars(_) if hasattr(_, "__dict__") else "")
for held in copilot_magics.held.repository.values():
    print(repr(held), held.provider, repr(held.provider), held.provider.settings(held.cwd))
print(list_sessions().to_string(), get_messages("*").to_string())
%config CopilotMagics
%copilot_session
"""
DOCTOR = "import sys\n!{sys.executable} -m copilot_magics doctor"
MISPLACED = (
    "%config CopilotMagics.base_url = f'{url}?api-key={key}'\n%copilot_session x",
    "%config CopilotMagics.base_url = url\n"
    "%config CopilotMagics.api_key_env = f'sk-{key}'\n%copilot_session x",
    "%copilot_session x --base-url {url}?api-key={key} --model scripted",
    "%copilot_session x --base-url {url} --model scripted --api-key-env sk-{key}",
    "%copilot_models --base-url {key}",
    "os.environ['COPILOT_PROVIDER_BASE_URL'] = f'{url}?api-key={key}'\n%copilot_models",
    "%config CopilotMagics.runtime_url = f'http://{key}@localhost:1/?token={key}'\n"
    "%copilot_session x",
    "%config CopilotMagics.runtime_url = url.split('/')[2]\n"
    "%config CopilotMagics.runtime_token_env = f'sk-{key}'\n%copilot_session x",
)
"""Keys where none belong; the cells do not hold them either."""


def looked_at(kernel: Notebook, line: str, fault: str) -> None:
    """Hold a conversation that looks everywhere, and fails."""
    opened = kernel.run(f"%copilot_session {line} --permissions allow-all")
    assert opened.status == "ok", opened.text
    looked = kernel.run(f"%%copilot\n{LOOK}")
    assert looked.status == "ok", looked.text
    assert kernel.run(f"%%copilot\n{fault}").status == "error"
    kernel.run("%tb")
    assert kernel.run("print(variables_of(sys.last_value))").text.startswith("TurnFailed")


@pytest.mark.timeout(300)
def test_keys_reach_their_provider_and_nothing_else(
    runtime_path: Path,
    plain_notebook: Start,
    server: ScriptedServer,
    environment: dict[str, str | None],
    home: Path,
    tmp_path: Path,
) -> None:
    kernel = plain_notebook(tmp_path / "work", env=environment)
    kernel.run("%load_ext copilot_magics\nimport os, sys, traceback")
    kernel.run(inspect.getsource(variables_of))
    named = f"--base-url {server.url} --model scripted"
    # First those whose variables have ordinary names: they are withheld from when they are named.
    ways = [
        (
            "odd",
            f"a --api-key-env MY_ODD_SECRET {named}",
            "%config CopilotMagics.api_key_env = 'CONFIGURED_SECRET'",
        ),
        ("configured", "b", f"%config CopilotMagics.base_url = '{server.url}'"),
        ("openai", f"c --provider openai --api-key-env OPENAI_API_KEY {named}", ""),
        ("bearer", "d", "%config CopilotMagics.base_url = ''"),
        ("command", "e", "del os.environ['COPILOT_PROVIDER_BEARER_TOKEN']"),
        ("copilot-key", "f", "del os.environ['COPILOT_PROVIDER_API_KEY_COMMAND']"),
    ]
    for number, (value, line, before) in enumerate(ways):
        if before:
            assert kernel.run(before).status == "ok"
        looked_at(kernel, line, ("http 401", "http 400")[number % 2])
        used = [request.headers.get("authorization") for request in server.requests]
        assert used[-1] == f"Bearer {canary(value)}"
        if number > 2:
            assert server.last.headers["x-canary"] == canary("headers")
    kernel.run("%copilot_session a --disconnect")
    for line, held in (
        ("%copilot_session a --new", "options = {"),
        ("%copilot_session b --model none", "provider = Provider("),
        ("%copilot_models --base-url http://[::1]:9 --api-key-env XAI_APIKEY", "provider = Pro"),
        ("%copilot_session g --provider github", "github_token = <a key>"),
    ):
        assert kernel.run(line).status == "error"
        assert held in kernel.run("print(variables_of(sys.last_value))").text, line
    # Providers of another kind, who are asked in another way and are not there.
    for provider, name in (("anthropic", "ANTHROPIC_API_KEY"), ("azure", "AZURE_OPENAI_API_KEY")):
        line = f"{provider} --provider {provider} --api-key-env {name} {named}"
        kernel.run(f"%copilot_session {line}")
        kernel.run("%%copilot\nhello")
        kernel.run(f"%copilot_models --provider {provider} --api-key-env {name} {named[:-17]}")
        kernel.run("%tb")
    for code in (SHOWN, DOCTOR):
        assert kernel.run(code).status == "ok"

    told = str([request.body for request in server.requests])
    assert "COPILOT_HOME=" in told
    assert canaries(told) == set()
    started = [process for process in processes_of(home) if process.pid != kernel.pid]
    assert started
    for process in started:
        assert canaries(str(process.environ()) + str(process.cmdline())) == set()
    kernel.run(f"url, key = {server.url!r}, os.environ['OPENAI_API_KEY']")
    for code in MISPLACED:
        refused = kernel.run(code)
        assert refused.ename == "BadInput", refused.text
    assert canaries(str([cell.messages for cell in kernel.cells])) == set()
    kernel.run("%copilot_session --disconnect")
    kernel.kill()
    psutil.wait_procs(started)
    planted = {tmp_path / "keys" / "command", *Path(os.environ["HOME"]).glob(".*")}
    for path in tmp_path.rglob("*"):
        if path.is_file() and path not in planted:
            assert canaries(path.read_bytes().decode(errors="replace")) == set(), path
