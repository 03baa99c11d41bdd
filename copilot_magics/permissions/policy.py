"""Who decides: the rules of one session, and what they say of one `Ask`.

What is denied is refused. Then come what was allowed by pattern, what a person allowed until the
kernel stops, and last the mode. Where a deny pattern cannot tell whether it is meant, nothing but
a person's own words for exactly this action counts as a yes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from copilot_magics.config import PERMISSIONS
from copilot_magics.errors import BadInput, closest
from copilot_magics.permissions.asks import Ask
from copilot_magics.permissions.commands import Denial, denial, why_not
from copilot_magics.permissions.paths import (
    Target,
    denied_below,
    is_denied,
    matches,
    secrets_below,
)
from copilot_magics.permissions.patterns import Pattern
from copilot_magics.permissions.places import denied_file, denied_page

Verdict = Literal["allow", "ask", "refuse"]
_FILES = ("read", "write")
_NAMED = ("shell", "read", "write", "url", "mcp", "custom-tool")


@dataclass(frozen=True)
class Decision:
    """What the rules say.

    Parameters
    ----------
    verdict : {"allow", "ask", "refuse"}
        ``ask`` means that a person decides; where no one watches, that is a no.
    reason : str
        One sentence.
    """

    verdict: Verdict
    reason: str


class Policy:
    """The rules of one session.

    Parameters
    ----------
    mode : {"ask", "read-only", "allow-all", "deny"}
        What holds for all that no pattern names.
    allow, deny : iterable of str or Pattern
        The patterns; those of `deny` win.
    cwd : path
        The folder the agent works in.
    trusted_reads : iterable of path
        Folders beside it where reading is allowed as well.

    Raises
    ------
    BadInput
        For a mode or a pattern that cannot be used.
    """

    def __init__(
        self,
        mode: str,
        allow: Iterable[str | Pattern],
        deny: Iterable[str | Pattern],
        cwd: str | os.PathLike[str],
        *,
        trusted_reads: Iterable[str | os.PathLike[str]] = (),
    ) -> None:
        if mode not in PERMISSIONS:
            raise BadInput(
                f"{mode!r} is no permission mode.",
                f"{closest(mode, PERMISSIONS)} There are {', '.join(PERMISSIONS)}.".strip(),
            )
        self.mode = mode
        self.allow = tuple(map(_pattern, allow))
        self.deny = tuple(map(_pattern, deny))
        self._shell_rules = [pattern.shell for pattern in self.allow if pattern.kind == "shell"]
        self.cwd = os.fspath(cwd)
        self.trusted_reads = tuple(os.fspath(folder) for folder in trusted_reads)
        self._until_stop: set[tuple[str, ...]] = set()
        for pattern in self.allow:
            if pattern.allows_anything():
                raise BadInput(
                    f"--allow '{pattern}' would allow any program: "
                    f"{pattern.shell.words[0]} runs what it is given.",
                    "Write the whole command, as in 'shell(sudo apt update)', or 'shell' for all.",
                )

    def allow_until_stop(self, ask: Ask) -> None:
        """Allow exactly what was shown, as long as this object lives."""
        self._until_stop.add(ask.key)

    def keep_from(self, earlier: Policy) -> None:
        """Take over what a person allowed until the kernel stops, when the options change."""
        self._until_stop |= earlier._until_stop

    def decide(self, ask: Ask) -> Decision:
        """Say what the rules make of one ask.

        Parameters
        ----------
        ask : Ask
            What `understand` made of the runtime's request.

        Returns
        -------
        Decision
        """
        otherwise: Verdict = "ask" if self.mode in ("ask", "allow-all") else "refuse"
        denials = [(p, found) for p in self.deny if (found := self._denial(p, ask)) is not None]
        for pattern, found in denials:
            if found.certain:
                return Decision("refuse", f"--deny '{pattern}' forbids it: {found.reason}.")
        if ask.in_person:
            return Decision(otherwise, "Only a person may allow this.")
        if ask.key in self._until_stop:
            return Decision("allow", "You allowed exactly this until the kernel stops.")
        if self._is_spelled_out(ask):
            return Decision("allow", "--allow names exactly this.")
        for pattern, found in denials:
            return Decision(
                otherwise, f"Whether --deny '{pattern}' forbids it cannot be told: {found.reason}."
            )
        return self._allowed(ask, otherwise)

    def _allowed(self, ask: Ask, otherwise: Verdict) -> Decision:
        """Decide what no deny pattern touches."""
        unmet = self._unmet(ask)
        if not unmet:
            return Decision("allow", "--allow permits it.")
        if self.mode == "allow-all":
            return Decision("allow", "The mode allow-all permits what is not denied.")
        reading = self._unreadable(ask) if ask.kind == "read" else unmet
        if self.mode != "deny" and not reading:
            return Decision("allow", "Reading in the working folder is allowed.")
        if self.mode == "ask":
            return Decision("ask", f"A person decides: {reading}.")
        return Decision(otherwise, f"The mode {self.mode} refuses it: {reading}.")

    def _is_spelled_out(self, ask: Ask) -> bool:
        """Say whether an allow pattern is the whole command line, word for word."""
        return ask.kind == "shell" and any(rule.is_whole(ask.line) for rule in self._shell_rules)

    def _unmet(self, ask: Ask) -> str:
        """Say why the allow patterns do not cover an ask; ``""`` where they do."""
        if ask.kind == "shell":
            rules = self._shell_rules
            return why_not(ask.line, rules) if rules else "no pattern allows commands"
        if ask.kind in _FILES:
            missing = [path for path in ask.paths if not self._covers_path(ask, path)]
            return f"no pattern allows {missing[0].real}" if missing or not ask.paths else ""
        covered = any(_covers_name(pattern, ask) for pattern in self.allow)
        return "" if covered else "no pattern allows it"

    def _covers_path(self, ask: Ask, path: Target) -> bool:
        """Say whether a pattern allows a path; files that matter must be named themselves."""
        named = [pattern.argument for pattern in self.allow if pattern.kind == ask.kind]
        if None in named:
            return True
        patterns = [argument for argument in named if argument is not None]
        hows = {matches(pattern, path.real, self.cwd) for pattern in patterns}
        guarded = path.holds_secrets or (ask.kind == "write" and path.runs_later)
        if "itself" not in hows and (guarded or "among others" not in hows):
            return False
        # A search reads every file: those with secrets must be named each.
        return not ask.searches or all(
            any(matches(pattern, secret, self.cwd) == "itself" for pattern in patterns)
            for secret in secrets_below(path.real)
        )

    def _unreadable(self, ask: Ask) -> str:
        """Say why reading is not allowed by itself; ``""`` where it is."""
        for path in ask.paths:
            if not path.is_path:
                return f"{path.asked!a} is no path"
            trusted = [folder for folder in self.trusted_reads if path.is_inside(folder)]
            if f"{os.sep}~" in path.asked:
                return f"{path.asked} may mean a home folder"
            if not trusted and not path.is_inside(self.cwd):
                return f"{path.real} is outside the working folder"
            if path.secret_in(trusted[0]) if trusted else path.holds_secrets:
                return f"{path.asked} looks like a file with secrets"
            if ask.searches and (secret := next(secrets_below(path.real), "")):
                return f"the search would also read {secret}, which looks like a file with secrets"
        return "" if ask.paths else "it names no file"

    def _denial(self, pattern: Pattern, ask: Ask) -> Denial | None:
        """Say what a deny pattern makes of an ask: it is meant, it may be, or it is not."""
        named = Denial(True, "it is named")
        if ask.kind not in _NAMED:
            return Denial(False, f"its kind is {ask.kind!r}")
        if ask.kind == "shell":
            return self._denial_of_command(pattern, ask)
        if pattern.kind == ask.kind and ask.kind in _FILES:
            if any(self._denies(pattern, path) for path in ask.paths):
                return named
            if any(path.depends_on_process for path in ask.paths):
                return Denial(False, "what it leads to differs by process")
            also = next(self._denied_by_search(pattern, ask), "")
            return Denial(False, f"the search would also read {also}") if also else None
        if pattern.kind == "url" == ask.kind:
            return named if pattern.denies_url(ask.url) else None
        return named if _covers_name(pattern, ask) else None

    def _denial_of_command(self, pattern: Pattern, ask: Ask) -> Denial | None:
        """Look for a deny pattern in a command: also files and pages are reached by commands."""
        if pattern.kind == "shell":
            return denial(ask.line, pattern.shell, self._shell_rules)
        if pattern.kind == "url":
            return denied_page(ask.line, pattern)
        if pattern.kind in _FILES and pattern.argument is not None:
            folders, writes = (self.cwd, ask.cwd or self.cwd), pattern.kind == "write"
            return denied_file(ask.line, pattern.argument, folders, writes=writes)
        return None

    def _denied_by_search(self, pattern: Pattern, ask: Ask) -> Iterator[str]:
        for path in ask.paths:
            if ask.searches and pattern.argument is not None:
                yield from denied_below(pattern.argument, path.real, self.cwd)

    def _denies(self, pattern: Pattern, path: Target) -> bool:
        return pattern.argument is None or is_denied(pattern.argument, path, self.cwd)


def _pattern(pattern: str | Pattern) -> Pattern:
    return pattern if isinstance(pattern, Pattern) else Pattern.parse(pattern)


def _covers_name(pattern: Pattern, ask: Ask) -> bool:
    """Say whether a pattern names the page or the tool that is asked for."""
    match ask.kind:
        case "url":
            return pattern.kind == "url" and pattern.allows_url(ask.url)
        case "mcp":
            return pattern.names_tool(ask.server, ask.tool)
        case "custom-tool":
            return pattern.kind == "tool" and pattern.argument in (None, ask.tool)
    return False
