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
from unicodedata import normalize

from copilot_magics.attachments import attach, attach_told
from copilot_magics.config import CONTEXTS
from copilot_magics.errors import BadInput, closest
from copilot_magics.mentions import cells
from copilot_magics.mentions.finding import Mention, find, joined
from copilot_magics.mentions.naming import as_named
from copilot_magics.mentions.summary import Summary

LAST, ERROR = "last", "error"
_NAMED_FILE = re.compile(r"[-+~][\w.-]*\.[A-Za-z]\w*$")
"""What is no variable's name: ``data-2023.csv`` is not meant to be `data`."""
_COPY = re.compile(r"[^.(]+\([\w -]+\)[\w.+~-]+")
"""What is no call: `data(1).csv` is not meant to be `data`, though ``df.head(1).a`` is of `df`."""

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
    elif mention.copy and (found := _existing(mention.copy)):
        along.paths.append(found)
    elif mention.copy and (_is_path(mention.path) or _COPY.fullmatch(joined(mention.copy))):
        raise _unknown(f"file {mention.copy!r}", mention.copy, _files())
    elif mention.quoted or _is_path(mention.path):
        along.paths.append(_path(mention.path))
    elif mention.path.isidentifier() and _is_variable(names, mention.path):
        _add_variable(along, names, mention)
    elif found := _existing(mention.path):
        along.paths.append(found)
    elif _is_variable(names, variable) and not _NAMED_FILE.search(joined(mention.path)):
        _add_variable(along, names, mention)
    elif not mention.path[:1].isdigit():
        known = [*_known(shell), *_files()]
        raise _unknown(f"variable or file {mention.path!r}", mention.path, known)


def _add_variable(along: Along, names: dict[str, Any], mention: Mention) -> None:
    from copilot_magics.mentions.reaching import computed, reach
    from copilot_magics.mentions.variables import summarise

    value = reach(names, mention.expression)
    if mention.computed:
        raise computed(mention.expression + mention.computed)
    # `@df.head()` and `@df` are one.
    if all(one.name != mention.expression for one in along.summaries):
        along.summaries.append(summarise(value, mention.expression))


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
    if found := _existing(path):
        return found
    folder, name = os.path.split(os.path.expanduser(path).rstrip("/"))
    raise _unknown(f"file or folder {path!r}", name, _files(folder))


def _existing(path: str) -> str:
    """Return a path as its file system has it; empty where there is nothing."""
    forms = (path, normalize("NFC", path), normalize("NFD", path))
    return next((one for one in forms if os.path.exists(os.path.expanduser(one))), "")


def _is_variable(names: dict[str, Any], name: str) -> bool:
    return name in names or as_named(name) in names


def _unknown(what: str, wanted: str, known: Iterable[str]) -> BadInput:
    return BadInput(
        f"There is no {what} to mention; nothing was sent.",
        f"{closest(wanted, known)} A literal @ is written \\@.".strip(),
    )


def _is_path(path: str) -> bool:
    return "/" in path or "\\" in path or path.startswith(("~", "."))


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
