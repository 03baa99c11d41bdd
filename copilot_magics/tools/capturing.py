"""What a tool's code shows while it runs: kept, and shown in the cell as it comes.

The streams and the display publisher stay what they are; only their ``write`` and ``publish`` are
listened to, as IPython does it itself, since libraries hold on to a stream and ask what it is. What
the code shows is told from what others show meanwhile by the task in which it is shown, or by who
started the thread. What cannot be told apart, such as what processes print, the agent is not told.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from copilot_magics.texts import as_text
from copilot_magics.tools.results import Excerpt, joined

_STREAM = 1_000_000
"""Characters of one stream's text that are kept, its beginning and its end."""


class Printed:
    """What was written to a stream, in bounded room however much it is.

    Parameters
    ----------
    stream : str
        ``stdout`` or ``stderr``.
    text : str
        What was written first.
    told : bool
        Whether the agent is told it.
    """

    def __init__(self, stream: str, text: str, *, told: bool = True) -> None:
        self.stream = stream
        self.told = told
        self._kept = Excerpt("")
        # One text that grows would be copied with each piece.
        self._pieces: list[str] = []
        self._waiting = 0
        self.write(text)

    def write(self, text: str) -> None:
        """Add what was written next."""
        self._pieces.append(text)
        self._waiting += len(text)
        if self._waiting > _STREAM:
            self._kept = self.text.shortened(_STREAM)
            self._pieces, self._waiting = [], 0

    @property
    def text(self) -> Excerpt:
        """What was written: all of it, or its beginning and its end."""
        return joined([self._kept, Excerpt("".join(self._pieces))])


@dataclass
class Displayed:
    """What was displayed, as a MIME bundle; and whether the agent is told it."""

    data: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)
    transient: dict[str, Any] = field(default_factory=dict)
    told: bool = True


Output = Printed | Displayed


class Capture:
    """Keeps what is shown by the task that entered it, and by threads that it started.

    What other threads show meanwhile is kept too, since the cell shows it, but the agent is not
    told it.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell or None
        Whose displays are kept; None: the streams alone.
    shown : bool
        Whether the cell shows it too.

    Attributes
    ----------
    outputs : list of Printed or Displayed
        What was shown, in order, as a notebook would keep it.
    """

    def __init__(self, shell: Any, *, shown: bool) -> None:
        self._shell = shell
        self._shown = shown
        self._clear_before_next = False
        self.outputs: list[Output] = []

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Listen, from here on in this task."""
        token = _current.set(self)
        _listening.append(self)
        if len(_listening) == 1:
            _undo.extend(_tap(self._shell))
        try:
            yield
        finally:
            _listening.remove(self)
            if not _listening:
                while _undo:
                    _undo.pop()()
            _current.reset(token)

    def write(self, stream: str, text: str, *, told: bool = True) -> bool:
        """Take what was printed; whether it is to be shown."""
        self._before()
        last = self.outputs[-1] if self.outputs else None
        if isinstance(last, Printed) and (last.stream, last.told) == (stream, told):
            last.write(text)
        else:
            self.outputs.append(Printed(stream, text, told=told))
        return self._shown or not told

    def publish(self, displayed: Displayed, *, update: bool) -> bool:
        """Take what was displayed; whether it is to be shown."""
        if update:
            for output in self.outputs:
                if isinstance(output, Displayed) and _same_id(output, displayed):
                    output.data, output.metadata = displayed.data, displayed.metadata
        else:
            self._before()
            self.outputs.append(displayed)
        return self._shown or not displayed.told

    def clear(self, *, wait: bool) -> None:
        """Forget what was shown, now or when something else comes.

        In the cell it stays until the turn's end: there, clearing would take the answer along.
        """
        self._clear_before_next = wait
        if not wait:
            self.outputs.clear()

    def _before(self) -> None:
        if self._clear_before_next:
            self._clear_before_next = False
            self.outputs.clear()


def show_again(shown: list[list[Output]]) -> None:
    """Show what was kept of several, once more.

    Parameters
    ----------
    shown : list of list of Printed or Displayed
        What each has shown.
    """
    from IPython.display import publish_display_data

    for output in itertools.chain.from_iterable(shown):
        if isinstance(output, Printed):
            getattr(sys, output.stream).write(str(output.text))
            continue
        # What cannot be shown has failed before, and must not cost what comes after it.
        with contextlib.suppress(Exception):
            publish_display_data(output.data, output.metadata, transient=output.transient)


def spelled_out(shown: Any) -> Any:
    """Return what is shown as it can be sent to a notebook: half characters are spelled out.

    Parameters
    ----------
    shown : object
        A text, a MIME bundle, or a part of one.
    """
    if isinstance(shown, str):
        return as_text(shown)
    if isinstance(shown, dict):
        return {
            as_text(key) if isinstance(key, str) else key: spelled_out(value)
            for key, value in shown.items()
        }
    if isinstance(shown, list | tuple):
        return [spelled_out(one) for one in shown]
    return shown


def current_capture() -> Capture | None:
    """Return who keeps what this task shows."""
    return _current.get()


_current: ContextVar[Capture | None] = ContextVar("capture", default=None)
_NOBODY = Capture(None, shown=True)
_STARTED_BY = "_copilot_magics_started_by"
_listening: list[Capture] = []
_undo: list[Callable[[], None]] = []


def _whose() -> Capture | None:
    """Return whose code shows something in this moment."""
    # A thread knows nothing of the task that started it.
    found = _current.get() or vars(threading.current_thread()).get(_STARTED_BY)
    return found if found in _listening else None


def _keeper() -> tuple[Capture | None, bool]:
    """Return who keeps what is shown in this moment, and whether it is what his own code shows."""
    if found := _whose():
        return found, True
    # A thread of the user's, or the kernel's own that prints what processes print, the user's too.
    stranger = threading.current_thread() is not threading.main_thread()
    hidden = _current.get() is _NOBODY
    return [None, *_listening][-1] if stranger and not hidden else None, False


def _tap(shell: Any) -> Iterator[Callable[[], None]]:
    yield _tap_threads()
    for name in ("stdout", "stderr"):
        yield _tap_stream(name)
    if shell is not None:
        yield _tap_publish(shell.display_pub)
        yield _tap_clear(shell.display_pub)
        yield _tap_traceback(shell)


def _tap_threads() -> Callable[[], None]:
    """Have it noted who starts a thread: the user's own may start some meanwhile, too."""
    original = threading.Thread.start

    def start(thread: threading.Thread, *args: Any, **options: Any) -> Any:
        vars(thread)[_STARTED_BY] = _whose()
        return original(thread, *args, **options)

    return _replace(threading.Thread, "start", start)


def _tap_stream(name: str) -> Callable[[], None]:
    stream = getattr(sys, name)
    original = stream.write

    def write(text: str, *args: Any, **options: Any) -> Any:
        capture, told = _keeper()
        if capture and isinstance(text, str):
            text = as_text(text)
            if not capture.write(name, text, told=told):
                return len(text)
        return original(text, *args, **options)

    return _replace(stream, "write", write)


def _tap_publish(publisher: Any) -> Callable[[], None]:
    original = publisher.publish

    def publish(data: Any, metadata: Any = None, *args: Any, **options: Any) -> Any:
        (capture, told), transient = _keeper(), options.get("transient")
        if capture and isinstance(data, dict):
            data, metadata = spelled_out(data), spelled_out(metadata)
            displayed = Displayed(data, metadata or {}, transient or {}, told)
            if not capture.publish(displayed, update=bool(options.get("update"))):
                return None
            # In a terminal its text is printed: that is no output of its own.
            with _nobody_listens():
                return original(data, metadata, *args, **options)
        return original(data, metadata, *args, **options)

    return _replace(publisher, "publish", publish)


def _tap_clear(publisher: Any) -> Callable[[], None]:
    original = publisher.clear_output

    def clear_output(wait: bool = False) -> Any:
        if capture := _whose():
            return capture.clear(wait=wait)
        return original(wait=wait)

    return _replace(publisher, "clear_output", clear_output)


def _tap_traceback(shell: Any) -> Callable[[], None]:
    original = shell._showtraceback

    def show(kind: Any, error: Any, lines: list[str]) -> Any:
        # As an error's output it would count as the cell's own failure.
        if _whose():
            return print("\n".join(lines), file=sys.stderr)
        return original(kind, error, lines)

    return _replace(shell, "_showtraceback", show)


@contextlib.contextmanager
def _nobody_listens() -> Iterator[None]:
    token = _current.set(_NOBODY)
    try:
        yield
    finally:
        _current.reset(token)


def _replace(thing: Any, name: str, ours: Any) -> Callable[[], None]:
    before = getattr(thing, "__dict__", {}).get(name)

    def restore() -> None:
        # Somebody else may have put something there since, or taken ours away.
        if getattr(thing, name) is not ours:
            return
        if before is not None:
            setattr(thing, name, before)
        else:
            delattr(thing, name)

    try:
        setattr(thing, name, ours)
    except AttributeError:
        return lambda: None
    return restore


def _same_id(one: Displayed, other: Displayed) -> bool:
    known = one.transient.get("display_id")
    return known is not None and known == other.transient.get("display_id")
