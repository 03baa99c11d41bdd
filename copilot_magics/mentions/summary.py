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
        more = sum(map(len, left)) - len(piece)
        return "\n".join([*kept, f"{piece}… ({more:,} more characters)"])
    return "\n".join([*kept, f"… ({len(left):,} more {'line' if len(left) == 1 else 'lines'})"])


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
    half = most // 2
    return f"{text[:half]}\n… ({len(text) - 2 * half:,} characters left out)\n{text[-half:]}"


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
