"""Tab completes the magics' options and the IDs of sessions."""

from __future__ import annotations

import re
from typing import Any

from copilot_magics.config import PERMISSIONS, PROVIDERS, RERUNS, WIRE_APIS

_LINE = re.compile(r"^\s*%{1,2}(copilot\w*)\s")
_VALUES: dict[str, tuple[str, ...]] = {
    "--permissions": PERMISSIONS,
    "--provider": PROVIDERS,
    "--rerun": RERUNS,
    "--wire-api": WIRE_APIS,
}
_SESSION_OPTIONS = ("--session", "--delete", "--title")


def start(shell: Any) -> None:
    """Complete the lines of our magics in a shell."""
    shell.set_hook("complete_command", _complete, re_key=_LINE)


def stop(shell: Any) -> None:
    """Undo `start`."""
    hooks = shell.strdispatchers["complete_command"].regexs
    hooks.pop(_LINE, None)


def _complete(shell: Any, event: Any) -> list[str]:
    line = event.text_until_cursor if hasattr(event, "text_until_cursor") else event.line
    return candidates(shell, line, event.symbol)


def candidates(shell: Any, line: str, symbol: str) -> list[str]:
    """Return what may stand at the end of a magic's line.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    line : str
        The line until the cursor.
    symbol : str
        The word at the cursor.
    """
    found = _LINE.match(line)
    magic = found and shell.find_line_magic(found[1])
    if not found or magic is None:
        return []
    words = line[found.end() :].split()
    before = words[-1] if words and line[-1].isspace() else words[-2] if len(words) > 1 else ""
    if symbol.startswith("-"):
        options = [o for action in magic.parser._actions for o in action.option_strings]
        return [option for option in options if option.startswith("--")]
    if before in _VALUES:
        return list(_VALUES[before])
    if before in _SESSION_OPTIONS or (found[1] == "copilot_session" and not before):
        from copilot_magics.transcripts.catalog import known_ids

        return list(known_ids())
    if found[1] == "copilot_sessions" and "--delete" in words:
        from copilot_magics.transcripts.catalog import known_ids

        return list(known_ids())
    return []
