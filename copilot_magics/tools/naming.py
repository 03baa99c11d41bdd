"""The names of the notebook's tools, and what a person is asked when one of them is called."""

from __future__ import annotations

import re

VARIABLES, INSPECT = "notebook_variables", "notebook_inspect"
CELLS, RUN = "notebook_cells", "notebook_run"

TITLES = {
    VARIABLES: "list the variables of this notebook",
    INSPECT: "look at a variable of this notebook",
    CELLS: "read cells of this notebook and their outputs",
    RUN: "run Python in this kernel",
}
"""What a person reads behind "Copilot wants to"."""

BUILT_IN = frozenset(
    {
        "apply_patch",
        "ask_user",
        "bash",
        "create",
        "edit",
        "exit_plan_mode",
        "fetch_copilot_cli_documentation",
        "glob",
        "grep",
        "list_agents",
        "list_bash",
        "list_powershell",
        "lsp",
        "powershell",
        "read_agent",
        "read_bash",
        "read_powershell",
        "report_intent",
        "semantic_code_search",
        "shell",
        "skill",
        "sql",
        "stop_bash",
        "stop_powershell",
        "str_replace_editor",
        "task",
        "task_complete",
        "tool_search_tool",
        "update_todo",
        "view",
        "web_fetch",
        "web_search",
        "write_agent",
        "write_bash",
        "write_powershell",
    }
)
"""The runtime's own tools: where another has one of these names, no prompt is answered."""

_INSTALLS = re.compile(
    r"\b(?:pip3?|conda|mamba|uv|apt(?:-get)?|npm|brew)\b.{0,40}?\b(?:install|add)\b"
    r"|\b(?:ensurepip|piplite|micropip)\b",
    re.DOTALL,
)


def code_of(tool: str, arguments: object) -> str | None:
    """Return the Python that a call would run, where that is all there is to the call."""
    if tool != RUN or not isinstance(arguments, dict) or arguments.keys() != {"code"}:
        return None
    code = arguments["code"]
    return code if isinstance(code, str) else None


def seems_to_install(code: str) -> bool:
    """Say whether code looks as if it installed something: a hint for whoever reads it."""
    return _INSTALLS.search(code) is not None
