"""The runtime inherits what its commands need, and no key."""

from __future__ import annotations

import pytest

from copilot_magics.runtime.environment import environment

KEYS = (
    "OPENAI_API_KEY", "OPENROUTER_KEY", "ANTHROPIC_KEY", "GITHUB_PAT", "GH_PAT", "GITHUB_PAT_WORK",
    "GITHUB_TOKEN_2", "GITHUB_TOKEN2", "GHTOKEN", "github_token", "TF_VAR_github_token",
    "GITHUB_APP_PRIVATE_KEY", "GITHUB_CLIENT_SECRET", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "JUPYTERHUB_API_TOKEN", "JUPYTER_TOKEN",
)  # fmt: skip
NEEDED = (
    "GITHUB_PATH", "GITHUB_WORKSPACE", "GH_HOST", "GH_PAGER", "GITHUB_ACTION_PATH", "GHOST_TOKENS",
    "JUPYTER_PATH", "COPILOT_CUSTOM_INSTRUCTIONS_DIRS", "TOKENIZERS_PARALLELISM", "KEYBOARD",
    "MY_SECRET",
)  # fmt: skip


def test_keys_are_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEYS, *NEEDED):
        monkeypatch.setenv(name, "x")
    inherited = environment(frozenset())
    assert inherited.keys().isdisjoint(KEYS)
    assert set(NEEDED) <= inherited.keys()
    assert "MY_SECRET" not in environment(frozenset({"MY_SECRET"}))
