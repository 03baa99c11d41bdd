"""What the magics share: the notebook they speak for, ``--help``, and the imports they begin."""

from __future__ import annotations

import contextlib
import importlib
import threading
from typing import Any

from IPython.core.magic import Magics
from IPython.core.magic_arguments import argument

from copilot_magics.errors import RuntimeUnavailable
from copilot_magics.notebook import Notebook

HELP = argument("-h", "--help", action="store_true", help="Show this help.")


class NotebookMagics(Magics):
    """Magics of one notebook.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    notebook : Notebook
        What the shell is bound to.
    """

    def __init__(self, shell: Any, notebook: Notebook) -> None:
        super().__init__(shell)
        self.notebook = notebook


def begin_imports() -> None:
    """Begin to import what a first prompt needs, in the background.

    Not where there is no runtime: the imports would only delay the error that says so.
    """
    global _importing
    if _importing is None:
        from copilot_magics.runtime.shared import check_runtime

        try:
            check_runtime()
        except RuntimeUnavailable:
            return
        _importing = threading.Thread(target=_import_slow, name="copilot-magics-imports")
        _importing.daemon = True
        _importing.start()


_importing: threading.Thread | None = None


def _import_slow() -> None:
    for name in ("copilot", "pandas", "ipywidgets"):
        # Whoever needs it will see the error.
        with contextlib.suppress(Exception):
            importlib.import_module(name)
