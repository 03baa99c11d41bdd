"""``df.copilot.plot``: where time, tokens and calls went, drawn with matplotlib.

Each method draws into axes and returns them, so that a notebook shows the figure once and a script
goes on with it. Text and background are matplotlib's own, so a style sheet holds here, a dark one
too. The colours of data are those of Okabe and Ito, which colour-blind people tell apart, on white
and on black.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from copilot_magics.errors import BadInput
from copilot_magics.extras import needs
from copilot_magics.transcripts.analysis.calls import tools
from copilot_magics.transcripts.analysis.failures import errors
from copilot_magics.transcripts.analysis.turns import turns
from copilot_magics.transcripts.analysis.usage import usage

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes

_BLUE, _SKY, _ORANGE, _RED, _GREY = "#0072B2", "#56B4E9", "#E69F00", "#D55E00", "#999999"
_TOKENS = {"output": _ORANGE, "input": _BLUE, "input from cache": _SKY}
_HOW = {"succeeded": _BLUE, "failed": _RED, "no result": _GREY}
_BY = ("turn", "model", "session")

_WIDTH = 7.0
"""Inches: the width of a page's text."""
_MOST = 20
"""Bars, or lanes, that can be read in one figure."""
_LONG = 32
"""Characters of a name beside a bar."""
_TICKS = 10


class Plots:
    """The methods of ``df.copilot.plot``.

    Parameters
    ----------
    frame : DataFrame
        Of messages.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def timeline(self, ax: Axes | None = None) -> Axes:
        """Draw when turns, calls of tools and errors were, a lane a session.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure where left out.

        Returns
        -------
        matplotlib Axes
            Time is in UTC. Of many sessions, the twenty used last are drawn.

        Raises
        ------
        BadInput
            Without matplotlib, or where the DataFrame lacks a column that is needed.
        """
        dates = _matplotlib("dates")
        asked = turns(self._frame)
        called, failed = tools(self._frame), errors(self._frame)
        lanes = _last_used(asked)
        ax = _axes(ax, 1.4 + 0.35 * max(len(lanes), 1))
        if not lanes:
            return _nothing(ax, "no turns")
        ink = ax.xaxis.label.get_color()
        _marks(ax, asked, "started", lanes, 0.1, marker="|", color=ink, label="prompts")
        _spans(ax, asked, lanes, (0.2, 0.25), color=_BLUE, label="turns")
        _spans(ax, called, lanes, (0.5, 0.15), color=_ORANGE, label="tool calls")
        _marks(ax, failed, "timestamp", lanes, 0.8, marker="x", color=_RED, label="errors")
        _names(ax, [0.4 + lane for lane in range(len(lanes))], lanes)
        ax.set_ylim(len(lanes), -0.1)
        ax.use_sticky_edges = False
        ax.margins(x=0.02)
        ax.xaxis_date("UTC")
        locator = dates.AutoDateLocator(tz="UTC")
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz="UTC"))
        return _labelled(ax, "time (UTC)", "session")

    def usage(self, by: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw the tokens that models read and wrote.

        Parameters
        ----------
        by : {"turn", "model", "session"}, optional
            What has a bar. Turns for one session where left out, and sessions for several.
        ax : matplotlib Axes, optional
            Where to draw; a new figure where left out.

        Returns
        -------
        matplotlib Axes
            Output, and input, apart by whether it came from the provider's cache. What the journal
            tells in total only stands beside the turns.

        Raises
        ------
        BadInput
            For another ``by``, without matplotlib, or where the DataFrame lacks a column that is
            needed.
        """
        ticker = _matplotlib("ticker")
        table = usage(self._frame)
        by = by or ("turn" if table["session"].nunique() < 2 else "session")
        if by not in _BY:
            raise BadInput(f"There are no tokens by {by!r}.", f"Use by= one of {', '.join(_BY)}.")
        tokens = _tokens(table, by)
        upright = by == "turn"
        ax = _axes(ax, 3.2 if upright else _height(tokens))
        if tokens.empty:
            return _nothing(ax, "no tokens")
        if upright:
            _by_turn(ax, tokens)
        else:
            _stack(ax, tokens, _TOKENS)
        (ax.yaxis if upright else ax.xaxis).set_major_formatter(ticker.EngFormatter(sep=""))
        return _labelled(ax, *(("turn", "tokens") if upright else ("tokens", by)))

    def tools(self, ax: Axes | None = None) -> Axes:
        """Draw how often each tool was called, how that went, and how long it took.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure where left out.

        Returns
        -------
        matplotlib Axes
            The tools called most, and beside each the median time of its calls.

        Raises
        ------
        BadInput
            Without matplotlib, or where the DataFrame lacks a column that is needed.
        """
        ticker = _matplotlib("ticker")
        calls = tools(self._frame)
        calls["tool"] = calls["tool"].fillna("unknown")
        how = calls["success"].map({True: "succeeded", False: "failed"}).astype("object")
        counts = calls.groupby(["tool", how.fillna("no result")]).size().unstack(fill_value=0)
        counts = _largest(counts.reindex(columns=list(_HOW), fill_value=0))
        ax = _axes(ax, _height(counts))
        if counts.empty:
            return _nothing(ax, "no tool calls")
        _stack(ax, counts, _HOW)
        medians = calls.groupby("tool")["seconds"].median().reindex(counts.index).astype("float64")
        for place, (count, lasted) in enumerate(zip(counts.sum(axis=1), medians, strict=True)):
            text = _duration(lasted)
            ax.annotate(text, (count, place), (4, 0), textcoords="offset points", va="center")
        ax.set_xlim(0, 1.3 * counts.sum(axis=1).max())
        ax.xaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))
        return _labelled(ax, "calls (beside each bar: median time)", "tool")


def _matplotlib(module: str) -> Any:
    return needs(f"matplotlib.{module}", "plot", "df.copilot.plot")


def _axes(ax: Axes | None, height: float) -> Axes:
    if ax is None:
        _, ax = _matplotlib("pyplot").subplots(figsize=(_WIDTH, height), layout="constrained")
    return ax


def _height(bars: pd.DataFrame) -> float:
    return 1.3 + 0.3 * max(len(bars), 1)


def _nothing(ax: Axes, what: str) -> Axes:
    ax.text(0.5, 0.5, what, transform=ax.transAxes, ha="center", va="center")
    ax.set(xticks=[], yticks=[])
    return ax


def _labelled(ax: Axes, x: str, y: str) -> Axes:
    ax.set(xlabel=x, ylabel=y)
    ax.spines[["top", "right"]].set_visible(False)
    # Beside the axes it hides no data, and leaves room for a title.
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, borderaxespad=0.0)
    return ax


def _names(ax: Axes, places: list[float], names: list[str]) -> None:
    # A dollar sign would begin a formula.
    ax.set_yticks(places, [_short(name) for name in names], parse_math=False)


def _short(name: str) -> str:
    text = " ".join(str(name).split())
    half = _LONG // 2
    return text if len(text) <= _LONG else f"{text[:half]}…{text[1 - half :]}"


def _last_used(asked: pd.DataFrame) -> list[str]:
    """Return the sessions to draw, the one that began first at the top."""
    began = asked.dropna(subset=["started"]).groupby("session")["started"].agg(["min", "max"])
    return list(began.nlargest(_MOST, "max").sort_values("min").index)


def _places(
    table: pd.DataFrame, moment: str, lanes: list[str]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], pd.DataFrame]:
    """Return where to draw: moments as matplotlib counts them, numbers of lanes; and the rows."""
    drawn = table[table[moment].notna() & table["session"].isin(lanes)]
    moments = drawn[moment].dt.tz_localize(None).to_numpy()
    numbers = drawn["session"].map({name: number for number, name in enumerate(lanes)})
    return _matplotlib("dates").date2num(moments), numbers.to_numpy(dtype=float), drawn


def _marks(
    ax: Axes, table: pd.DataFrame, moment: str, lanes: list[str], at: float, **style: Any
) -> None:
    moments, numbers, _ = _places(table, moment, lanes)
    if len(moments):
        ax.plot(moments, numbers + at, linestyle="none", **style)


def _spans(
    ax: Axes,
    table: pd.DataFrame,
    lanes: list[str],
    within: tuple[float, float],
    *,
    color: str,
    label: str,
) -> None:
    starts, numbers, drawn = _places(table, "started", lanes)
    days = drawn["seconds"].fillna(0).to_numpy(dtype=float) / 86_400
    if len(starts):
        bars = numbers + within[0], days, within[1], starts
        # The edge keeps the shortest ones visible.
        ax.barh(*bars, align="edge", linewidth=0.8, color=color, edgecolor=color, label=label)


def _tokens(table: pd.DataFrame, by: str) -> pd.DataFrame:
    import pandas as pd

    told = table[["output_tokens", "input_tokens", "cache_read_tokens"]].fillna(0).astype("int64")
    cached = told["cache_read_tokens"]
    parts = {
        "output": told["output_tokens"],
        # Older runtimes did not count what came from the cache as input.
        "input": (told["input_tokens"] - cached).clip(lower=0),
        "input from cache": cached,
    }
    key = table[by] if by == "turn" else table[by].fillna("unknown")
    tokens = pd.DataFrame(parts).groupby(key.astype("object"), dropna=False, sort=False).sum()
    tokens = tokens[tokens.sum(axis=1) > 0]
    return tokens if by == "turn" else _largest(tokens)


def _largest(table: pd.DataFrame) -> pd.DataFrame:
    """Sort by the rows' sums, and put the least together where there are too many."""
    table = table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    if len(table) <= _MOST:
        return table
    rest = table.iloc[_MOST - 1 :]
    table = table.iloc[: _MOST - 1].copy()
    table.loc[f"{len(rest)} others"] = rest.sum()
    return table


def _stack(ax: Axes, table: pd.DataFrame, colours: dict[str, str]) -> None:
    places = list(map(float, range(len(table))))
    ends = table[list(colours)].cumsum(axis=1)
    for name, colour in colours.items():
        ax.barh(places, table[name], 0.7, ends[name] - table[name], color=colour, label=name)
    _names(ax, places, list(table.index))
    ax.set_ylim(len(table) - 0.4, -0.6)


def _by_turn(ax: Axes, tokens: pd.DataFrame) -> None:
    known = tokens.index.notna()
    last = max(tokens.index[known], default=0)
    ticks = _matplotlib("ticker").MaxNLocator(_TICKS, integer=True).tick_values(1, max(last, 2))
    labels = {float(tick): f"{tick:.0f}" for tick in ticks if 1 <= tick <= last}
    in_total = last + max(1.5, 0.06 * last)
    if not known.all():
        labels[in_total] = "in total"
    places = tokens.index.to_series().astype("float64").fillna(in_total).to_list()
    width = [0.8 if told else max(0.8, 0.03 * last) for told in known]
    ends = tokens.cumsum(axis=1)
    for name, colour in _TOKENS.items():
        ax.bar(places, tokens[name], width, ends[name] - tokens[name], color=colour, label=name)
    ax.set_xticks(list(labels), list(labels.values()))
    # Few bars stay slim.
    ax.set_xlim(0.3, max(*places, 6.0) + 0.7)
    ax.set_ylim(0, 1.05 * tokens.sum(axis=1).max())


def _duration(seconds: float) -> str:
    """Return a length of time as one reads it; nothing where it is not known."""
    if math.isnan(seconds):
        return ""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 100:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.2g} min" if seconds < 6000 else f"{seconds / 3600:,.0f} h"
