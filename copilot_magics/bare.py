"""``%%copilot --fix`` with nothing below it: the cell asks what the option means.

IPython refuses a cell magic without a body, so that it is given an empty line for one.
"""

from __future__ import annotations

import re
from typing import Any

_BARE = re.compile(
    r"(get_ipython\(\)\.run_cell_magic\('copilot', (?P<quote>['\"]).*--fix\b.*(?P=quote), )''\)\s*$"
)


def start(shell: Any) -> None:
    """Give such cells a body in a shell."""
    # First: it may then be rewritten to be awaited.
    shell.input_transformers_post.insert(0, with_body)


def stop(shell: Any) -> None:
    """Undo `start`."""
    if with_body in shell.input_transformers_post:
        shell.input_transformers_post.remove(with_body)


def with_body(lines: list[str]) -> list[str]:
    """Return a cell's lines with a body for a ``%%copilot --fix`` that has none."""
    if lines and (found := _BARE.match(lines[0])):
        return [f"{found[1]}'\\n')\n", *lines[1:]]
    return lines
