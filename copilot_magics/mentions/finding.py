"""What in a prompt is a mention, and what only looks like one.

A mention begins a word: ``@df``. None are an address (``ada@example.org``), a product (``a @ b``),
what stands in code (between backticks, in a fence, a decorator above its function), and ``\\@``,
which is sent as ``@``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from copilot_magics.display.fences import Fence, blocks

_BEGINS = r"(?<![\w@\\./)\]}`])@"
_STEP = r"""(?:\.[^\W\d]\w*|\["[^"\n\]]*"\]|\['[^'\n\]]*'\]|\[-?\d+\])"""
_MENTION = re.compile(
    rf"""{_BEGINS}(?:
    "(?P<double>[^"\n]+)" | '(?P<single>[^'\n]+)'
    | (?P<cell>cell:(?P<number>(?:\d+(?:-\d+)?)?))
    | (?=(?P<path>[\w./~+-]*[\w/])?)
      (?: (?P<expression>[^\W\d]\w*{_STEP}*) (?: (?P<called>\() | (?P<computed>\[[^\]\n]*\]) )? )?
    )""",
    re.VERBOSE,
)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(?:(?!\n[ \t]*\n).)*?(?<!`)\1(?!`)", re.DOTALL)
_DECORATOR = re.compile(r"[ \t]*@[\w.]+(?:\(.*\))?[ \t]*\n?")
_DECORATED = re.compile(
    r"[ \t]*(?:(?:async[ \t]+)?def[ \t]+\w+[ \t]*[\[(]|class[ \t]+\w+[ \t]*[\[(:])"
)
_LITERAL = re.compile(r"\\@")


@dataclass(frozen=True)
class Mention:
    """One mention, as it was typed.

    Attributes
    ----------
    path : str
        What it is if it is a path.
    expression : str
        What it is if it is a variable, with what follows it: ``d["key"]``.
    computed : str
        What stands behind the expression that would have to be computed: ``[1:3]``.
    cell : str or None
        A cell's number where it says ``cell:``, or those of a first and a last one: ``2-4``.
    quoted : bool
        Whether it can be nothing but a path.
    """

    path: str
    expression: str = ""
    computed: str = ""
    cell: str | None = None
    quoted: bool = False


def find(prompt: str) -> tuple[str, list[Mention]]:
    """Return a prompt as it is sent, and what it mentions, in order.

    Parameters
    ----------
    prompt : str
        The prompt, as typed.
    """
    sent: list[str] = []
    found: list[Mention] = []
    for block in blocks(prompt):
        if isinstance(block, Fence):
            sent.append(block.source)
            continue
        for text, is_code in _split(block):
            if not is_code:
                found += filter(None, map(_mention, _MENTION.finditer(text)))
            sent.append(text if is_code else _LITERAL.sub("@", text))
    return "".join(sent), found


def with_mentions_of(text: str, typed: str) -> str:
    """Return a text in which nothing is a mention but what is one in what was typed.

    Parameters
    ----------
    text : str
        The text.
    typed : str
        What was typed; it may hold more.
    """
    return with_mentions(text, set(find(typed)[1]).__contains__)


def with_mentions(text: str, are_some: Callable[[Mention], bool]) -> str:
    """Return a text in which what looks like a mention is literal, but for those that are some.

    Parameters
    ----------
    text : str
        The text.
    are_some : callable
        Says of what looks like a mention whether it is one.
    """

    def literal(found: re.Match[str]) -> str:
        mention = _mention(found)
        return found[0] if mention is None or are_some(mention) else f"\\{found[0]}"

    pieces: list[str] = []
    for block in blocks(text):
        if isinstance(block, Fence):
            pieces.append(block.source)
            continue
        for piece, is_code in _split(block):
            pieces.append(piece if is_code else _MENTION.sub(literal, piece))
    return "".join(pieces)


def _split(text: str) -> Iterator[tuple[str, bool]]:
    """Split a text into prose and code."""
    spans = sorted([*(found.span() for found in _CODE.finditer(text)), *_decorators(text)])
    at = 0
    for start, end in spans:
        if end <= at:
            continue
        yield text[at : max(at, start)], False
        yield text[max(at, start) : end], True
        at = end
    yield text[at:], False


def _decorators(text: str) -> Iterator[tuple[int, int]]:
    """Find the lines that decorate a function or a class below them."""
    end, decorates = len(text), False
    for line in reversed(text.splitlines(keepends=True)):
        start = end - len(line)
        if decorates and _DECORATOR.fullmatch(line):
            yield start, end
        else:
            decorates = _DECORATED.match(line) is not None
        end = start


def _mention(found: re.Match[str]) -> Mention | None:
    quoted = found["double"] or found["single"]
    if quoted:
        return Mention(quoted, quoted=True)
    if found["cell"]:
        return Mention("", cell=found["number"])
    path, expression = found["path"] or "", found["expression"] or ""
    if expression and found["called"]:
        # `df.head()`: what is meant is what it is asked of.
        expression = expression.rpartition(".")[0] or expression
    return Mention(path, expression, found["computed"] or "") if path.strip(".+-") else None
