"""`SessionPicker`: what the page and the kernel say to each other.

The first rows travel with the widget itself, so that they are there at the first paint; everything
else is messages. Looking at the disk, searching and what the buttons do each have a thread, so
neither the page nor the kernel waits for them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anywidget
import msgspec
from traitlets import Dict, List, Unicode

from copilot_magics.display.picker import actions
from copilot_magics.display.picker.cleaning import proposals
from copilot_magics.display.picker.following import Following
from copilot_magics.display.picker.preview import preview
from copilot_magics.display.picker.rows import Row, Table, as_listed
from copilot_magics.display.picker.searching import Search
from copilot_magics.display.table import sessions_html
from copilot_magics.doors import shell
from copilot_magics.errors import BadInput, CopilotError, RuntimeUnavailable, closest
from copilot_magics.extension import loaded_notebook
from copilot_magics.folders import session_state
from copilot_magics.runtime.shared import check_runtime
from copilot_magics.transcripts.search import Hit
from copilot_magics.transcripts.when import age as age_of
from copilot_magics.transcripts.when import moment

FILTERS = ("this-notebook", "this-folder", "bound", "in-use", "damaged", "older")

_STATIC = Path(__file__).parent / "static"
_FIRST, _HEAP, _KEPT = 200, 500, 20
"""Rows that travel with the widget, that go into one message, and that a saved notebook keeps."""

_PAINT, _FILL = 0.1, 0.4
"""Seconds to fill in rows before the first paint, and between two looks at the disk."""


class SessionPicker(anywidget.AnyWidget):
    """A table of all sessions, to find one, read it, take it up, or clear it away.

    Parameters
    ----------
    filter : str or sequence of str
        Show only these sessions at first: ``"this-notebook"``, ``"this-folder"``, ``"bound"`` (to
        any notebook), ``"in-use"``, ``"damaged"``, ``"older"`` (than 30 days) or, for another age,
        ``"older:7d"``.
    search : str
        Text to search for at first.
    height : str or int
        Height of the whole, in CSS's units or in pixels.

    Attributes
    ----------
    value : str or None
        ID of the selected session. Observable, as are the others.
    selected : list of str
        IDs of all selected sessions.
    search : str
        What is searched for.
    filters : list of str
        Which filters are on, by the names above; ``older`` holds the age.
    height : str
        Height of the whole.

    Raises
    ------
    BadInput
        There is no such filter.
    """

    _esm = _STATIC / "picker.js"
    _css = _STATIC / "picker.css"

    value = Unicode(None, allow_none=True).tag(sync=True)
    selected = List(Unicode()).tag(sync=True)
    search = Unicode().tag(sync=True)
    filters = List(Unicode()).tag(sync=True)
    older = Unicode("30d").tag(sync=True)
    height = Unicode("480px").tag(sync=True)
    # Also of one that was never finished, for want of such a filter, and is closed all the same.
    _following: Following | None = None
    _search: Search | None = None
    _worker: ThreadPoolExecutor | None = None
    _head = Dict().tag(sync=True)
    _rows: List[dict[str, Any]] = List().tag(sync=True)

    def __init__(
        self,
        filter: str | Sequence[str] = (),
        *,
        search: str = "",
        height: str | int = "480px",
        **options: Any,
    ) -> None:
        names, older = _filters([filter] if isinstance(filter, str) else filter)
        self._notebook = loaded_notebook(shell())
        path = self._notebook.path if self._notebook else ""
        self._folder = os.path.dirname(path) or os.getcwd()
        self._table = Table(self._folder, lambda: self._notebook.bound_id if self._notebook else "")
        self._looking = threading.Lock()
        self._following = Following(self._step)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="copilot-magics-picker")
        self._line: Any = None
        self._unreadable = ""
        self._notice = _notice()
        try:
            self._table.look(_FIRST)
            self._table.fill_in(_PAINT)
        except OSError as error:
            self._unreadable = error.strerror or str(error)
        super().__init__(
            filters=names,
            older=older,
            search=search,
            height=f"{height}px" if isinstance(height, int) else height,
            _head=self._state(),
            _rows=list(map(_plain, self._table.rows)),
            **options,
        )
        self.on_msg(self._received)

    def close(self) -> None:
        """Take the picker out of its pages, and follow the disk no more."""
        if self._following:
            self._following.stop()
        if self._search:
            self._search.cancel()
        if self._worker:
            self._worker.shutdown(wait=False)
        super().close()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if self.comm is None:
            print(f"{self!r} is closed.")
            return
        data, metadata = self._repr_mimebundle_() or ({"text/plain": repr(self)}, {})
        # For readers without a kernel, and where there are no widgets at all.
        data["text/html"] = sessions_html(list(map(as_listed, self._table.rows[:_KEPT])))
        display(data, metadata=metadata, raw=True)
        # The notebook's own word on what the picker did: it stays when the widget is gone.
        self._line = display({"text/html": "", "text/plain": ""}, raw=True, display_id=True)

    def __repr__(self) -> str:
        return f"SessionPicker(value={self.value!r}, {len(self._table.sessions)} sessions)"

    def _received(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        do = _DO.get(str(content.pop("do", "")))
        if do is not None:
            do(self, **content)

    def _hello(self) -> None:
        with self._looking:
            rows = self._table.rows
        # A page that was loaded again begins with the rows that came with the widget.
        known = {row.id for row in rows}
        self._send_rows(rows, [row["id"] for row in self._rows if row["id"] not in known])
        if self._following:
            self._following.start()

    def _bye(self) -> None:
        if self._following:
            self._following.pause()

    def _step(self) -> bool:
        """Look at the disk, fill in some rows, and say whether there is more to do at once."""
        with self._looking:
            try:
                different, gone = self._table.look(_HEAP)
                self._unreadable = ""
            except OSError as error:
                # The page shows what is wrong instead of the rows, which stay for when it is not.
                different, gone = [], []
                self._unreadable = error.strerror or str(error)
            rows = {row.id: row for row in (*different, *self._table.fill_in(_FILL))}
            if rows or gone:
                self._send_rows(list(rows.values()), gone)
            self._head = self._state()
            return not self._unreadable and not self._table.complete

    def _send_rows(self, rows: list[Row], gone: list[str]) -> None:
        for start in range(0, max(len(rows), 1), _HEAP):
            heap = list(map(_plain, rows[start : start + _HEAP]))
            self.send({"is": "rows", "rows": heap, "gone": gone if start == 0 else []})

    def _state(self) -> dict[str, object]:
        total = len(self._table.sessions)
        state, text, mend = "ok", "", ""
        if self._unreadable:
            state = "unreadable"
            text = f"{session_state()} cannot be read: {self._unreadable}."
            mend = "Make it readable for you, or name another folder with COPILOT_HOME."
        elif not total:
            state = "empty"
            text = "There are no sessions yet."
            mend = "%copilot_session NAME creates one, and %%copilot asks it."
        return {
            "state": state,
            "text": text,
            "mend": mend,
            "notice": self._notice,
            "total": total,
            "complete": self._table.complete,
        }

    def _preview(self, id: str, before: int | None, n: int) -> None:
        html, start = preview(id, before)
        self.send(
            {"is": "preview", "id": id, "before": before, "n": n, "html": html, "start": start}
        )

    def _find(self, text: str, n: int) -> None:
        if self._search is not None:
            self._search.cancel()
            self._search = None
        if not text.strip():
            return
        sessions = self._table.sessions

        def tell(hits: list[Hit], read: int, done: bool) -> None:
            told = [{"id": hit.session, **_plain(hit)} for hit in hits]
            self.send(
                {
                    "is": "hits",
                    "n": n,
                    "hits": told,
                    "done": done,
                    "read": read,
                    "total": len(sessions),
                }
            )

        self._search = Search(text.strip(), sessions, tell)

    def _resume(self, id: str) -> None:
        self._act(lambda: self._bound(actions.resume(id, self._notebook)))

    def _fork(self, id: str) -> None:
        self._act(lambda: self._bound(actions.fork(id, self._notebook)))

    def _rewind(self, id: str, event: str) -> None:
        def work() -> str:
            try:
                told = self._bound(actions.rewind(id, event, self._notebook))
            except BadInput:
                # It went back elsewhere, unseen by a page that looks further up.
                self.send({"is": "rewound", "id": id})
                raise
            self.send({"is": "rewound", "id": id})
            return told

        self._act(work)

    def _bound(self, told: str) -> str:
        if self._line is not None:
            from copilot_magics.display.html import text_to_html

            self._line.update(
                {"text/html": f"<p>{text_to_html(told)}</p>", "text/plain": told}, raw=True
            )
        return told

    def _title(self, id: str, title: str) -> None:
        self._act(lambda: actions.set_title(id, title))

    def _star(self, id: str, on: bool) -> None:
        self._act(lambda: actions.star(id, on))

    def _export(self, ids: list[str], **options: Any) -> None:
        # `as` is the page's word for it, and no name for Python.
        self._act(lambda: actions.write(ids, options["as"], self._folder))

    def _delete(self, ids: list[str]) -> None:
        def work() -> str:
            with self._looking:
                # Who uses it may have changed since the page was drawn.
                self._table.look()
                rows = list(filter(None, map(self._table.get, ids)))
            told, refused = actions.delete(rows)
            if refused:
                if told:
                    self._say(told)
                raise refused
            return told

        self._act(work)

    def _clean(self, age: str) -> None:
        def work() -> str:
            before = moment(age.strip(), "the age")
            while self._step():
                continue
            with self._looking:
                found = proposals(self._table.rows, before)
            self.send({"is": "clean", "proposals": found})
            return "" if found else f"There is nothing to clean up: nothing older than {age}."

        self._act(work)

    def _act(self, work: Callable[[], str]) -> None:
        """Do something in the picker's thread, and say how it went."""

        def run() -> None:
            try:
                told = work()
            except CopilotError as error:
                self._say(str(error), error=True)
            except Exception as error:
                # Nobody else would see it, and the page must not wait for ever.
                self._say(f"{type(error).__name__}: {error}", error=True)
            else:
                if told:
                    self._say(told)
            if self._following:
                self._following.hurry()

        if self._worker:
            self._worker.submit(run)

    def _say(self, text: str, *, error: bool = False) -> None:
        self.send({"is": "said", "text": text, "error": error})


_DO: dict[str, Callable[..., None]] = {
    "hello": SessionPicker._hello,
    "bye": SessionPicker._bye,
    "preview": SessionPicker._preview,
    "search": SessionPicker._find,
    "resume": SessionPicker._resume,
    "fork": SessionPicker._fork,
    "rewind": SessionPicker._rewind,
    "title": SessionPicker._title,
    "star": SessionPicker._star,
    "export": SessionPicker._export,
    "delete": SessionPicker._delete,
    "clean": SessionPicker._clean,
}


def _filters(wanted: Sequence[str]) -> tuple[list[str], str]:
    """Return the names of filters, and the age of ``older``."""
    names, older = [], "30d"
    for name in wanted:
        name, colon, age = name.partition(":")
        if name not in FILTERS or (colon and (name != "older" or age_of(age) is None)):
            raise BadInput(
                f"There is no filter {name + colon + age!r}.",
                f"{closest(name, FILTERS)} There are {', '.join(FILTERS)}, and older:7d; text to "
                "search for goes into search=.".lstrip(),
            )
        names.append(name)
        older = age or older
    return list(dict.fromkeys(names)), older


def _notice() -> str:
    try:
        check_runtime()
    except RuntimeUnavailable as error:
        return f"{error} Until then, sessions can be read here, searched and exported."
    return ""


def _plain(value: Row | Hit) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain
