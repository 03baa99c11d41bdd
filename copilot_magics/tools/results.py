"""What the agent is told of a call: a bounded text, pictures, and whether it failed.

The runtime puts a text of more than 20 kB into a file, of which the model sees the beginning; so
what a tool says stays below that, and says what it leaves out.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copilot.tools import ToolResult

MOST = 16_000
"""Bytes of a text that the agent is told."""

_PICTURES, _PICTURE = 4, 3 * 2**20
"""How many pictures go along with a text, and the bytes of one."""

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Told:
    """What the agent is told.

    Parameters
    ----------
    text : str
        What came of it.
    failed : bool
        Whether it failed.
    pictures : tuple of bytes
        PNG.
    """

    text: str
    failed: bool = False
    pictures: tuple[bytes, ...] = ()

    def for_agent(self) -> ToolResult:
        """Return it in the SDK's form."""
        from copilot.tools import ToolBinaryResult, ToolResult

        sent = [data for data in self.pictures if len(data) <= _PICTURE][:_PICTURES]
        text = bounded("\n\n".join(filter(None, (self.text, _named(self.pictures, sent)))))
        return ToolResult(
            text_result_for_llm=text,
            result_type="failure" if self.failed else "success",
            error=text if self.failed else None,
            binary_results_for_llm=[
                ToolBinaryResult(
                    data=base64.b64encode(data).decode(),
                    mime_type="image/png",
                    description=f"Picture {number}",
                )
                for number, data in enumerate(sent, 1)
            ]
            or None,
        )


def bounded(text: str, most: int = MOST) -> str:
    """Return a text of at most so many bytes: its beginning, its end, and what was left out.

    Parameters
    ----------
    text : str
        The text.
    most : int
        Bytes in UTF-8.
    """
    data = text.encode(errors="replace")
    if len(data) <= most:
        return data.decode()
    half = (most - 100) // 2
    first, last = data[:half].decode(errors="ignore"), data[-half:].decode(errors="ignore")
    left = len(text) - len(first) - len(last)
    return f"{first}\n… {left:,} of {len(text):,} characters left out …\n{last}"


def _named(pictures: Sequence[bytes], sent: Sequence[bytes]) -> str:
    """Name the pictures, since not every model is shown any."""
    lines = [f"[Picture {n}: PNG{_size(data)}]" for n, data in enumerate(sent, 1)]
    if left := len(pictures) - len(sent):
        lines.append(f"[{left} more, which are too large or too many to send along]")
    return "\n".join(lines)


def _size(data: bytes) -> str:
    if data[:8] != PNG or len(data) < 24:
        return ""
    width, height = struct.unpack(">II", data[16:24])
    return f", {width} × {height} pixels"


def parts(named: dict[str, Any]) -> str:
    """Return texts under their names, those left out that are empty."""
    return "\n\n".join(f"{name}:\n{text}" for name, text in named.items() if text)
