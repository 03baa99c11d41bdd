"""What a prompt mentions with ``@``, and what is sent along for it.

The user's words are sent as they were typed; what was mentioned goes beside them, as attachments:
files and folders as ``--attach`` sends them, and all else as a text of bounded length in which
nothing can end the frame that it stands in. Everything is looked up before anything is sent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from copilot_magics.attachments import attach, attach_told
from copilot_magics.config import CONTEXTS
from copilot_magics.errors import BadInput, closest
from copilot_magics.mentions import cells
from copilot_magics.mentions.finding import Mention, find
from copilot_magics.mentions.summary import Summary

LAST, ERROR = "last", "error"
_NAMED_FILE = re.compile(r"[-+~][\w.-]*\.[A-Za-z]\w*$")
"""What is no variable's name: ``data-2023.csv`` is not meant to be `data`."""

_CELLS = 10
"""Cells that one mention may mean."""

_FILES = 2_000
"""Entries of a folder among which the closest is looked for."""


@dataclass
class Along:
    """What goes with a prompt.

    Attributes
    ----------
    prompt : str
        The prompt as it is sent: as typed, with ``@`` for ``\\@``.
    summaries : list of Summary
        What is told of variables and cells.
    paths : list of str
        Files and folders.
    attachments : list of dict
        All of it in the SDK's form.
    """

    prompt: str
    summaries: list[Summary] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)


def resolve(shell: Any, prompt: str, paths: Iterable[str] = (), context: str = "none") -> Along:
    """Find what goes with a prompt.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell, whose variables and cells can be mentioned.
    prompt : str
        The prompt, as typed.
    paths : iterable of str
        Files and folders to send along that are not mentioned.
    context : {"none", "variables", "cells", "all"}
        What else to send along: an overview of these.

    Raises
    ------
    BadInput
        Something that is mentioned or named is not there; names the closest.
    """
    sent, mentions = find(prompt)
    along = Along(sent, paths=list(paths))
    for mention in dict.fromkeys(mentions):
        _add(along, shell, mention)
    if context in ("variables", "all"):
        from copilot_magics.mentions.overview import variables_summary

        along.summaries.append(variables_summary(shell))
    if context in ("cells", "all"):
        from copilot_magics.mentions.overview import cells_summary

        along.summaries.append(cells_summary(shell))
    along.paths = list(dict.fromkeys(along.paths))
    along.attachments = [*attach(along.paths), *attach_told(along.summaries)]
    return along


def sent_text(prompt: str) -> str:
    """Return a prompt as it is sent: as typed, with ``@`` for ``\\@``."""
    return find(prompt)[0]


def check_context(context: str) -> str:
    """Return what ``--context`` says, where that can be.

    Raises
    ------
    BadInput
        It is none of `copilot_magics.config.CONTEXTS`.
    """
    if context not in CONTEXTS:
        raise BadInput(
            f"--context cannot be {context!r}; nothing was sent.",
            closest(context, CONTEXTS) or f"It can be {', '.join(CONTEXTS)}.",
        )
    return context


def _add(along: Along, shell: Any, mention: Mention) -> None:
    names = shell.user_ns
    variable = mention.expression.partition(".")[0].partition("[")[0]
    if mention.cell is not None:
        along.summaries += _cells(shell, mention.cell)
    elif mention.expression in (LAST, ERROR):
        along.summaries.append(_newest(shell, mention.expression))
    elif mention.quoted or _is_path(mention.path):
        along.paths.append(_path(mention.path))
    elif mention.path.isidentifier() and mention.path in names:
        along.summaries.append(_variable(names, mention))
    elif os.path.exists(mention.path):
        along.paths.append(mention.path)
    elif variable and variable in names and not _NAMED_FILE.search(mention.path):
        along.summaries.append(_variable(names, mention))
    elif not mention.path[:1].isdigit():
        known = [*_known(shell), *_files()]
        raise _unknown(f"variable or file {mention.path!r}", mention.path, known)


def _variable(names: dict[str, Any], mention: Mention) -> Summary:
    from copilot_magics.mentions.reaching import computed, reach
    from copilot_magics.mentions.variables import summarise

    value = reach(names, mention.expression)
    if mention.computed:
        raise computed(mention.expression + mention.computed)
    return summarise(value, mention.expression)


def _cells(shell: Any, wanted: str) -> list[Summary]:
    """Return what is told of a cell, or of those from one to another."""
    known = cells.numbers(shell)
    first, _, last = wanted.partition("-")
    found = [n for n in known if int(first or 0) <= n <= int(last or first or 0)]
    if not found:
        told = f"The last one was @cell:{known[-1]}." if known else "None was run yet."
        said = f"There is no cell [{wanted}] in this kernel" if wanted else "@cell: lacks a number"
        raise BadInput(f"{said}; nothing was sent.", told)
    if len(found) > _CELLS:
        raise BadInput(
            f"@cell:{wanted} are {len(found)} cells; nothing was sent.",
            f"Mention at most {_CELLS}; --context cells sends an overview of all.",
        )
    return [one.summary(f"cell:{n}") for n in found if (one := cells.cell(shell, n))]


def _newest(shell: Any, which: str) -> Summary:
    found = cells.last_error(shell) if which == ERROR else cells.last_cell(shell)
    if found is None:
        what = "No cell has failed" if which == ERROR else "No cell was run"
        raise BadInput(
            f"{what} in this kernel, so there is no @{which}; nothing was sent.",
            f"Leave @{which} out, or write \\@{which} for these letters.",
        )
    return found.summary(which)


def _path(path: str) -> str:
    whole = os.path.expanduser(path)
    if os.path.exists(whole):
        return path
    folder, name = os.path.split(whole.rstrip("/"))
    raise _unknown(f"file or folder {path!r}", name, _files(folder))


def _unknown(what: str, wanted: str, known: Iterable[str]) -> BadInput:
    return BadInput(
        f"There is no {what} to mention; nothing was sent.",
        f"{closest(wanted, known)} A literal @ is written \\@.".strip(),
    )


def _is_path(path: str) -> bool:
    return "/" in path or path.startswith(("~", "."))


def _known(shell: Any) -> Iterator[str]:
    yield from (LAST, ERROR)
    yield from (name for name in list(shell.user_ns) if type(name) is str and name[:1] != "_")


def _files(folder: str = "") -> list[str]:
    try:
        with os.scandir(folder or ".") as entries:
            names = [entry.name for entry in islice(entries, _FILES)]
    except OSError:
        return []
    return sorted(name for name in names if not name.startswith("."))
