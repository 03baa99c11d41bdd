"""Requests as the runtime sends them, and what the rules say of them.

What they look like was recorded from the runtime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import copilot.session_events as events

from copilot_magics.permissions import Ask, Policy, understand


def shell(text: str, cwd: str | Path = "/") -> Ask:
    return understand({"kind": "shell", "fullCommandText": text}, cwd)


def read(path: str | Path, cwd: Path, intention: str = "Read file: x") -> Ask:
    return understand({"kind": "read", "path": str(path), "intention": intention}, cwd)


def write(path: str | Path, cwd: Path, **more: Any) -> Ask:
    raw = {"kind": "write", "fileName": str(path), "diff": "+x", **more}
    return understand(raw, cwd)


def url(text: str) -> Ask:
    return understand({"kind": "url", "url": text}, "/")


def verdict(ask: Ask, mode: str = "ask", *, allow: Any = (), deny: Any = (), cwd: Any = "/") -> str:
    decision = Policy(mode, allow, deny, cwd).decide(ask)
    assert decision.reason.endswith(".")
    return decision.verdict


REQUESTS: list[Any] = [
    events.PermissionRequestShell(False, [], "ls", False, "d", [], []),
    events.PermissionRequestWrite(True, "+x", "/tmp/x", "Create file", new_file_contents="x"),
    events.PermissionRequestRead("Read file: /etc/x", "/etc/x"),
    events.PermissionRequestUrl("Fetch", "https://x.y/z"),
    events.PermissionRequestMcp(False, "srv", "do_it", "Do it", args={"a": 1}),
    events.PermissionRequestMcp(False, "tools", "do_it", "Do it", args={"a": 1}),
    events.PermissionRequestCustomTool("d", "my_tool", args={"a": [1]}),
    events.PermissionRequestMemory("a fact"),
    events.PermissionRequestHook("bash", tool_args={"command": "rm x"}),
    events.PermissionRequestExtensionManagement("reload"),
    events.PermissionRequestExtensionPermissionAccess(["x"], "ext"),
    events.PermissionRequestExtensionEnvAccess(["TOKEN"], "ext"),
]
STRANGE: list[Any] = [
    {"kind": "teleport", "where": "away"},
    {"kind": "shell"},
    {"kind": "shell", "fullCommandText": ["rm", "x"]},
    {"kind": "write", "fileName": None},
    {"kind": "write", "fileName": "x", "fileEdits": ["y"]},
    {"kind": "read", "path": ""},
    {"kind": "mcp"},
    {},
    ...,
    None,
    events.PermissionRequestShell(False, [], None, False, "d", [], []),  # type: ignore[arg-type]
]
