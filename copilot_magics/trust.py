"""What of a working folder may run: nothing of its own, until the user says that it is trusted.

A cloned repository can bring hooks, MCP servers, skills, plugins and extensions. Most of the
runtime's switches for them are on, or have other doors, where nothing is said; so all is said.
"""

from __future__ import annotations

from typing import Any

from copilot_magics.config import copilot_home


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
    return options
