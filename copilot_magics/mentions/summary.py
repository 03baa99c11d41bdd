"""What is told of one thing: its name, what it is, a bounded text, and pictures where it has some.

How many tokens a text is, is for the model to know; it is estimated here from what tokenizers have
in common, rather too high than too low: short words and up to three digits are one token, and so is
each mark. Tables of numbers come to twice what a quarter of their characters would be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

MOST_TOKENS = 1_900
"""Tokens of a summary, as estimated."""

_LEFT_OUT = re.compile(
    r"… \((?P<count>[0-9,]{1,20}) (?:characters (?P<between>left out)|more characters)\)"
)
_IN_ALL = re.compile(r"… \([0-9,]{1,20} (?:characters|bytes) in all\)$")
"""What a text that was cut before says of that, and of its whole length."""

_TOKEN = re.compile(r"[A-Za-z]{1,6}|\d{1,3}| +(?=\S)|\s+|[^\W\d_]|.", re.DOTALL)


@dataclass(frozen=True)
class Summary:
    """What is told of one thing.

    Attributes
    ----------
    name : str
        What it was mentioned as: ``df``, ``cell:3``.
    kind : str
        What it is, in a word or two: ``DataFrame``, ``cell``.
    text : str
        What is told, at most `MOST_TOKENS` tokens.
    images : tuple of bytes
        Pictures, PNG.
    """

    name: str
    kind: str
    text: str
    images: tuple[bytes, ...] = ()

    @cached_property
    def tokens(self) -> int:
        """About how many tokens the text is."""
        return tokens(self.text)


def tokens(text: str) -> int:
    """Return about how many tokens a text is, rather too many than too few.

    Parameters
    ----------
    text : str
        The text.
    """
    count = 0
    for found in _TOKEN.finditer(text):
        piece = found[0]
        # One blank is part of the word behind it; what is not Latin takes about two.
        if piece != " " or text[found.end() : found.end() + 1].isdigit():
            count += 1 if piece.isascii() else 2
    return count


def fitted(text: str, most: int = MOST_TOKENS) -> str:
    """Return a text of at most so many tokens: whole lines, and how much was left out.

    Parameters
    ----------
    text : str
        The text.
    most : int
        Tokens.
    """
    if tokens(text) <= most:
        return text
    lines, kept, room = text.splitlines(), [], most - 12
    for line in lines:
        room -= tokens(line) + 1
        if room < 0:
            break
        kept.append(line)
    left = lines[len(kept) :]
    room = most - 24 - tokens("\n".join(kept))
    if room > most // 2:
        # One long line is most of it; a token is a character at least, and of some two.
        piece = left[0][: room // 2]
        more = _length("\n".join(left)) - len(piece)
        in_all = _IN_ALL.search(left[-1])
        return "\n".join([*kept, piece + (in_all[0] if in_all else _more(more, "character"))])
    rest = "\n".join(left)
    shortened = _LEFT_OUT.search(rest)
    kept.append(_more(_length(rest), "character") if shortened else _more(len(left), "line"))
    return "\n".join(kept)


def ends(text: str, most: int) -> str:
    """Return a text of at most so many characters: its beginning and its end.

    Parameters
    ----------
    text : str
        The text.
    most : int
        Characters.
    """
    if len(text) <= most:
        return text
    first, last = most // 2, len(text) - most // 2
    for before in _LEFT_OUT.finditer(text):
        # What was said of it must not be cut itself.
        if before.start() < first < before.end():
            first = before.start()
        if before.start() < last < before.end():
            last = before.end()
    return f"{text[:first]}{left_out(_length(text[first:last]))}{text[last:]}"


def left_out(count: int) -> str:
    """Return what stands in the place of so many characters."""
    return f"\n… ({count:,} characters left out)\n"


def _length(text: str) -> int:
    """Return how long a text is, with what was left out of it before."""
    length = len(text)
    for before in _LEFT_OUT.finditer(text):
        # With the two new lines that it stands between.
        said = len(before[0]) + (2 if before["between"] else 0)
        length += int(f"0{before['count'].replace(',', '')}") - said
    return length


def _more(count: int, what: str) -> str:
    return f"… ({count:,} more {what}{'' if count == 1 else 's'})"


def both_ends(text: str, most: int) -> str:
    """Return a text of at most so many tokens: its beginning and its end.

    Parameters
    ----------
    text : str
        The text.
    most : int
        Tokens.
    """
    size = 4 * most
    while tokens(kept := ends(text, size)) > most:
        size = size * 4 // 5
    return kept


def clean(text: str) -> str:
    """Return a text that can be sent and shown: no control character but new lines and tabs."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else _escaped(char) for char in text
    )


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()
