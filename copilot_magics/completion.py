"""Tab completes the magics' options, the IDs of sessions, and what a prompt mentions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)

from copilot_magics.config import CONTEXTS, PERMISSIONS, PROVIDERS, RERUNS, WIRE_APIS

_LINE = re.compile(r"^\s*%{1,2}(copilot\w*)\s")
_VALUES: dict[str, tuple[str, ...]] = {
    "--context": CONTEXTS,
    "--permissions": PERMISSIONS,
    "--provider": PROVIDERS,
    "--rerun": RERUNS,
    "--wire-api": WIRE_APIS,
}
_SESSION_OPTIONS = ("--session", "--delete", "--title", "--fork")


Matcher = Callable[[CompletionContext], SimpleMatcherResult]


def start(shell: Any) -> Matcher:
    """Complete the lines of our magics in a shell; returns what `stop` takes."""

    def match(context: CompletionContext) -> SimpleMatcherResult:
        if (mentioned := _mentions(shell, context)) is not None:
            return mentioned
        found = candidates(shell, context.text_until_cursor, context.token)
        fitting = [SimpleCompletion(text) for text in found if text.startswith(context.token)]
        # Python's own names are none of a magic's, least of all what Jedi makes of `churn-`.
        return {"completions": fitting, "suppress": bool(fitting)}

    matcher: Matcher = context_matcher(identifier="copilot_magics")(match)
    shell.Completer.custom_matchers.append(matcher)
    return matcher


def _mentions(shell: Any, context: CompletionContext) -> SimpleMatcherResult | None:
    """Complete a mention in a prompt; None where the cursor is in none."""
    lines = context.full_text.split("\n")[: context.cursor_line]
    text = "\n".join([*lines, context.text_until_cursor])
    from copilot_magics.mentions.completing import mention_candidates, typed_mention

    typed = typed_mention(text, context.text_until_cursor)
    if typed is None:
        return None
    # What the front end replaces is the word at the cursor, which may begin within the mention.
    kept = len(typed) - len(context.token)
    offered = mention_candidates(shell, typed)
    found = [SimpleCompletion(one[kept:], type=kind) for one, kind in offered.items()]
    # In a prompt Python's own names are no help; magics such as %copilot are taken by others.
    return {"completions": found, "suppress": True}


def stop(shell: Any, matcher: Matcher) -> None:
    """Undo `start`."""
    shell.Completer.custom_matchers.remove(matcher)


def _types(shell: Any) -> list[str]:
    """Return the classes of the notebook, and what answers are most often wanted as."""
    from copilot_magics.mentions.naming import bases_of
    from copilot_magics.mentions.overview import own_names

    # Asked like this a class with a metaclass has no say in it.
    own = (name for name in own_names(shell) if type in bases_of(type(shell.user_ns[name])))
    return list(dict.fromkeys([*own, "DataFrame", "list", "dict", "str", "int", "float", "bool"]))


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
    options = {o: action for action in magic.parser._actions for o in action.option_strings}
    if symbol.startswith("-"):
        return [option for option in options if option.startswith("--")]
    if before in _VALUES:
        return list(_VALUES[before])
    if before == "--as":
        return _types(shell)
    takes_value = before in options and options[before].nargs != 0
    names_session = found[1] in ("copilot_session", "copilot_history") and not takes_value
    if names_session or before in _SESSION_OPTIONS or "--delete" in words:
        from copilot_magics.transcripts.catalog import known_ids

        return known_ids()
    return []
