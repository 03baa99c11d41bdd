"""What was sent along with a prompt: one line to open, which shows all of it as it was sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from copilot_magics.display.inert import entities, fenced, plain
from copilot_magics.words import counted, size

if TYPE_CHECKING:
    from copilot_magics.mentions.resolving import Along
    from copilot_magics.mentions.summary import Summary
    from copilot_magics.turn import Turn

_SHOWN = 10_000
"""Characters of one text that are shown: more than one can have."""


def along_line(along: Along) -> str:
    """Return what was sent along as a line of plain text, or an empty string.

    Parameters
    ----------
    along : Along
        What went with the prompt.
    """
    return _line(along, plain)


def along_markdown(along: Along) -> str:
    """Return what was sent along as Markdown, a line to open; empty where nothing was.

    Parameters
    ----------
    along : Along
        What went with the prompt.
    """
    line = _line(along, entities)
    if not line:
        return ""
    opened = [part for summary in along.summaries for part in _opened(summary)]
    opened += [_files(along.paths)] if along.paths else []
    inside = "\n\n".join(opened)
    return f"<details><summary>{line}</summary>\n\n{inside}\n\n</details>"


def lines_above(turn: Turn) -> list[str]:
    """Return the lines that stand above an answer while it comes.

    Parameters
    ----------
    turn : Turn
        The turn.
    """
    line = along_line(turn.along) if turn.along else ""
    return [line, *turn.notices] if line else turn.notices


def _line(along: Along, written: Callable[[str], str]) -> str:
    """Write the line, what comes from the notebook as it may be written there."""
    parts = [_briefly(summary, written) for summary in along.summaries]
    parts += map(written, along.paths)
    return f"Sent along: {', '.join(parts)}" if parts else ""


def _briefly(summary: Summary, written: Callable[[str], str]) -> str:
    pictures = f" and {counted(len(summary.images), 'picture')}" if summary.images else ""
    count = f"about {counted(summary.tokens, 'token')}{pictures}"
    kind = "" if summary.kind == "cell" else f"{written(summary.kind)}, "
    return f"{written(summary.name)} ({kind}{count})"


def _opened(summary: Summary) -> list[str]:
    pictures = [f"picture, {size(len(image))}" for image in summary.images]
    heading = entities(", ".join([f"@{summary.name}", *pictures]))
    return [heading, fenced(summary.text[:_SHOWN])]


def _files(paths: Sequence[str]) -> str:
    return "\n".join(f"- {entities(path)}" for path in paths)
