"""A session as a notebook: prompts as ``%%copilot`` cells, answers as their outputs, code as cells.

Its first cell takes the session up again, so that the notebook can go on where the session stands.
Each prompt's cell bears the ID of the prompt's event, by which ``--rerun replay`` and ``rewind``
know it again. It is written as JSON by hand: the format is small, and a library for it would be
needed for nothing else.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from copilot_magics.answers.cells import cell_code, fences, is_cell_magic, python_code
from copilot_magics.display.fences import Fence
from copilot_magics.display.stream import final_bundle
from copilot_magics.documents import write_document
from copilot_magics.errors import BadInput
from copilot_magics.folders import session_state
from copilot_magics.mentions.finding import Mention, find, with_mentions
from copilot_magics.replay import reply_in
from copilot_magics.reply import Reply
from copilot_magics.retelling import Retold, attached, retold, turn_numbers
from copilot_magics.transcripts import facts, not_found
from copilot_magics.transcripts.frame import session_frame
from copilot_magics.transcripts.restrictions import Restrictions
from copilot_magics.words import one_line

Json = dict[str, Any]

_SHELLS = {"bash": "bash", "sh": "sh", "shell": "bash", "zsh": "bash", "console": ""}
"""Languages of a shell, and the cell magic that runs one."""

_SENDS = re.compile(r"(?<!\w)copilot(?!\w*[/\\-])")
"""What code names that may send a prompt: our magics and module, the SDK, the CLI; no folder."""

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What may be a cell's ID."""

_UPWARDS = re.compile(r"\A(?:\.\./)*/?")

_METADATA: Json = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


def write_notebook(session: str, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write a session as a notebook (nbformat 4.5); nothing is asked, and no runtime is needed.

    Parameters
    ----------
    session : str
        The session's ID.
    path : path
        The file; ``.ipynb`` is put behind a name that ends in nothing.
    overwrite : bool
        Whether to replace a file that is there.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SessionNotFound, BadInput
        There is no such session, or the path cannot be used: a file is there, say.
    CopilotError
        The file cannot be written.
    """
    known = facts(session)
    if known is None:
        raise not_found(session)
    target = _target(path, overwrite)
    frame = session_frame(session_state(), session, Restrictions())
    notebook = {
        "cells": list(_cells(session, list(retold(frame, turn_numbers(frame))))),
        "metadata": _METADATA,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    text = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
    try:
        write_document(target, text.encode(errors="backslashreplace"), overwrite=overwrite)
    except FileExistsError:
        raise _exists(target) from None
    return target


def _target(path: str | Path, overwrite: bool) -> Path:
    try:
        target = Path(path).expanduser()
        os.fsencode(target)
    except (RuntimeError, UnicodeError):
        # Nobody has that name, or it is no text.
        raise _unfit(path) from None
    if "\0" in str(target):
        raise _unfit(path)
    # Not the methods of a path: they raise for a name that is too long.
    if target.name and not target.suffix and not os.path.isdir(target):
        target = target.with_name(f"{target.name}.ipynb")
    if target.suffix != ".ipynb" or os.path.isdir(target):
        raise _unfit(path)
    if os.path.lexists(target) and not overwrite:
        raise _exists(target)
    return target


def _unfit(path: str | Path) -> BadInput:
    return BadInput(
        f"{one_line(repr(str(path)), 200)} cannot be a notebook; nothing was written.",
        "Give a file's name that ends in .ipynb.",
    )


def _exists(target: Path) -> BadInput:
    return BadInput(
        f"{target} exists; nothing was written.",
        "Give another name, or replace it with `overwrite=True`.",
    )


def _cells(session: str, turns: list[Retold]) -> Iterator[Json]:
    # Replayed, so that running all of it costs nothing and shows what was answered.
    first = f"%load_ext copilot_magics\n%copilot_session {session} --rerun replay"
    yield _code("take-it-up-again", first)
    taken = {"take-it-up-again"}
    for told in turns:
        name = told.event if _ID.fullmatch(told.event) else f"turn-{told.turn}"
        while name in taken:
            name = f"{name[:50]}-again"
        taken.add(name)
        yield _code(name, _source(told), [_output(session, told)])
        for number, fence in enumerate(fences(told.answer), 1):
            if cell := _code_cell(f"turn-{told.turn}-code-{number}", fence):
                yield cell


def _source(told: Retold) -> str:
    paths = [one for a in told.attachments if isinstance(one := a.get("path"), str)]
    names = {one for a in told.attachments if isinstance(one := a.get("displayName"), str)}

    def went_along(mention: Mention) -> bool:
        if mention.cell is not None:
            return any(name.startswith("cell:") for name in names)
        told_as = mention.expression.replace('"', "'")
        return told_as in names or any(_is_path(mention, path) for path in paths)

    # What looks like a mention and sent nothing was literal, and must be so again.
    prompt = with_mentions(told.prompt, went_along)
    mentioned = find(prompt)[1]
    options = "".join(
        f" --attach {_quoted(path)}"
        for path in paths
        if _is_one_line(path) and not any(_is_path(mention, path) for mention in mentioned)
    )
    return f"%%copilot{options}\n{prompt}"


def _is_path(mention: Mention, path: str) -> bool:
    """Whether a mention may have sent a path, which the journal has as a whole one."""
    typed = mention.copy or mention.path
    wanted = _UPWARDS.sub("", os.path.normpath(os.path.expanduser(typed)))
    return bool(typed) and f"/{path.rstrip('/')}".endswith(f"/{wanted}")


def _is_one_line(path: str) -> bool:
    return path.isprintable() and not ("'" in path and '"' in path)


def _quoted(path: str) -> str:
    return f'"{path}"' if "'" in path else shlex.quote(path)


def _output(session: str, told: Retold) -> Json:
    is_aborted = bool((told.rows["type"] == "abort").any())
    reply = reply_in(told.rows, session, told.message) or Reply(
        told.answer,
        session=session,
        model="",
        usage={},
        duration=0.0,
        outcome="answered" if told.answer else "aborted" if is_aborted else "failed",
        message_id=told.message,
    )
    along = ", ".join(map(attached, told.attachments))
    notices = [f"Sent along: {along}"] if along else []
    notices += [one_line(error, 500) for error in told.errors]
    if not told.answer and not told.errors:
        notices.append("This prompt has no answer.")
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": final_bundle(reply, notices, told.calls),
    }


def _code_cell(name: str, fence: Fence) -> Json | None:
    """Return a block of code as a cell.

    What a notebook cannot run is a cell to be read, and so is what may send a prompt: whoever runs
    the whole notebook wants to see what was answered.
    """
    text = cell_code(fence)
    if not text:
        return None
    code = python_code(fence.source)
    if not code and (magic := _SHELLS.get(fence.language.lower())):
        code = text if is_cell_magic(text) else f"%%{magic}\n{text}"
    if code and not _SENDS.search(code):
        return _code(name, code)
    return {"cell_type": "raw", "id": name, "metadata": {}, "source": text}


def _code(name: str, source: str, outputs: list[Json] | None = None) -> Json:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "execution_count": None,
        "outputs": outputs or [],
        "source": source,
    }
