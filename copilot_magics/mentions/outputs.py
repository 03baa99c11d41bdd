"""What the cells of this notebook showed: kept as it is shown, since nobody else keeps it.

IPython remembers some of it: nothing of what a cell displays in a kernel, and nothing of what an
awaited cell prints. So the streams and displays are listened to while a cell runs. Of each cell a
bounded text is kept, of the newest ones their pictures too; nothing of it is written anywhere.
The errors that are shown are listened to as well: one that a magic shows, as ``%run`` does, is none
of the cell's own, and IPython keeps none of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import traceback
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple

from copilot_magics.mentions.summary import ends, left_out

_HALF = 10_000
"""Characters of one output's beginning that are kept, and of its end."""
_OUTPUTS = 100
"""Outputs of one cell that are kept, the newest."""
_CELLS = 1_000
_PICTURED = 10
"""Cells whose pictures are kept, the newest."""
_PICTURE = 4 * 2**20
"""Characters of a picture, as it is sent, above which it is not kept."""

ERROR = 60_000
"""Characters of a traceback that are kept, its beginning and its end."""

_ANSI = r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
_OVERWRITTEN = r"(?m)^[^\n]*\r(?!\n|$)"


class Output:
    """One output of a cell, in bounded room however much is written to it.

    Parameters
    ----------
    kind : str
        ``stdout``, ``stderr`` or ``display``.
    text : str
        What it says, as plain text.
    picture : str
        PNG, as base64.
    """

    def __init__(self, kind: str, text: str, picture: str = "") -> None:
        self.kind = kind
        self.change(text, picture)

    def change(self, text: str, picture: str) -> None:
        """Have it say something else."""
        self.picture = picture
        self._length = 0
        self._head = ""
        self._tail: list[str] = []
        self._waiting = 0
        self.write(text)

    def write(self, text: str) -> None:
        """Add to what it says."""
        self._length += len(text)
        if (room := _HALF - len(self._head)) > 0:
            self._head += text[:room]
            text = text[room:]
        if text:
            self._tail.append(text)
            self._waiting += len(text)
        if self._waiting > 4 * _HALF:
            self._tail = ["".join(self._tail)[-_HALF:]]
            self._waiting = _HALF

    @property
    def text(self) -> str:
        """What it says: its beginning and its end."""
        tail = "".join(self._tail)[-_HALF:]
        left = self._length - len(self._head) - len(tail)
        return f"{self._head}{left_out(left) if left else ''}{tail}"


class Line(NamedTuple):
    """A line of a file."""

    path: str
    number: int


class Record:
    """What one run of a cell showed.

    Attributes
    ----------
    outputs : list of Output
        What it printed and displayed.
    error : str
        The tracebacks that it showed.
    script : Line or None
        Where the last error happened in a script that the cell ran.
    """

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.error = ""
        self.script: Line | None = None
        self._clear_before_next = False

    def stream(self, kind: str, text: str) -> None:
        """Take what was printed."""
        last = self.outputs[-1] if self.outputs else None
        if last is None or last.kind != kind or self._clear_before_next:
            self.add(Output(kind, text))
        else:
            last.write(text)

    def clear(self, *, wait: bool) -> None:
        """Forget all of it, now or when something else comes."""
        self._clear_before_next = True
        if not wait:
            self._clear()

    def add(self, output: Output) -> None:
        """Take an output."""
        if self._clear_before_next:
            self._clear()
        self.outputs.append(output)
        del self.outputs[:-_OUTPUTS]

    def _clear(self) -> None:
        self._clear_before_next = False
        self.outputs.clear()


class Recorder:
    """Listens to one shell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._kept: dict[int, Record] = {}
        # What can still be changed, by the ID it is known by.
        self._displays: dict[str, Output] = {}
        # The cell that loads the extension has begun already, and will end.
        self._running: list[tuple[Record, list[Callable[[], None]]]] = [(Record(), [])]
        self._undo: list[Callable[[], None]] = []

    def start(self) -> None:
        """Begin to listen."""
        self._shell.events.register("pre_run_cell", self._began)
        self._shell.events.register("post_run_cell", self._ended)
        if hasattr(self._shell.display_pub, "register_hook"):
            self._shell.display_pub.register_hook(self._hear)
        self._undo.append(_listen(self._shell, "_showtraceback", self._failed))
        _recorders[id(self._shell)] = self

    def stop(self) -> None:
        """Listen no more, and forget."""
        self._shell.events.unregister("pre_run_cell", self._began)
        self._shell.events.unregister("post_run_cell", self._ended)
        if hasattr(self._shell.display_pub, "unregister_hook"):
            self._shell.display_pub.unregister_hook(self._hear)
        for undo in (self._undo, *(undo for _, undo in self._running)):
            for restore in undo:
                restore()
        self._running.clear()
        _recorders.pop(id(self._shell), None)

    @property
    def running(self) -> bool:
        """Whether a cell runs."""
        return bool(self._running)

    def of(self, number: int) -> Record | None:
        """Return what a cell showed, by its execution number, or None."""
        return self._kept.get(number)

    def _began(self, info: Any) -> None:
        if self._running and not getattr(info, "store_history", True):
            # Code that a cell has the shell run, as `%%capture` does: a part of that cell.
            self._running.append((self._running[-1][0], []))
            return
        record = Record()
        undo = [
            _listen(getattr(sys, name), "write", partial(self._printed, record, name))
            for name in ("stdout", "stderr")
        ]
        self._running.append((record, undo))

    def _printed(self, record: Record, kind: str, text: Any, *_: Any) -> None:
        # A terminal prints values and tracebacks too, which are kept as such.
        hook = getattr(self._shell.displayhook, "is_active", False)
        shows = hook or getattr(self._shell, "showing_traceback", False)
        if type(text) is str and not shows:
            record.stream(kind, text)

    def _failed(self, _kind: Any, error: BaseException, lines: list[str], *_: Any) -> None:
        if not self._running:
            return
        record, told = self._running[-1][0], "\n".join(lines)
        handled, _value, frames = sys.exc_info()
        if handled is None:
            # One of before is shown again, by `%tb`.
            record.stream("stderr", f"{told}\n")
        else:
            record.error = ends(f"{record.error}{told}\n", ERROR)
            record.script = _script(error, frames)

    def _ended(self, result: Any) -> None:
        if not self._running:
            return
        record, undo = self._running.pop()
        for restore in reversed(undo):
            restore()
        if any(record is outer for outer, _ in self._running):
            return
        number = getattr(result, "execution_count", None)
        if result is None or (number is None and result.info.store_history):
            # It was interrupted while it awaited, or its error could not be shown.
            number = len(self._shell.history_manager.input_hist_raw) - 1
        if number is None:
            return
        error = result and (result.error_before_exec or result.error_in_exec)
        if (
            error
            and not record.error
            and number not in getattr(self._shell.history_manager, "exceptions", {})
        ):
            record.error = _formatted(error)
        self._kept[number] = record
        self._prune()

    def _prune(self) -> None:
        for number in list(self._kept)[: -_CELLS or None]:
            del self._kept[number]
        pictured = [r for r in self._kept.values() if any(o.picture for o in r.outputs)]
        for record in pictured[:-_PICTURED]:
            for output in record.outputs:
                output.picture = ""

    def _hear(self, message: Any) -> Any:
        # What cannot be read must not cost what is shown.
        with contextlib.suppress(Exception):
            self._take(message["msg_type"], message["content"])
        return message

    def _take(self, kind: str, content: dict[str, Any]) -> None:
        record = self._running[-1][0] if self._running else Record()
        if kind == "clear_output":
            record.clear(wait=bool(content.get("wait")))
            return
        bundle = content["data"]
        output = Output("display", bundle_text(bundle), bundle_picture(bundle))
        display_id = content.get("transient", {}).get("display_id")
        if kind == "display_data":
            record.add(output)
            if display_id:
                self._displays[display_id] = output
                for oldest in list(self._displays)[:-_CELLS]:
                    del self._displays[oldest]
        elif changed := self._displays.get(display_id):
            changed.change(output.text, output.picture)


def recorder(shell: Any) -> Recorder | None:
    """Return who listens to a shell, where the extension is loaded in it."""
    return _recorders.get(id(shell))


_recorders: dict[int, Recorder] = {}


def as_printed(text: str) -> str:
    """Return a stream's text as one sees it: without colours, and lines written over once."""
    return re.sub(_OVERWRITTEN, "", re.sub(_ANSI, "", text).replace("\r\n", "\n"))


def bundle_text(bundle: dict[str, Any]) -> str:
    """Return what a MIME bundle says as text, or what it is where it says nothing."""
    lost = bundle.get("image/png") and not bundle_picture(bundle)
    said = "\n(no picture: it is too large)" if lost else ""
    for kind in ("text/plain", "text/markdown", "text/latex"):
        text = bundle.get(kind)
        if type(text) is str and text:
            return f"{Output('display', text).text}{said}"
    others = [kind for kind in bundle if type(kind) is str and bundle[kind]]
    return f"[{', '.join(others)}]{said}" if others else ""


def bundle_picture(bundle: dict[str, Any]) -> str:
    """Return the PNG of a MIME bundle as base64, or an empty string."""
    picture = bundle.get("image/png", "")
    if type(picture) is bytes:
        import base64

        picture = base64.b64encode(picture).decode()
    return picture if type(picture) is str and len(picture) <= _PICTURE else ""


def picture_data(picture: str) -> bytes:
    """Return a kept picture's bytes; none where it is no base64."""
    import base64

    try:
        return base64.b64decode(picture)
    except ValueError:
        return b""


def _listen(thing: Any, name: str, heard: Callable[..., None]) -> Callable[[], None]:
    """Have the calls of a method heard; returns what undoes it."""
    before = getattr(thing, "__dict__", {}).get(name)
    original = getattr(thing, name)

    def called(*args: Any, **options: Any) -> Any:
        done = original(*args, **options)
        # What cannot be read must not cost what is shown.
        with contextlib.suppress(Exception):
            heard(*args)
        return done

    def restore() -> None:
        if before is not None:
            setattr(thing, name, before)
        else:
            with contextlib.suppress(AttributeError):
                delattr(thing, name)

    try:
        setattr(thing, name, called)
    except AttributeError:
        return lambda: None
    return restore


def _script(error: BaseException, frames: TracebackType | None) -> Line | None:
    """Return where an error happened in a file that was run, or that is no Python; else None."""
    if isinstance(error, SyntaxError) and type(error.filename) is str:
        found = [Line(error.filename, error.lineno or 1)]
    else:
        found = [
            Line(frame.f_code.co_filename, number)
            for frame, number in traceback.walk_tb(frames)
            if frame.f_globals.get("__name__") == "__main__"
        ]
    # The code of a cell has a file's name, but no file.
    return next((line for line in reversed(found) if os.path.isfile(line.path)), None)


def _formatted(error: BaseException) -> str:
    # It may be unable to say what it is.
    with contextlib.suppress(Exception):
        return "".join(traceback.format_exception(error))
    return type(error).__name__
