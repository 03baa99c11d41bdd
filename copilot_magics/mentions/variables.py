"""What is told of a variable: what it is, and a faithful, bounded summary of what it holds.

Nobody's code is run for it in this process but that of the libraries named here, with the work
bounded beforehand; any other object is asked by `guarded_repr`. A library that is not imported is
not imported for it either: no object can be of its making.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from copilot_magics.mentions.guarded import guarded_repr
from copilot_magics.mentions.naming import class_name, full_name, is_a, is_class, plain_kind
from copilot_magics.mentions.summary import Summary, clean, fitted

Told = tuple[str, str, tuple[bytes, ...]]
"""What it is in a word or two, the text, and pictures."""


def summarise(value: object, name: str) -> Summary:
    """Return what is told of a value.

    Parameters
    ----------
    value : object
        The value, of any kind.
    name : str
        What it is called.

    Returns
    -------
    Summary
        At most about 1,900 tokens, whatever the value is.
    """
    try:
        kind, text, images = _told(value)
    except Exception:
        # A library may be of another version, or what is looked at is changed meanwhile.
        kind, text, images = class_name(type(value)), guarded_repr(value), ()
    return Summary(name, kind[:60], fitted(clean(text)), tuple(filter(None, images)))


def _told(value: Any) -> Told:
    for library, kind, tell in _LIBRARIES:
        if is_a(value, library, kind):
            return tell(value)
    if is_class(value):
        from copilot_magics.mentions.functions import class_text

        return "class", class_text(value), ()
    if type(value) is ModuleType:
        from copilot_magics.mentions.functions import module_text

        return "module", module_text(value), ()
    from copilot_magics.mentions.functions import FUNCTIONS, function_text

    if plain_kind(value) in FUNCTIONS:
        return "function", function_text(value), ()
    return _plain(value)


def _plain(value: Any) -> Told:
    kind = type(value)
    length = (
        f", {len(value):,} long"
        if plain_kind(value) in (str, bytes, list, tuple, dict, set)
        else ""
    )
    return class_name(kind), f"{full_name(kind)}{length}\n{guarded_repr(value)}", ()


def _pandas(value: Any) -> Told:
    from copilot_magics.mentions.frames import table_text
    from copilot_magics.mentions.pandas_frames import pandas_table

    return "DataFrame", table_text(pandas_table(value)), ()


def _series(value: Any) -> Told:
    from copilot_magics.mentions.frames import table_text
    from copilot_magics.mentions.pandas_frames import series_table

    return "Series", table_text(series_table(value)), ()


def _index(value: Any) -> Told:
    from copilot_magics.mentions.frames import table_text
    from copilot_magics.mentions.pandas_frames import index_table

    return "Index", table_text(index_table(value)), ()


def _polars(value: Any) -> Told:
    from copilot_magics.mentions.frames import table_text
    from copilot_magics.mentions.other_frames import polars_table

    return "DataFrame", table_text(polars_table(value)), ()


def _polars_series(value: Any) -> Told:
    kind, text, _ = _polars(value.to_frame())
    return "Series", text.replace(kind, "Series", 1), ()


def _arrow(value: Any) -> Told:
    from copilot_magics.mentions.frames import table_text
    from copilot_magics.mentions.other_frames import arrow_table

    return "Table", table_text(arrow_table(value)), ()


def _dask(value: Any) -> Told:
    from copilot_magics.mentions.other_frames import schema_text

    heading = f"dask DataFrame of {value.npartitions} partitions"
    return "DataFrame", schema_text(heading, list(value.columns), list(value.dtypes)), ()


def _duckdb(value: Any) -> Told:
    from copilot_magics.mentions.other_frames import schema_text

    return "relation", schema_text("DuckDB relation", value.columns, value.types), ()


def _lazy(_value: Any) -> Told:
    return "LazyFrame", "polars LazyFrame, not computed; `.collect()` it to have it told.", ()


def _array(value: Any) -> Told:
    import numpy as np

    from copilot_magics.mentions.arrays import array_text

    # A subclass may have attributes of its own.
    plain = np.asarray(value)
    if plain.dtype.hasobject and plain.size:
        first = plain.flat[0]
        if is_a(first, "matplotlib.axes", "Axes"):
            # What `plt.subplots(2, 2)` returns.
            return _figure(first.figure)
    return "array", array_text(value), ()


def _tensor(value: Any) -> Told:
    from copilot_magics.mentions.arrays import tensor_text

    return "tensor", tensor_text(value), ()


def _figure(value: Any) -> Told:
    from copilot_magics.mentions.figures import NOT_DRAWN, figure_picture, figure_text

    text, picture = figure_text(value), figure_picture(value)
    return "figure", text if picture else f"{text}\n{NOT_DRAWN}", (picture,)


def _with_figure(value: Any) -> Told:
    return _figure(value.figure)


def _plotly(value: Any) -> Told:
    from copilot_magics.mentions.figures import plotly_text

    return "figure", plotly_text(value), ()


def _image(value: Any) -> Told:
    from copilot_magics.mentions.figures import image_picture

    picture, said = image_picture(value)
    text = f"image of {value.width} × {value.height} pixels, mode {value.mode}"
    return "image", f"{text}\n{said}".rstrip(), (picture,)


_LIBRARIES: tuple[tuple[str, str, Callable[[Any], Told]], ...] = (
    ("pandas", "DataFrame", _pandas),
    ("pandas", "Series", _series),
    ("pandas", "Index", _index),
    ("numpy", "ndarray", _array),
    ("polars", "DataFrame", _polars),
    ("polars", "Series", _polars_series),
    ("polars", "LazyFrame", _lazy),
    ("pyarrow", "Table", _arrow),
    ("dask.dataframe", "DataFrame", _dask),
    ("duckdb", "DuckDBPyRelation", _duckdb),
    ("torch", "Tensor", _tensor),
    ("tensorflow", "Tensor", _tensor),
    ("jax", "Array", _tensor),
    ("dask.array", "Array", _tensor),
    ("matplotlib.figure", "Figure", _figure),
    ("matplotlib.axes", "Axes", _with_figure),
    ("seaborn.axisgrid", "Grid", _with_figure),
    ("plotly.graph_objects", "Figure", _plotly),
    ("PIL.Image", "Image", _image),
)
