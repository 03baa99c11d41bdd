"""A figure as a picture, and as the words that are in it: a model without eyes reads those."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable
from typing import Any

from copilot_magics.mentions.columns import plain_or_quoted
from copilot_magics.mentions.guarded import brief, guarded_bytes

_PIXELS = 1_000
"""Length of a picture's longer side."""
_SECONDS = 9.0
"""How long a figure may take to be drawn; three of them of the processor's time."""
_BYTES = 2 * 2**20
"""Bytes of a picture that are sent at most."""
_ALPHA = ("RGBA", "RGBa", "LA", "La", "PA")
"""Modes of images that can be seen through."""

NOT_DRAWN = f"(no picture: it could not be drawn, or not within {_SECONDS:.0f} seconds)"


def figure_text(figure: Any) -> str:
    """Return the words of a Matplotlib figure: its titles, labels and legends."""
    lines = [f"Matplotlib figure with {len(figure.axes)} axes"]
    for axes in figure.axes[:12]:
        named = {"title": axes.get_title(), "x": axes.get_xlabel(), "y": axes.get_ylabel()}
        told = [f"{name} {plain_or_quoted(text, 80)}" for name, text in named.items() if text]
        told += [f"x from {axes.get_xlim()[0]:.4g} to {axes.get_xlim()[1]:.4g}"]
        told += [f"y from {axes.get_ylim()[0]:.4g} to {axes.get_ylim()[1]:.4g}"]
        names = [str(name) for name in axes.get_legend_handles_labels()[1]]
        told += [f"legend {_listed(names)}"] if names else []
        told.append(f"{len(axes.lines)} lines, {len(axes.patches)} patches")
        lines.append("- " + "; ".join(told))
    return "\n".join(lines)


def figure_picture(figure: Any) -> bytes:
    """Return a Matplotlib figure as PNG; empty where it cannot be drawn in time.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; drawing it changes nothing of it.
    """

    def drawn() -> bytes:
        target = io.BytesIO()
        dots = _PIXELS / max(1.0, *figure.get_size_inches())
        figure.savefig(target, format="png", dpi=dots)
        return target.getvalue()

    picture = guarded_bytes(drawn, _SECONDS)
    if len(picture) > _BYTES:
        from PIL import Image

        with Image.open(io.BytesIO(picture)) as image:
            return _png(image)
    return picture


def image_picture(image: Any) -> tuple[bytes, str]:
    """Return an image of Pillow as PNG, no larger than one needs to see it, and how it is shown.

    Parameters
    ----------
    image : PIL.Image.Image
        The image, of any mode.

    Returns
    -------
    tuple of bytes and str
        The picture, empty where there is none, and what is to be known of it.
    """
    # It may lie in a file that is gone, or be no image after all.
    with contextlib.suppress(Exception):
        small = image.convert("I") if image.mode.startswith("I;16") else image.copy()
        small.thumbnail((_PIXELS, _PIXELS))
        if small.mode in ("I", "F"):
            small, said = _grey(small)
            return _png(small), said
        has_alpha = small.mode in _ALPHA or "transparency" in small.info
        return _png(small.convert("RGBA" if has_alpha else "RGB")), ""
    return b"", "(no picture: it could not be made one)"


def _grey(image: Any) -> tuple[Any, str]:
    """Return an image of numbers of any range in shades of grey, and what they stand for."""
    import numpy as np
    from PIL import Image

    values = np.asarray(image, np.float64)
    finite = values[np.isfinite(values)]
    least, largest = (finite.min(), finite.max()) if finite.size else (0, 0)
    scaled = (np.clip(values, least, largest) - least) * (255 / max(largest - least, 1e-300))
    shown = Image.fromarray(np.nan_to_num(scaled).astype(np.uint8))
    return shown, f"shown from black, about {least:.6g}, to white, about {largest:.6g}"


def _png(image: Any) -> bytes:
    """Write an image, half as large until it is no more than may be sent."""
    while True:
        target = io.BytesIO()
        image.save(target, format="png")
        if len(target.getvalue()) <= _BYTES:
            return target.getvalue()
        image = image.reduce(2)


def plotly_text(figure: Any) -> str:
    """Return the words of a Plotly figure: what its traces are, and its titles."""
    layout = figure.layout
    lines = [f"Plotly figure with {len(figure.data)} traces"]
    titles = {
        "title": layout.title.text,
        "x": layout.xaxis.title.text,
        "y": layout.yaxis.title.text,
    }
    lines += [f"{name}: {plain_or_quoted(str(text), 80)}" for name, text in titles.items() if text]
    for trace in figure.data[:20]:
        name = plain_or_quoted(str(trace.name), 60) if trace.name else ""
        values = [f"{axis} {brief(list(_few(trace[axis])), 120)}" for axis in _axes(trace)]
        lines.append("- " + "; ".join(filter(None, (trace.type, name, *values))))
    return "\n".join(lines)


def _axes(trace: Any) -> list[str]:
    return [axis for axis in ("x", "y", "z", "values", "labels") if axis in trace]


def _few(values: Any) -> Iterable[Any]:
    return list(values[:8]) if values is not None else []


def _listed(names: list[str]) -> str:
    return ", ".join(plain_or_quoted(name, 40) for name in names[:20])
