"""An array as a text: its shape, its type, the range of its values, and some of them.

Arrays of NumPy are looked into; of tensors and their like only what they are is told, since their
values may lie in another processor, or not be computed yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from copilot_magics.mentions.columns import PIECE, STATISTICS, Tally, number_statistics, value_text
from copilot_magics.mentions.guarded import brief
from copilot_magics.mentions.naming import full_name
from copilot_magics.words import size

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_EXACT = 200_000_000
"""Values up to which all are looked at: about half a second."""
_SAMPLED = 200_000
_SHOWN = 60


def array_text(array: Array) -> str:
    """Return what is told of an array."""
    import numpy as np

    # A subclass may have methods of its own.
    plain = values = shown = np.asarray(array)
    lines = [
        f"{full_name(type(array))}: shape {plain.shape}, dtype {str(plain.dtype)[:300]}, "
        f"{size(plain.nbytes)}"
    ]
    if type(array) is np.memmap and plain.size > _SAMPLED:
        # All of it would have to be read from the disk.
        values = plain.reshape(-1)[:_SAMPLED]
        lines.append(f"a file; what follows is of its first {_SAMPLED:,} values")
    elif type(array) is np.ma.MaskedArray:
        values = plain[~np.ma.getmaskarray(array)]
        lines.append(f"masked: {plain.size - values.size}, left out below")
        if plain.dtype.kind in "biufc":
            shown = np.ma.MaskedArray(plain, np.ma.getmaskarray(array))
    if plain.dtype.kind in "biuf" and values.size:
        lines += _numbers(values)
    elif plain.dtype.kind in "mM":
        known = values[~np.isnat(values)]
        lines.append(f"missing (NaT): {values.size - known.size}")
        if known.size:
            lines.append(f"min {known.min()}, max {known.max()}")
    lines.append(_some(shown))
    return "\n".join(lines)


def tensor_text(tensor: Any) -> str:
    """Return what is told of an array of another library: no more than what it is."""
    parts = [f"{full_name(type(tensor))}: shape {tuple(tensor.shape)}, dtype {tensor.dtype}"]
    for name in ("device", "requires_grad", "chunks"):
        told = getattr(tensor, name, None)
        if told is not None:
            parts.append(f"{name} {brief(told) if name == 'chunks' else str(told)[:80]}")
    return ", ".join(parts)


def _numbers(array: Array) -> list[str]:
    import numpy as np

    # A view where that is possible: an array may be larger than what memory is left.
    flat = array.reshape(-1) if array.flags.c_contiguous else array.ravel(order="K")
    some, lines = flat, []
    if flat.size > _SAMPLED:
        some = flat[np.unique(np.random.default_rng(0).integers(0, flat.size, _SAMPLED))]
    statistics = number_statistics(some)
    if statistics and flat.size <= _EXACT and array.dtype.kind != "b":
        tally = Tally()
        with np.errstate(all="ignore"):
            for start in range(0, flat.size, PIECE):
                tally.take(flat[start : start + PIECE])
        statistics.update(tally.told(flat.size))
    if array.dtype.kind == "f":
        estimate = round(float(np.isnan(some).mean()) * flat.size)
        unsure = "~" if len(some) < flat.size else ""
        lines.append(f"NaN: {statistics.pop('missing', f'{unsure}{estimate}')}")
    if statistics:
        lines.append(", ".join(f"{name} {value_text(statistics[name])}" for name in STATISTICS))
    if len(some) < flat.size:
        which = "std and quartiles" if flat.size <= _EXACT else "all of these"
        lines.append(f"({which} from {len(some):,} values drawn at random)")
    return lines


def _some(array: Array) -> str:
    """Return some of an array's values, as far as writing them runs nobody's code."""
    import numpy as np

    if array.dtype.hasobject:
        return f"values: {brief(array.reshape(-1)[:_SHOWN].tolist(), 600)}"
    with np.printoptions(threshold=_SHOWN, edgeitems=2, precision=4, linewidth=100):
        return f"values:\n{str(array)[:2000]}"
