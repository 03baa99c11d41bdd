"""Every default can be set, and says what it is."""

from __future__ import annotations

from copilot_magics.config import CopilotMagics


def test_every_default_is_explained() -> None:
    for name, trait in CopilotMagics.class_own_traits().items():
        assert trait.help, name
        assert trait.metadata.get("config"), name
