"""What goes along with a prompt: files, images and folders, checked before anything is sent."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from copilot_magics.errors import BadInput, closest


def attach(paths: Iterable[str | Path]) -> list[dict[str, Any]]:
    """Return attachments in the SDK's form (`copilot.session.Attachment`).

    Parameters
    ----------
    paths : iterable of path
        Files, images and folders, relative to the current folder.

    Raises
    ------
    BadInput
        One does not exist or cannot be read; names the closest.
    """
    return [_attach(Path(path).expanduser()) for path in paths]


def _attach(path: Path) -> dict[str, Any]:
    whole = path.absolute()
    if not whole.exists():
        try:
            beside = os.listdir(whole.parent)
        except OSError:
            beside = []
        raise BadInput(
            f"There is no file or folder {str(path)!r} to attach; nothing was sent.",
            closest(path.name, beside) or f"Relative paths start at {os.getcwd()}.",
        )
    if not os.access(whole, os.R_OK):
        raise BadInput(f"{str(path)!r} cannot be read; nothing was sent.", "Check its permissions.")
    kind = "directory" if whole.is_dir() else "file"
    return {"type": kind, "path": str(whole), "displayName": path.name or str(whole)}
