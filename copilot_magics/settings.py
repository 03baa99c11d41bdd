"""What was asked for when a session is opened."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

from copilot_magics.providers import Wanted

if TYPE_CHECKING:
    from copilot_magics.tools.own import Function

How = Literal["either", "new", "resume"]
"""What to insist on: nothing, that the session is new, that it exists."""

DEMANDS: tuple[How, ...] = get_args(How)

_SAID = ("reasoning_effort", "permissions", "allow", "deny", "cwd", "trust_folder", "tools")


@dataclass(frozen=True)
class Options:
    """What was asked for when a session is opened; see ``%copilot_session --help``."""

    wanted: Wanted = field(default_factory=Wanted)
    reasoning_effort: str = ""
    permissions: str = ""
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    cwd: str = ""
    trust_folder: bool | None = None
    notebook: str = ""
    tools: tuple[Function, ...] = ()

    def over(self, older: Options) -> Options:
        """Return these options, and the older ones where these say nothing."""
        said = {
            name: value for name in _SAID if (value := getattr(self, name)) not in ("", (), None)
        }
        wanted = self.wanted
        if not wanted.names_provider:
            wanted = replace(
                older.wanted,
                model=wanted.model or older.wanted.model,
                wire_api=wanted.wire_api or older.wanted.wire_api,
            )
        return replace(older, wanted=wanted, **said)
