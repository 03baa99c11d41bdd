"""What the agent is told of a call: a bounded text, pictures, and whether it failed.

The runtime puts a text of more than 20 kB into a file, of which the model sees the beginning; so
what a tool says stays below that, and says what it leaves out.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Sequence
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
        What came of it; it is bounded where it is sent.
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
        named = _named(self.pictures, sent)
        text = bounded(self.text, MOST - len(named.encode()) - 2)
        text = "\n\n".join(filter(None, (text, named)))
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


@dataclass(frozen=True)
class Excerpt:
    """A text; of a long one its beginning, its end, and how much is left out between them.

    Whoever shortens it further counts what was left out before, too.

    Parameters
    ----------
    first : str
        The text, or its beginning.
    left_out : int
        Characters that are left out behind it.
    last : str
        What follows them.
    """

    first: str
    left_out: int = 0
    last: str = ""

    def __len__(self) -> int:
        return len(self.first) + self.left_out + len(self.last)

    def __str__(self) -> str:
        if not self.left_out:
            return self.first
        return f"{self.first}\n… ({self.left_out:,} characters left out)\n{self.last}"

    def shortened(self, most: int) -> Excerpt:
        """Return it with at most so many characters."""
        if len(self.first) + len(self.last) <= most:
            return self
        half = most // 2
        first, last = self.first[:half], (self.last or self.first[half:])[-half:]
        return Excerpt(first, len(self) - len(first) - len(last), last)


def joined(texts: Iterable[Excerpt]) -> Excerpt:
    """Return texts as one: left out is all from the first place where something is to the last."""
    first: list[str] = []
    last: list[str] = []
    left_out = 0
    for text in texts:
        (last if left_out else first).append(text.first)
        if text.left_out:
            left_out += text.left_out + sum(map(len, last))
            last = [text.last]
    return Excerpt("".join(first), left_out, "".join(last))


def bounded(text: str | Excerpt, most: int = MOST) -> str:
    """Return a text of at most so many bytes: its beginning, its end, and what was left out.

    Parameters
    ----------
    text : str or Excerpt
        The text.
    most : int
        Bytes in UTF-8.
    """
    if isinstance(text, str):
        text = Excerpt(text)
    data = text.first.encode(errors="replace")
    if not text.left_out and len(data) <= most:
        return data.decode()
    half = (most - 100) // 2
    rest = text.last.encode(errors="replace") if text.left_out else data[half:]
    first, last = data[:half].decode(errors="ignore"), rest[-half:].decode(errors="ignore")
    left_out = len(text) - len(first) - len(last)
    return f"{first}\n… {left_out:,} of {len(text):,} characters left out …\n{last}"


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
