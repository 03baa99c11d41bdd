"""Where a Markdown text holds fenced code.

Front ends disagree about what is code: some take a fence in a list or a quote for one, some do
not. Here a fence counts wherever any of them might see one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_OPENER = re.compile(
    # What may stand before it: indents, quotes, markers of lists, tasks, notes and definitions.
    r"^(?P<before>(?:[ \t>*+:-]|\d{1,9}[.)]|\[[ xX]\]|\[\^[\w-]+\]:)*)"
    r"(?P<marks>`{3,}(?=[^`\n]*$)|~{3,})(?P<info>.*)$",
    re.MULTILINE,
)


_LANGUAGE = re.compile(r"\{?\.?([A-Za-z0-9_+#.-]+)")


@dataclass(frozen=True)
class Fence:
    """A fenced block.

    Attributes
    ----------
    source : str
        All of it, fences included.
    before, marks, info : str
        The opening line: what stands before the marks, the marks, and what follows them.
    body : str
        The lines between; whatever ended them, each ends in a new line.
    closed : bool
        Whether it ends before the text does.
    """

    source: str
    before: str
    marks: str
    info: str
    body: str
    closed: bool

    @property
    def language(self) -> str:
        """The language that is named behind the marks, or an empty string."""
        named = _LANGUAGE.match(self.info.strip())
        return named[1] if named else ""

    @property
    def quotes(self) -> int:
        """How many quotes it stands in."""
        return self.before.count(">")

    @property
    def margin(self) -> int:
        """The columns by which it is indented, in its quote."""
        return len(self.before.rpartition(">")[2].expandtabs(4))

    @property
    def code(self) -> str:
        """The lines between, without the quote and the indent in which all of it stands."""
        quotes = re.compile(rf"(?:[ \t]*>){{0,{self.quotes}}}")
        lines = [quotes.sub("", line, 1) for line in self.body.removesuffix("\n").split("\n")]
        # Code may stand further left than its fence, and has an indent of its own then, too.
        first = next(filter(str.strip, lines), "").expandtabs(4)
        margin = min(self.margin, len(first) - len(first.lstrip(" ")))
        return "\n".join(_outdented(line, margin) for line in lines)

    @property
    def opener(self) -> str:
        """The opening line."""
        return f"{self.before}{self.marks}{self.info}"

    @property
    def closer(self) -> str:
        """A line that closes it."""
        return f"{self.before if self.before.isspace() else ''}{self.marks}"


def blocks(text: str) -> Iterator[str | Fence]:
    """Split a Markdown text into what is fenced and what is not; nothing is lost."""
    at = 0
    # As long as the text, so that what is found in the one is cut from the other.
    lines = text.replace("\r\n", " \n").replace("\r", "\n")
    while opener := _OPENER.search(lines, at):
        if text[at : opener.start()]:
            yield text[at : opener.start()]
        start = opener.end() + 1
        end = _closer(opener).search(lines, start)
        at = end.end() if end else len(text)
        body = text[start : end.start() if end else None]
        body = body.replace("\r\n", "\n").replace("\r", "\n")
        before, marks, info = opener.groups()
        yield Fence(text[opener.start() : at], before, marks, info, body, end is not None)
    if text[at:]:
        yield text[at:]


def infos(text: str) -> Iterator[str]:
    """Return what follows the marks of each line that could open a fence."""
    return (opener["info"] for opener in _OPENER.finditer(text))


def open_fence(text: str) -> Fence | None:
    """Return the fence in which a Markdown text ends, if it ends in one."""
    last = (None, *blocks(text))[-1]
    return last if isinstance(last, Fence) and not last.closed else None


def closed(text: str) -> str:
    """Return a Markdown text with its last fence closed."""
    fence = open_fence(text)
    return f"{text}\n{fence.closer}" if fence else text


def _outdented(line: str, margin: int) -> str:
    """Return a line without that many columns of indent; what a tab has beyond them stays."""
    at = columns = 0
    while columns < margin and line[at : at + 1] in (" ", "\t"):
        columns += 4 - columns % 4 if line[at] == "\t" else 1
        at += 1
    return " " * (columns - margin) + line[at:]


def _closer(opener: re.Match[str]) -> re.Pattern[str]:
    before, marks = opener["before"], opener["marks"]
    closer = rf"^[ \t>]{{0,{len(before) + 3}}}{marks[0]}{{{len(marks)},}}[ \t]*$"
    # A quote ends where a line is no longer quoted.
    return re.compile(rf"{closer}|^(?![ \t]*>)" if ">" in before else closer, re.MULTILINE)
