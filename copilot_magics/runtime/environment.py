"""The environment of the Copilot process: ours, without anything that holds a key.

What the agent runs inherits it, and prints it into the journal.
"""

from __future__ import annotations

import os
import re

_WITHHELD = re.compile(
    r"(?i).*(api_?key|api_token|auth_token|bearer_token|hmac_key).*"
    r"|.*(openai|anthropic|openrouter)_key.*"
    # Those of GitHub and Jupyter, also PAT as R has it, and not the GITHUB_PATH of an action.
    r"|(\w+_)?(COPILOT|GH|GITHUB|ACTIONS|JUPYTER\w*)(_(\w+_)?)?"
    r"(TOKEN|PAT|SECRET|PRIVATE_KEY)(_?\d+|_\w+)?"
    # Without a model these end the runtime at start; we hand the provider over ourselves.
    r"|COPILOT_PROVIDER_.*|COPILOT_MODEL"
    # This one trusts every folder.
    r"|COPILOT_ALLOW_ALL"
)
_ANY_PROVIDER = {"COPILOT_PROVIDER_BASE_URL": "http://localhost", "COPILOT_MODEL": "none"}
"""What an offline runtime insists on at its start; each session brings its own all the same."""

_NO_LOGIN_SHELL = {"COPILOT_DISABLE_LOGIN_SHELL_ENV": "1"}
"""Without it the agent's commands get what a login shell sets: the keys in a profile, too."""


def environment(secrets: frozenset[str]) -> dict[str, str]:
    """Return the environment for a runtime.

    Parameters
    ----------
    secrets : frozenset of str
        Names of variables that hold keys, besides those that are known by their names.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in secrets and not _WITHHELD.fullmatch(name)
    }
    offline = _ANY_PROVIDER if inherited.get("COPILOT_OFFLINE") == "true" else {}
    return inherited | offline | _NO_LOGIN_SHELL
