"""What of a working folder may run: nothing of its own, until the user says that it is trusted.

A cloned repository can bring hooks, MCP servers, skills, plugins and extensions. Most of the
runtime's switches for them are on, or have other doors, where nothing is said; so all is said.
The runtime takes a folder as trusted only for the session that is created in it. On resume it runs
the folder's hooks, skills and extensions when told to, but neither its MCP servers nor its plugins,
which we therefore look up and hand over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from copilot_magics.folders import copilot_home

_SERVERS = (".mcp.json", ".github/mcp.json")
_SETTINGS = (".github/copilot/settings.json", ".claude/settings.json")
_CATALOGS = (".claude-plugin/marketplace.json", ".github/plugin/marketplace.json")


def trust_options(cwd: str, *, trusted: bool, creating: bool) -> dict[str, Any]:
    """Return the SDK's options for a working folder.

    Parameters
    ----------
    cwd : str
        The folder.
    trusted : bool
        Whether its own hooks, MCP servers, skills, plugins and extensions may run.
    creating : bool
        Whether the session is created; a resumed one forgets that its folder was trusted.
    """
    if not trusted:
        # The user's own skills and agents, which the switch for discovery would hide too.
        return {
            "enable_file_hooks": False,
            "enable_config_discovery": False,
            "request_extensions": False,
            # It runs the language servers that a folder names, and asks nobody.
            "excluded_tools": ["lsp"],
            "skill_directories": [str(copilot_home() / "skills")],
            "agent_directories": [str(copilot_home() / "agents")],
        }
    options: dict[str, Any] = {
        "enable_file_hooks": True,
        "enable_config_discovery": True,
        "enable_skills": True,
        "request_extensions": True,
    }
    if creating:
        options["trust_working_directory"] = "session"
    else:
        options["mcp_servers"] = _servers(Path(cwd))
        options["plugin_directories"] = list(_plugins(Path(cwd)))
    return options


def _servers(cwd: Path) -> dict[str, dict[str, Any]]:
    """Return the MCP servers of a folder and of its repository; the folder's own win."""
    found: dict[str, dict[str, Any]] = {}
    for folder in dict.fromkeys((_repository(cwd), cwd)):
        path = next((p for name in _SERVERS if (p := folder / name).is_file()), None)
        for name, server in _dict(_read(path).get("mcpServers")).items() if path else ():
            # What is no server must not stand in the way of those that are.
            if isinstance(server, dict) and _is_text(server.get("command") or server.get("url")):
                kind = "stdio" if "command" in server else "http"
                found[name] = {"type": kind, "tools": ["*"], **server}
    return found


def _plugins(cwd: Path) -> Iterator[str]:
    """Yield the folders of the plugins that a folder's settings enable, each once."""
    enabled: dict[str, Any] = {}
    markets: dict[str, Any] = {}
    for name in _SETTINGS:
        settings = _read(cwd / name)
        enabled |= _dict(settings.get("enabledPlugins"))
        markets |= _dict(settings.get("extraKnownMarketplaces"))
    for market, entry in markets.items():
        source = _dict(_dict(entry).get("source"))
        if source.get("source") != "directory" or not _is_text(source.get("path")):
            continue
        root = cwd / source["path"]
        for plugin, folder in _catalog(root).items():
            if enabled.get(f"{plugin}@{market}") is True and (root / folder).is_dir():
                yield str((root / folder).resolve())


def _catalog(root: Path) -> dict[str, str]:
    """Return the plugins that lie in a marketplace: the folder of each name."""
    path = next((p for name in _CATALOGS if (p := root / name).is_file()), None)
    plugins = _read(path).get("plugins") if path else None
    entries = [_dict(plugin) for plugin in plugins] if isinstance(plugins, list) else []
    return {
        entry["name"]: entry["source"]
        for entry in entries
        if _is_text(entry.get("name")) and _is_text(entry.get("source"))
    }


def _repository(cwd: Path) -> Path:
    """Return the root of the Git repository that a folder is in, else the folder."""
    return next((folder for folder in (cwd, *cwd.parents) if (folder / ".git").exists()), cwd)


def _read(path: Path) -> dict[str, Any]:
    """Return what a file of settings holds; nothing where it is missing or damaged."""
    try:
        return _dict(json.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError, RecursionError):
        return {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
