"""Shell patterns, matched against the parsed commands of a line and never against its text.

What ``shell(…)`` means follows ``copilot help permissions``:

- ``shell``: every command line.
- ``shell(ls)``: the command ``ls`` with any arguments. Programs that are approved by their first
  subcommand (git, gh, npm, cargo) are named with it: ``shell(git push)`` is ``git push`` with any
  arguments, and ``shell(git)`` is ``git`` alone.
- ``shell(git:*)``: every command that begins with these words; never ``gitea``.
- the text of a whole line, word for word, is that line and nothing else. It is the only way to
  allow a line that redirects, substitutes, sets variables or runs another program.

A pattern that allows must match every command of the line. A pattern that denies is looked for
everywhere: in substitutions and functions, behind ``env`` and ``xargs``, inside ``bash -c '…'``. It
is in doubt about a program that is not known here, unless a pattern that allows names it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from copilot_magics.permissions import programs
from copilot_magics.permissions.shell import Line, Words, parse

_BY_SUBCOMMAND = {"git", "gh", "npm", "cargo"}
_DEEPEST = 3
IsNamed = Callable[[Words], bool]


@dataclass(frozen=True)
class ShellRule:
    """The argument of one ``shell(…)`` pattern.

    Parameters
    ----------
    text : str
        The argument as written; empty for the bare ``shell``.
    words : tuple of str
        Its words, without the ``:*``; empty where it cannot be split.
    prefix : bool
        Whether it ended in ``:*``.
    """

    text: str
    words: tuple[str, ...]
    prefix: bool

    @classmethod
    def read(cls, argument: str) -> ShellRule:
        """Read what stands between the parentheses."""
        prefix = argument.endswith(":*")
        try:
            words = shlex.split(argument.removesuffix(":*") if prefix else argument)
        except ValueError:
            words = []
        return cls(argument, tuple(words), prefix)

    def is_whole(self, line: Line) -> bool:
        """Say whether this is the line itself, word for word."""
        return bool(self.text) and not self.prefix and self.text == line.text

    def covers(self, words: Words) -> bool:
        """Say whether this rule names a command."""
        if not self.words:
            return not self.text
        if self.prefix:
            return words[: len(self.words)] == self.words
        identity = words[:1]
        if words[0] in _BY_SUBCOMMAND and len(words) > 1 and not (words[1] or "-").startswith("-"):
            identity = words[:2]
        return self.words in (words, identity)

    def names(self, words: Words) -> bool:
        """Say whether a rule that denies means this command, by whatever path or spelling."""
        if not words or words[0] is None or not self.words:
            return False
        if programs.name_of(words[0]) != programs.name_of(self.words[0]):
            return False
        rest = iter(words[1:])
        return all(any(word in (None, wanted) for word in rest) for wanted in self.words[1:])

    def is_handed(self, words: Words) -> bool:
        """Say whether the denied program's own file is named: to copy, link or load it."""
        name = programs.name_of(self.words[0]) if len(self.words) == 1 else ""
        return any(word and programs.is_file_of(word, name) for word in words[1:])

    def is_mentioned(self, text: str) -> bool:
        """Say whether the denied command's name stands anywhere in a text, as a word."""
        name = programs.name_of(self.words[0]) if self.words else self.text
        return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text.casefold()) is not None


def why_not(line: Line, rules: Sequence[ShellRule]) -> str:
    """Say why these patterns do not allow a line; ``""`` where they do."""
    if any(rule.is_whole(line) or not rule.text for rule in rules):
        return ""
    if line.beyond:
        return f"it {line.beyond[0]}"
    if not line.commands:
        return "it has no command"
    for words in line.commands:
        named = max((len(rule.words) for rule in rules if rule.covers(words)), default=0)
        if reason := programs.runs_another(words, named):
            return reason
        if not named:
            return f"no pattern allows {shlex.join(word or '' for word in words)!r}"
    return ""


@dataclass(frozen=True)
class Denial:
    """What a deny pattern says of a line: it is hit, or it may be."""

    certain: bool
    reason: str


def denial(line: Line, rule: ShellRule, allowed: Sequence[ShellRule] = ()) -> Denial | None:
    """Look for a denied command in everything a line can be seen to run.

    Parameters
    ----------
    line : Line
        The line.
    rule : ShellRule
        What is denied.
    allowed : sequence of ShellRule
        What the user allows: programs that he names himself are known to him.
    """
    if not rule.text or rule.is_whole(line):
        return Denial(True, "it is denied")

    def is_named(words: Words) -> bool:
        return any(each.text and each.covers(words) for each in allowed)

    seen = list(_reach(line, 0, is_named))
    if any(rule.names(words) or rule.is_handed(words) for words, _ in seen if words):
        return Denial(True, f"it runs {rule.words[0]}")
    doubt = next((doubt for _, doubt in seen if doubt), "")
    if doubt and rule.is_mentioned(line.text):
        return Denial(True, f"it names {rule.words[0] if rule.words else rule.text}, and {doubt}")
    return Denial(False, doubt) if doubt else None


def _reach(line: Line, depth: int, is_named: IsNamed) -> Iterator[tuple[Words, str]]:
    """Yield every command that a line runs or may hand to another program, and every doubt."""
    for doubt in line.doubts:
        yield (), doubt
    for words in line.commands:
        yield words, programs.cannot_see(words)
        stranger = programs.stranger(words, is_named)
        yield (), stranger
        if stranger or programs.runs_another(words) or programs.cannot_see(words):
            yield from _handed_on(words, depth, is_named)


def _handed_on(words: Words, depth: int, is_named: IsNamed) -> Iterator[tuple[Words, str]]:
    """Take every tail of the words for a command, and every word for a script.

    Which option takes a value is different for each wrapper, and getting one wrong would open a
    hole. Asking once too often only costs a click.
    """
    if depth == _DEEPEST:
        yield (), "it nests too deeply"
        return
    for start in range(1, len(words)):
        tail = words[start:]
        # Only the shell itself can source a file; elsewhere a dot is the folder.
        if tail[0] is not None and (tail[0] != "." or words[0] in ("command", "builtin")):
            yield tail, programs.cannot_see(tail)
    # A glob is an argument like any other, unless a shell will read it as a command.
    shell = any(programs.reads_commands(word) for word in words if word)
    for word in words[1:]:
        for script in _scripts(word or "", r"[*?~{]|\[" if shell else r"[^\s\S]"):
            # What is a mere argument, or one option's value, names no program that must be known.
            mere = programs.hands_over(words) or (script != word and len(script.split()) == 1)
            yield from _reach(parse(script), depth + 1, _anything if mere else is_named)


def _anything(words: Words) -> bool:
    return True


def _scripts(word: str, globs: str) -> Iterator[str]:
    """Yield what a program could take for a script: the word, or what is glued to an option."""
    glued = word[2:] if word.startswith("-") else ""
    for text in (word, glued, word.partition("=")[2]):
        script = text.lstrip("!")
        if re.search(rf"[^\w./:@%+,=*?~{{}}\[\]-]|{globs}", script) or (
            text is not word and script
        ):
            yield script
