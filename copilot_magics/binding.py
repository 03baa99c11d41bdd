"""Which notebook belongs to which session: one small file a notebook, named by its path's hash.

A notebook is named by its path, so that two of one name in different folders do not mix, and a
restarted kernel finds its session again. Where no path is known, as under papermill and nbclient,
there is nothing to remember, and two runs never share a session by accident.
"""

from __future__ import annotations

import getpass
import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec

from copilot_magics.errors import StateUnusable
from copilot_magics.folders import own_state, read_private, write_private
from copilot_magics.ids import propose_id
from copilot_magics.texts import DAMAGED, as_text


class _Binding(msgspec.Struct):
    notebook: str
    session: str


def watched(shell: Any) -> bool:
    """Whether someone is there to look at this cell.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell or None
        The shell that runs the cell.
    """
    if shell is None:
        return False
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        import sys

        return bool(sys.stdin is not None and sys.stdin.isatty())
    return bool(getattr(kernel, "_allow_stdin", False))


def can_answer(shell: Any) -> bool:
    """Whether someone could answer, and would see what is asked: ``%%capture`` hides it."""
    if not watched(shell):
        return False
    from IPython.core.displaypub import CapturingDisplayPublisher

    return not isinstance(shell.display_pub, CapturingDisplayPublisher)


def this_notebook(shell: Any) -> str:
    """Return the absolute path of the notebook that a shell runs, or an empty string.

    VS Code names it in the user's namespace, the Jupyter server in ``JPY_SESSION_NAME``. A kernel
    started by papermill from within a notebook inherits that variable, which is why nobody's
    kernel has no notebook.
    """
    if shell is None or not hasattr(shell, "kernel") or not watched(shell):
        return ""
    name = shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME") or ""
    if not name:
        return ""
    path = Path(str(name))
    # Older servers give the path relative to their root; kernels start in the notebook's folder.
    return str(path if path.is_absolute() else Path(_START) / path.name)


_START = os.getcwd()


def own_name(notebook: str) -> str:
    """Return the ID proposed for a notebook's own session, such as ``alice-churn``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "me"
    return propose_id(f"{user}-{Path(notebook).stem if notebook else 'session'}")


def bound_session(notebook: str) -> str:
    """Return the ID that a notebook is bound to, or an empty string."""
    found = _read(_file(notebook)) if notebook else None
    return found.session if found and found.notebook == as_text(notebook) else ""


def bind(notebook: str, session: str) -> None:
    """Remember that a notebook is bound to a session."""
    if notebook:
        kept = _Binding(as_text(notebook), session)
        write_private(_file(notebook), msgspec.json.encode(kept))


def bound_notebooks() -> dict[str, str]:
    """Return the notebook of each bound session, by the session's ID."""
    return {found.session: found.notebook for found in _all().values()}


def forget(session: str) -> None:
    """Unbind every notebook from a deleted session."""
    for path, found in _all().items():
        if found.session == session:
            path.unlink(missing_ok=True)


def _folder() -> Path:
    return own_state() / "bindings"


def _file(notebook: str) -> Path:
    return _folder() / f"{hashlib.sha256(as_text(notebook).encode()).hexdigest()[:32]}.json"


def _read(path: Path) -> _Binding | None:
    try:
        return msgspec.json.decode(read_private(path), type=_Binding)
    except StateUnusable:
        raise
    except (OSError, *DAMAGED):
        return None


def _all() -> dict[Path, _Binding]:
    read = ((path, _read(path)) for path in sorted(_folder().glob("*.json")))
    return {path: found for path, found in read if found is not None}
