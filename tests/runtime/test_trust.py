"""A folder's own hooks, MCP server, skill, plugin and extension wait for ``--trust-folder``.

Each is planted with a mark that it leaves when it runs, or a word that it puts into the request.
What trusts the folder is the control: there the same plants do act.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kernels import Notebook
from scripted import ScriptedServer

from copilot_magics.trust import trust_options

Start = Callable[..., Notebook]

SERVER = """
import json, pathlib, sys
name, marks = sys.argv[1:]
pathlib.Path(marks, f"mcp-{name}").touch()
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    answer = {}
    if asked["method"] == "initialize":
        answer = {
            "protocolVersion": asked["params"]["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": name, "version": "1"},
        }
    if asked["method"] == "tools/list":
        tool = {"name": "t", "description": f"CANARY-mcp-{name}", "inputSchema": {"type": "object"}}
        answer = {"tools": [tool]}
    if asked["method"] == "tools/call":
        answer = {"content": [{"type": "text", "text": "the server answered"}]}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": answer}), flush=True)
"""

EXTENSION = """
import fs from "node:fs";
fs.writeFileSync("MARKS/extension", "");
const { joinSession } = await import("@github/copilot-sdk/extension");
await joinSession({ tools: [] });
"""

RUN = {"hook-folder", "hook-plugin", "mcp-folder", "mcp-plugin", "extension"}
SAID = {f"CANARY-{kind}-{where}" for kind in ("mcp", "skill") for where in ("folder", "plugin")}


def write(path: Path, content: str | dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def hooks(marks: Path, name: str) -> dict[str, Any]:
    command = {"type": "command", "bash": f"touch {marks}/hook-{name}"}
    events = ("sessionStart", "userPromptSubmitted", "preToolUse")
    return {"version": 1, "hooks": {event: [command] for event in events}}


def servers(marks: Path, name: str) -> dict[str, Any]:
    program = marks.parent / "server.py"
    write(program, SERVER)
    return {
        "mcpServers": {name: {"command": sys.executable, "args": [str(program), name, str(marks)]}}
    }


def skill(name: str) -> str:
    return f"---\nname: {name}\ndescription: CANARY-skill-{name} helps\n---\nDo it.\n"


def plant(folder: Path, marks: Path) -> None:
    """Fill a folder with all that a repository can bring."""
    marks.mkdir()
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    write(folder / "a.txt", "something to read")
    write(folder / ".github/hooks/x.json", hooks(marks, "folder"))
    write(folder / ".mcp.json", servers(marks, "folder"))
    write(folder / ".github/skills/s/SKILL.md", skill("folder"))
    write(folder / ".github/extensions/e/extension.mjs", EXTENSION.replace("MARKS", str(marks)))
    plugin = folder / "plugins/p"
    manifest = {"name": "p", "description": "d", "version": "1.0.0"}
    parts = {"hooks": "hooks.json", "skills": ["skills/"], "mcpServers": ".mcp.json"}
    write(plugin / "plugin.json", manifest | parts)
    write(plugin / "hooks.json", hooks(marks, "plugin"))
    write(plugin / ".mcp.json", servers(marks, "plugin"))
    write(plugin / "skills/s/SKILL.md", skill("plugin"))
    offer = {**manifest, "source": "./plugins/p"}
    market = {"name": "m", "owner": {"name": "o"}, "plugins": [offer]}
    write(folder / ".claude-plugin/marketplace.json", market)
    known = {"m": {"source": {"source": "directory", "path": str(folder)}}}
    settings = {"enabledPlugins": {"p@m": True}, "extraKnownMarketplaces": known}
    write(folder / ".github/copilot/settings.json", settings)


def said(provider: ScriptedServer) -> set[str]:
    request = json.dumps(provider.last.body)
    return {word for word in SAID if word in request}


def hold(notebook: Notebook, line: str) -> None:
    """Hold a conversation in which everything that is planted has its occasion."""
    assert notebook.run(f"%copilot_session {line}").status == "ok"
    read = json.dumps({"path": "a.txt"})
    for prompt in (f"tool view {read}", "again"):
        assert notebook.run(f"%%copilot\n{prompt}").status == "ok"


def test_nothing_of_a_folder_runs_until_it_is_trusted(
    notebook: Start, provider: ScriptedServer, tmp_path: Path
) -> None:
    folder, marks = tmp_path / "repository", tmp_path / "marks"
    plant(folder, marks)
    kernel = notebook(folder)
    kernel.run("%load_ext copilot_magics")

    hold(kernel, "wary")
    kernel.run("%copilot_session --disconnect")
    hold(kernel, "wary --resume")
    assert said(provider) == set()
    kernel.run("%copilot_session --disconnect")
    kernel.restart()
    assert sorted(marks.iterdir()) == []

    kernel.run("%load_ext copilot_magics")
    for line in ("wary --resume --trust-folder", "trusting --new --trust-folder"):
        hold(kernel, line)
        kernel.wait(lambda: {mark.name for mark in marks.iterdir()} == RUN, what="every mark")

        # Servers take their time to start; their tools are there in a later prompt.
        def known() -> bool:
            kernel.run("%%copilot\nhello")
            return said(provider) == SAID

        kernel.wait(known, what="every word")
        kernel.run("%copilot_session --disconnect")
        for mark in marks.iterdir():
            mark.unlink()


DAMAGE = ["", "{", "[]", "null", '{"mcpServers": []}', '{"mcpServers": {"a": 1, "b": {}}}', "\0"]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_settings_name_nothing(tmp_path: Path, damage: str) -> None:
    for name in (".mcp.json", ".github/copilot/settings.json", ".claude-plugin/marketplace.json"):
        write(tmp_path / name, damage)
    options = trust_options(str(tmp_path), trusted=True, creating=False)
    assert options["mcp_servers"] == {}
    assert options["plugin_directories"] == []


def test_the_folders_own_server_hides_the_repositorys(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path / ".mcp.json", {"mcpServers": {"a": {"command": "x"}, "b": {"command": "x"}}})
    write(tmp_path / "sub/.github/mcp.json", {"mcpServers": {"b": {"url": "y"}}})
    options = trust_options(str(tmp_path / "sub"), trusted=True, creating=False)
    assert options["mcp_servers"] == {
        "a": {"type": "stdio", "tools": ["*"], "command": "x"},
        "b": {"type": "http", "tools": ["*"], "url": "y"},
    }


def test_a_folder_that_keeps_the_runtime_from_asking_is_told(
    notebook: Start, tmp_path: Path, provider: ScriptedServer
) -> None:
    folder = tmp_path / "work"
    write(folder / ".github" / "allowed_models.txt", "claude\n")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    kernel = notebook(folder)
    kernel.run("%load_ext copilot_magics\n%copilot_session kept")
    cell = kernel.run("%%copilot\nsay: nothing")
    assert cell.ename == "TurnFailed"
    assert ".github/allowed_models.txt" in cell.evalue
    assert "--cwd DIR" in cell.evalue
    assert not provider.requests
    (folder / ".github" / "allowed_models.txt").unlink()
    assert "goes on" in kernel.run("%%copilot\nsay: it goes on").text
