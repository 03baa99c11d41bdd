"""An array as a text: its shape, its type, the range of its values, and some of them.

Arrays of NumPy are looked into; of tensors and their like only what they are is told, since their
values may lie in another processor, or not be computed yet.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
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
_NEAR = 64
"""Bytes apart at which values of a file are read together."""


def array_text(array: Array) -> str:
    """Return what is told of an array."""
    import numpy as np

    # A subclass may have methods of its own.
    plain = np.asarray(array)
    mask: Any = np.ma.getmask(array) if type(array) is np.ma.MaskedArray else np.ma.nomask
    mask = None if mask is np.ma.nomask else mask
    lines = [
        f"{full_name(type(array))}: shape {plain.shape}, dtype {str(plain.dtype)[:300]}, "
        f"{size(plain.nbytes)}"
    ]
    if mask is not None and mask.dtype == bool:
        lines.append(f"masked: {_masked(mask)}, left out below")
    values, hidden = plain, mask
    if plain.size > _SAMPLED and _is_mapped(plain):
        # All of it would have to be read from the disk.
        values, hidden = _first(plain, mask), None
        lines.append(f"a file; what follows is of its first {values.size:,} values")
    if plain.dtype.kind in "biuf" and values.size:
        lines += _numbers(values, hidden)
    elif plain.dtype.kind in "mM" and values.size:
        lines += _times(values, hidden)
    lines.append(_some(plain, mask))
    return "\n".join(lines)


def tensor_text(tensor: Any) -> str:
    """Return what is told of an array of another library: no more than what it is."""
    parts = [f"{full_name(type(tensor))}: shape {tuple(tensor.shape)}, dtype {tensor.dtype}"]
    for name in ("device", "requires_grad", "chunks"):
        told = getattr(tensor, name, None)
        if told is not None:
            parts.append(f"{name} {brief(told) if name == 'chunks' else str(told)[:80]}")
    return ", ".join(parts)


def _numbers(array: Array, mask: Array | None) -> list[str]:
    import numpy as np

    some, drawn = _drawn(array, mask)
    is_exact = array.size <= _EXACT and array.dtype.kind != "b"
    statistics, lines = number_statistics(some), []
    if is_exact:
        tally, count = Tally(), 0
        with np.errstate(all="ignore"):
            for piece in filter(len, _pieces(array, mask)):
                tally.take(piece)
                count += len(piece)
        statistics.update(tally.told(count))
    missing = statistics.pop("missing", None)
    if array.dtype.kind == "f":
        estimate = round(int(np.isnan(some).sum()) / drawn * array.size)
        lines.append(f"NaN: {f'~{estimate}' if missing is None else missing}")
    if statistics:
        known = [f"{n} {value_text(statistics[n])}" for n in STATISTICS if n in statistics]
        lines.append(", ".join(known))
    if drawn < array.size:
        which = "std and quartiles" if is_exact else "all of these"
        lines.append(f"({which} from {len(some):,} values drawn at random)")
    return lines


def _times(array: Array, mask: Array | None) -> list[str]:
    import numpy as np

    some, drawn = _drawn(array, mask)
    is_exact = array.size <= _EXACT
    missing, ends = 0, []
    for piece in _pieces(array, mask) if is_exact else [some]:
        known = piece[~np.isnat(piece)]
        missing += len(piece) - len(known)
        if len(known):
            ends += [known.min(), known.max()]
    estimate = f"~{round(missing / drawn * array.size)}"
    lines = [f"missing (NaT): {missing if is_exact else estimate}"]
    if ends:
        lines.append(f"min {min(ends)}, max {max(ends)}")
    if not is_exact:
        lines.append(f"(all of these from {len(some):,} values drawn at random)")
    return lines


def _masked(mask: Array) -> str:
    import numpy as np

    if mask.size <= _EXACT:
        return str(np.count_nonzero(mask))
    some, drawn = _drawn(mask, None)
    return f"~{round(int(some.sum()) / drawn * mask.size)}"


def _drawn(array: Array, mask: Array | None) -> tuple[Array, int]:
    """Return values that are not masked, drawn at random where there are many; of how many."""
    import numpy as np

    if array.size <= _SAMPLED:
        return array.reshape(-1) if mask is None else array[~mask], array.size
    numbers = np.unique(np.random.default_rng(0).integers(0, array.size, _SAMPLED))
    where = np.unravel_index(numbers, array.shape)
    return array[where] if mask is None else array[where][~mask[where]], len(numbers)


def _pieces(array: Array, mask: Array | None, most: int = PIECE) -> Iterator[Array]:
    """Yield all values that are not masked as they lie in memory, until the next are yielded.

    However they lie, there is no copy but of one piece: an array may be larger than what memory is
    left, and larger than what it lies in.
    """
    import numpy as np

    both = (array,) if mask is None else (array, mask)
    flags: Any = ["external_loop", "buffered", "zerosize_ok"]
    found: Any
    for found in np.nditer(both, flags, order="K", buffersize=most):
        yield found if mask is None else found[0][~found[1]]


def _is_mapped(array: Array) -> bool:
    """Whether an array lies in a file, which is so of a part of one too."""
    import numpy as np

    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return type(base) is mmap.mmap


def _first(array: Array, mask: Array | None) -> Array:
    """Return the first values of a file that are not masked, fewer where they are far apart."""
    steps = [abs(s) for s, n in zip(array.strides, array.shape, strict=True) if n > 1]
    most = max(1_000, _SAMPLED // max(1, min(steps) // _NEAR))
    return next(_pieces(array, mask, most)).copy()


def _some(array: Array, mask: Array | None) -> str:
    """Return some of an array's values, as far as writing them runs nobody's code."""
    import numpy as np

    first = array.flat[:_SHOWN]
    if array.dtype.hasobject:
        known = first if mask is None or mask.dtype != bool else first[~mask.flat[:_SHOWN]]
        return f"values: {brief(known.tolist(), 600)}"
    shown, which = array, "values"
    if mask is not None:
        # NumPy would make objects of many before it leaves most of them out.
        if array.size > _SAMPLED:
            array, mask, which = first, mask.flat[:_SHOWN], "first values"
        shown = np.ma.MaskedArray(array, mask)
    with np.printoptions(threshold=_SHOWN, edgeitems=2, precision=4, linewidth=100):
        return f"{which}:\n{str(shown)[:2000]}"
