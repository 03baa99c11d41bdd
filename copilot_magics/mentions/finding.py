"""What in a prompt is a mention, and what only looks like one.

A mention begins a word: ``@df``. None are an address (``ada@example.org``), a product (``a @ b``),
what stands in code (between backticks, in a fence, a decorator above its function), and ``\\@``,
which is sent as ``@``. What looks for them takes a time that grows with the prompt, whatever is in
it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from unicodedata import category

from copilot_magics.display.fences import Fence, blocks

_BEGINS = r"(?<![\w@\\./)\]}`])@"
_STEP = r"""(?:\.[^\W\d]\w*|\["[^"\n\]]*"\]|\['[^'\n\]]*'\]|\[-?[0-9]+\])"""
_COMPUTED = r"\[[^\]\n]{0,300}\]"
_DRIVE = r"[A-Za-z]:[\\/]"
_PARTS = r"[\w./~+-]*(?:\\[\w.][\w./~+-]*)*"
_MENTION = re.compile(
    rf"""{_BEGINS}(?:
    "(?P<double>[^"\n]+)" | '(?P<single>[^'\n]+)'
    | (?P<cell>cell:(?P<number>(?:[0-9]{{1,9}}(?:-[0-9]{{1,9}})?)?))
    | (?=(?P<path>{_DRIVE}{_PARTS}(?<=[\w/\\]) | {_PARTS}(?<=[\w/]))?)
      (?=(?P<copy>(?:{_DRIVE})?{_PARTS}\([^()\n]*\)[\w.+~-]*\.[^\W\d]\w*(?![\w(\[]|\.\w))?)
      (?: (?P<expression>[^\W\d]\w*{_STEP}*) (?: (?P<called>\() | (?P<computed>{_COMPUTED}) )? )?
    )""",
    re.VERBOSE,
)
_MARKS = re.compile(r"(?<=\w)[^\x00-\x7f\w\s]+")
_JOINERS = ("\u200c", "\u200d")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_TICKS = re.compile("`+")
_DECORATOR = re.compile(r"[ \t]*@[\w.]+(?=\(|\s*$)")
_DECORATED = re.compile(
    r"[ \t]*(?:(?:async[ \t]+)?def[ \t]+\w+[ \t]*[\[(]|class[ \t]+\w+[ \t]*[\[(:])"
)
_STRING = re.compile(r"""'(?:[^'\\\n]|\\.)*'?|"(?:[^"\\\n]|\\.)*"?|(?P<comment>\#.*)""")
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
    copy : str
        What it is if it is a file with a bracket in its name: ``data(1).csv``.
    """

    path: str
    expression: str = ""
    computed: str = ""
    cell: str | None = None
    quoted: bool = False
    copy: str = ""


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
                found += [mention for _, mention in _mentions(text)]
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
    pieces: list[str] = []
    for block in blocks(text):
        if isinstance(block, Fence):
            pieces.append(block.source)
            continue
        for piece, is_code in _split(block):
            at = 0
            for start, mention in () if is_code else _mentions(piece):
                if not are_some(mention):
                    pieces += [piece[at:start], "\\"]
                    at = start
            pieces.append(piece[at:])
    return "".join(pieces)


def joined(text: str) -> str:
    """Return a text, as long as it was, in which marks are letters of the words they stand in.

    Python and files have names such as ``मूल्य``, of whose five characters two are none to `re`.

    Parameters
    ----------
    text : str
        The text.
    """
    return text if text.isascii() else _MARKS.sub(_as_letters, text)


def _as_letters(found: re.Match[str]) -> str:
    marks = len(list(takewhile(_joins, found[0])))
    return "_" * marks + found[0][marks:]


def _joins(char: str) -> bool:
    return category(char) in ("Mn", "Mc") or char in _JOINERS


def _split(text: str) -> Iterator[tuple[str, bool]]:
    """Split a text into prose and code."""
    spans = sorted([*_code_spans(text), *_decorators(text)])
    at = 0
    for start, end in spans:
        if end <= at:
            continue
        yield text[at : max(at, start)], False
        yield text[max(at, start) : end], True
        at = end
    yield text[at:], False


def _code_spans(text: str) -> Iterator[tuple[int, int]]:
    """Find what stands between as many backticks, within a paragraph."""
    begins = 0
    for ends in (*(found.start() for found in _PARAGRAPH.finditer(text)), len(text)):
        runs = [found.span() for found in _TICKS.finditer(text, begins, ends)]
        begins = ends
        # By their length, the next one last.
        to_come: defaultdict[int, list[int]] = defaultdict(list)
        for start, end in reversed(runs):
            to_come[end - start].append(end)
        at = 0
        for start, end in runs:
            closing = to_come[end - start]
            closing.pop()
            if start >= at and closing:
                at = closing[-1]
                yield start, at


def _decorators(text: str) -> Iterator[tuple[int, int]]:
    """Find what decorates a function or a class below it: its lines, and comments in between."""
    begins: int | None = None
    at = depth = 0
    for line in joined(text).splitlines(keepends=True):
        code = "" if begins is None and "@" not in line else _STRING.sub(_bare, line).rstrip()
        is_first = _DECORATOR.match(code) is not None
        if is_first or depth:
            if is_first and (begins is None or depth):
                # One above it that is still open is none.
                begins, depth = at, 0
            depth += sum(map(code.count, "([{")) - sum(map(code.count, ")]}"))
            ended = not depth and (code.endswith(")") or _DECORATOR.fullmatch(code))
            if not ended and depth <= 0:
                begins, depth = None, 0
        elif begins is not None and (code or not line.strip()):
            if _DECORATED.match(code):
                yield begins, at
            begins = None
        at += len(line)


def _bare(found: re.Match[str]) -> str:
    return "" if found["comment"] else "''"


def _mentions(text: str) -> Iterator[tuple[int, Mention]]:
    """Find the mentions in prose, and where each begins."""
    for found in _MENTION.finditer(joined(text)):
        parts = {name: text[slice(*found.span(name))] for name in found.groupdict()}
        if (mention := _mention(parts)) is not None:
            yield found.start(), mention


def _mention(parts: dict[str, str]) -> Mention | None:
    if quoted := parts["double"] or parts["single"]:
        return Mention(quoted, quoted=True)
    if parts["cell"]:
        return Mention("", cell=parts["number"])
    path, expression = parts["path"], parts["expression"]
    if parts["called"]:
        # `df.head()`: what is meant is what it is asked of.
        expression = expression.rpartition(".")[0] or expression
    if not path.strip(".+-"):
        return None
    return Mention(path, expression, parts["computed"], copy=parts["copy"])
