"""What a session's ``workspace.yaml`` says: its name, who chose it, its beginning, its folder."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import msgspec

from copilot_magics.transcripts.journal import open_journal


class Workspace(msgspec.Struct, frozen=True, array_like=True):
    """The file's fields that we read; empty, where it is missing or damaged.

    Attributes
    ----------
    name : str
        The title somebody chose, or the first prompt, which the runtime keeps as the name of what
        nobody named.
    user_named : bool
        Whether somebody chose it.
    created : datetime or None
        In UTC.
    cwd : str
        Where the agent works.
    """

    name: str = ""
    user_named: bool = False
    created: datetime | None = None
    cwd: str = ""

    def title(self, session: str) -> str:
        """Return the title that a person chose, where it says more than the ID."""
        return self.name if self.user_named and self.name != session else ""

    def first_prompt(self, session: str) -> str:
        """Return the first prompt, where the file has it."""
        return "" if self.user_named or self.name == session else self.name


def read_workspace(path: str) -> Workspace:
    """Read a ``workspace.yaml``; one that cannot be read says nothing."""
    import yaml

    # Its values stay text: a title may be `yes` or `2026-01-01`.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        with open_journal(path) as file:
            fields = yaml.load(file.read(), Loader=loader)
    except (OSError, UnicodeError, RecursionError, yaml.YAMLError):
        return Workspace()
    if not isinstance(fields, dict):
        return Workspace()
    said = {key: value for key, value in fields.items() if isinstance(value, str)}
    return Workspace(
        name=said.get("name", ""),
        user_named=bool(said.get("name")) and said.get("user_named") == "true",
        created=moment(said.get("created_at")),
        cwd=said.get("cwd", ""),
    )


def moment(text: str | None) -> datetime | None:
    """Return a time stamp of the runtime's (ISO 8601) in UTC; None for what is none."""
    with contextlib.suppress(ValueError, OverflowError):
        return datetime.fromisoformat(text or "").astimezone(UTC)
    return None
