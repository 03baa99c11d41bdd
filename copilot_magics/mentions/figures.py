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
    return picture if len(picture) <= _BYTES else b""


def image_picture(image: Any) -> bytes:
    """Return an image of Pillow as PNG, no larger than one needs to see it; else empty."""
    # It may lie in a file that is gone, or be no image after all.
    with contextlib.suppress(Exception):
        small, target = image.copy(), io.BytesIO()
        small.thumbnail((_PIXELS, _PIXELS))
        small.convert("RGBA" if "A" in small.mode else "RGB").save(target, format="png")
        if len(target.getvalue()) <= _BYTES:
            return target.getvalue()
    return b""


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
