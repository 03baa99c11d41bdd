"""Nothing is done without a yes: every kind of request the SDK knows, and those it cannot read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copilot.session_events as events
import pytest
from kernels import Notebook
from tap import Tap

Start = Callable[..., Notebook]

KNOWN: list[dict[str, Any]] = [
    {
        "kind": "shell",
        "fullCommandText": "touch x",
        "intention": "",
        "commands": [],
        "possiblePaths": [],
        "possibleUrls": [],
        "hasWriteFileRedirection": False,
        "canOfferSessionApproval": False,
    },
    {
        "kind": "write",
        "intention": "",
        "fileName": "x",
        "diff": "+x",
        "canOfferSessionApproval": True,
    },
    {"kind": "read", "intention": "", "path": "/etc/passwd"},
    {"kind": "url", "intention": "", "url": "https://example.invalid"},
    {"kind": "mcp", "serverName": "s", "toolName": "t", "toolTitle": "T", "readOnly": True},
    {"kind": "custom-tool", "toolName": "t", "toolDescription": "d"},
    {"kind": "memory", "fact": "f"},
    {"kind": "hook", "toolName": "bash"},
    {"kind": "extension-management", "operation": "reload"},
    {"kind": "extension-permission-access", "extensionName": "e", "capabilities": ["c"]},
    {"kind": "extension-env-access", "extensionName": "e", "environmentVariables": ["HOME"]},
    {
        "kind": "workflow",
        "operation": "run",
        "name": "w",
        "description": "d",
        "phases": [],
        "approvalKey": "k",
        "canPersistApproval": False,
    },
]
UNREAD: list[Any] = [
    {"kind": "teleport", "where": "away"},
    {"kind": "shell"},
    {"kind": "shell", "fullCommandText": ["touch", "x"]},
    {"kind": "write", "fileName": None},
    {"kind": 7},
    {"no": "kind"},
    {},
    "shell",
    ["shell"],
    None,
]


def touches(names: list[str]) -> str:
    """A prompt for which the agent would make files, each with a call of its own."""
    calls = (json.dumps({"command": f"touch {name}", "description": "make it"}) for name in names)
    return "%%copilot\n" + "\n".join(f"tool bash {call}" for call in calls)


def test_every_kind_the_sdk_knows_is_here() -> None:
    kinds = {vars(kind)["kind"] for kind in events.PermissionRequest.__args__}
    assert {request["kind"] for request in KNOWN} == kinds


@pytest.mark.timeout(300)
def test_nobody_watching_means_no_for_every_kind(
    plain_notebook: Start, tap: Tap, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    kernel = plain_notebook(work)
    kernel.run("%load_ext copilot_magics")
    for options, requests in (
        ("asks", [*KNOWN, *UNREAD]),
        ("reads --permissions read-only", [*KNOWN, *UNREAD]),
        ("refuses --permissions deny", [*KNOWN, *UNREAD]),
        ("allows --permissions allow-all --allow shell --allow write", UNREAD),
    ):
        assert kernel.run(f"%copilot_session {options}").status == "ok"
        tap.put(requests)
        cell = kernel.run(touches([f"made-{n}" for n in range(len(requests))]), allow_stdin=False)
        assert cell.status == "ok", cell.text
        assert tap.left == 0
        assert cell.text.count("Refused (") == len(requests)
        assert list(work.iterdir()) == []
    # The tap changes words and nothing else: with none to put in, the same session may.
    assert kernel.run(touches(["made"]), allow_stdin=False).status == "ok"
    assert [path.name for path in work.iterdir()] == ["made"]


@pytest.mark.timeout(300)
def test_what_cannot_be_read_is_shown_as_it_is_and_a_person_decides(
    plain_notebook: Start, tap: Tap, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    kernel = plain_notebook(work)
    kernel.run("%load_ext copilot_magics\n%copilot_session watched --permissions allow-all")
    for button, made in (("Deny", []), ("Allow once", ["made"])):
        tap.put([UNREAD[0]])
        cell = kernel.start(touches(["made"]))
        kernel.wait_widget(button)
        shown = str([widget.state.get("value") for widget in kernel.visible_widgets().values()])
        assert "teleport" in shown
        assert "away" in shown
        kernel.wait_widget(button).click()
        cell.result()
        assert cell.status == "ok", cell.text
        assert [path.name for path in work.iterdir()] == made
