"""What the cells of this notebook showed: kept as it is shown, since nobody else keeps it.

IPython remembers some of it: nothing of what a cell displays in a kernel, and nothing of what an
awaited cell prints. So the streams and displays are listened to while a cell runs. Of each cell a
bounded text is kept, of the newest ones their pictures too; nothing of it is written anywhere.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

_HALF = 10_000
"""Characters of one output's beginning that are kept, and of its end."""
_OUTPUTS = 100
"""Outputs of one cell that are kept, the newest."""
_CELLS = 1_000
_PICTURED = 10
"""Cells whose pictures are kept, the newest."""
_PICTURE = 4 * 2**20
"""Characters of a picture, as it is sent, above which it is not kept."""

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
        between = f"\n… ({left:,} characters left out)\n" if left else ""
        return f"{self._head}{between}{tail}"


class Record:
    """What one run of a cell showed."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.error = ""
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

    def start(self) -> None:
        """Begin to listen."""
        self._shell.events.register("pre_run_cell", self._began)
        self._shell.events.register("post_run_cell", self._ended)
        if hasattr(self._shell.display_pub, "register_hook"):
            self._shell.display_pub.register_hook(self._hear)
        _recorders[id(self._shell)] = self

    def stop(self) -> None:
        """Listen no more, and forget."""
        self._shell.events.unregister("pre_run_cell", self._began)
        self._shell.events.unregister("post_run_cell", self._ended)
        if hasattr(self._shell.display_pub, "unregister_hook"):
            self._shell.display_pub.unregister_hook(self._hear)
        for _, undo in self._running:
            for restore in undo:
                restore()
        _recorders.pop(id(self._shell), None)

    @property
    def running(self) -> bool:
        """Whether a cell runs."""
        return bool(self._running)

    def of(self, number: int) -> Record | None:
        """Return what a cell showed, by its execution number, or None."""
        return self._kept.get(number)

    def _began(self, _info: Any) -> None:
        record = Record()
        undo = [
            _listen(getattr(sys, name), partial(self._printed, record, name))
            for name in ("stdout", "stderr")
        ]
        self._running.append((record, undo))

    def _printed(self, record: Record, kind: str, text: str) -> None:
        # A terminal prints values and tracebacks too, which IPython keeps.
        hook = getattr(self._shell.displayhook, "is_active", False)
        if not hook and not getattr(self._shell, "showing_traceback", False):
            record.stream(kind, text)

    def _ended(self, result: Any) -> None:
        if not self._running:
            return
        record, undo = self._running.pop()
        for restore in reversed(undo):
            restore()
        number = getattr(result, "execution_count", None)
        if result is None or (number is None and result.info.store_history):
            # It was interrupted while it awaited, or its error could not be shown.
            number = len(self._shell.history_manager.input_hist_raw) - 1
        if number is None:
            return
        error = result and (result.error_before_exec or result.error_in_exec)
        if error and number not in getattr(self._shell.history_manager, "exceptions", {}):
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
    for kind in ("text/plain", "text/markdown", "text/latex"):
        text = bundle.get(kind)
        if type(text) is str and text:
            return Output("display", text).text
    others = [kind for kind in bundle if type(kind) is str and bundle[kind]]
    return f"[{', '.join(others)}]" if others else ""


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


def _listen(stream: Any, heard: Callable[[str], None]) -> Callable[[], None]:
    """Have what is written to a stream heard; returns what undoes it."""
    before = vars(stream).get("write") if hasattr(stream, "__dict__") else None
    original = stream.write

    def write(data: str, *args: Any, **options: Any) -> Any:
        written = original(data, *args, **options)
        if type(data) is str:
            heard(data)
        return written

    def restore() -> None:
        if before is not None:
            stream.write = before
        else:
            with contextlib.suppress(AttributeError):
                del stream.write

    try:
        stream.write = write
    except AttributeError:
        return lambda: None
    return restore


def _formatted(error: BaseException) -> str:
    import traceback

    # It may be unable to say what it is.
    with contextlib.suppress(Exception):
        return "".join(traceback.format_exception(error))
    return f"{type(error).__name__}"
