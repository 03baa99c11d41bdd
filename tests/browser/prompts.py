"""Cells in the language of the scripted model."""

from __future__ import annotations

import json


def tool(name: str, **arguments: object) -> str:
    """Return a cell whose prompt makes the model call a tool."""
    return f"%%copilot\ntool {name} {json.dumps(arguments)}"


def bash(command: str) -> str:
    """Return a cell whose prompt makes the model run a command."""
    return tool("bash", command=command, description="do it")


def ask(question: str, *choices: str) -> str:
    """Return a cell whose prompt makes the model ask the user."""
    return tool("ask_user", question=question, choices=list(choices))


def say(*lines: str) -> str:
    """Return a cell whose prompt makes the model answer these lines."""
    return "%%copilot\nsay: " + "\\n".join(lines)
