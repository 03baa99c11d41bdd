"""What is told of arrays, figures, functions, classes, modules and all else."""

from __future__ import annotations

import functools
import io
import re
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import matplotlib.figure
import numpy as np
import pytest
from PIL import Image

from copilot_magics.mentions.outputs import bundle_text
from copilot_magics.mentions.summary import fitted, tokens
from copilot_magics.mentions.variables import summarise


class Estimator:
    """An estimator as scikit-learn's are: it says how it is set."""

    def __init__(self, depth: int) -> None:
        self.depth = depth

    def __repr__(self) -> str:
        return f"Estimator(depth={self.depth})"

    def fit(self, rate: float = 0.5) -> None:
        """Learn."""


def test_an_array_has_a_shape_a_type_and_a_range() -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    array[1, 1] = np.nan
    told = summarise(array, "array").text
    assert told.startswith("numpy.ndarray: shape (3, 4), dtype float32, 48 B\nNaN: 1\nmean 5.5")
    assert "min 0, " in told
    assert "max 11\n" in told
    assert "[ 4. nan  6.  7.]" in told
    large = np.arange(5_000_000)
    large[4_000_000] = -7
    told = summarise(large, "large").text
    assert "min -7, " in told
    assert "max 4999999" in told
    assert "drawn at random" in told
    assert summarise(large, "large").text == told


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 3)),
        np.array(5),
        np.array([True, False]),
        np.array(["a", "b"]),
        np.array([b"a"]),
        np.array([object(), 1], dtype=object),
        np.array(["2020", "NaT"], dtype="M8[D]"),
        np.array([1 + 2j]),
        np.ma.array([1.0, 2.0], mask=[True, False]),
        np.zeros(3, dtype=[("a", int), ("b", "U5")]),
        np.full(3, np.nan),
        np.random.default_rng(0).random((300, 300))[::2, ::3],
        np.ones((2,) * 12),
        np.array(["x" * 100_000] * 100),
    ],
    ids=lambda array: f"{array.dtype!s:.20} {array.shape!s:.20}",
)
def test_arrays_of_all_kinds(array: Any) -> None:
    told = summarise(array, "array")
    assert told.kind == "array"
    assert f"shape {array.shape}" in told.text
    assert told.tokens < 2_000


def test_of_a_small_array_nothing_is_estimated() -> None:
    assert "NaN: 3\nvalues" in summarise(np.full(3, np.nan), "array").text


def test_an_array_in_a_file_is_not_read_whole(tmp_path: Path) -> None:
    array = np.memmap(tmp_path / "array", dtype=np.int8, mode="w+", shape=(10**6, 10))
    array[0, 0] = 1
    told = summarise(array, "array").text
    assert "shape (1000000, 10), dtype int8, 10 MB\na file; " in told
    assert "max 1" in told

    for part in (array[:, 0], array.T, np.broadcast_to(array, (3, *array.shape))):
        told = summarise(part, "part").text
        assert "a file; what follows is of its first 200,000 values" in told
        assert "max 1\n" in told
    wide = np.memmap(tmp_path / "wide", dtype=np.int8, mode="w+", shape=(210_000, 640))
    assert "of its first 20,000 values" in summarise(wide[:, 0], "wide").text
    hidden = np.ma.MaskedArray(array, np.broadcast_to(True, array.shape))
    told = summarise(hidden, "hidden").text
    assert "masked: 10000000, left out below\na file; what follows is of its first 0 val" in told


COLUMN = np.arange(12_000_000, dtype=np.float32).reshape(-1, 4)[:, 1]
HUGE: dict[str, tuple[Any, list[str]]] = {
    "rows": (
        np.broadcast_to(np.arange(3), (10**9, 3)),
        ["min 0, ", "max 2\n", "(all of these from "],
    ),
    "one": (
        np.lib.stride_tricks.as_strided(np.arange(4.0), (10**10,), (0,)),
        ["NaN: ~0\n", "max 0\n"],
    ),
    "texts": (np.broadcast_to(np.array(["a", "b"]), (10**9, 2)), ["[['a' 'b']"]),
    "objects": (np.broadcast_to(np.array([1, None]), (10**9, 2)), ["values: [1, None, 1, "]),
    "moments": (
        np.broadcast_to(np.array(["2020", "NaT"], "M8[Y]"), (10**9, 2)),
        ["missing (NaT): ~", "min 2020, max 2020\n(all of these from "],
    ),
    "masked": (
        np.ma.MaskedArray(
            np.broadcast_to([1.0, np.nan, 9], (10**9, 3)),
            np.broadcast_to([False, False, True], (10**9, 3)),
        ),
        ["masked: ~", "NaN: ~", "max 1\n", "first values:\n[1.0 nan -- "],
    ),
    "repeated": (np.broadcast_to(COLUMN, (10, len(COLUMN))), ["min 1, ", "max 1.2e+07\n(std and"]),
    "column": (COLUMN, ["min 1, ", "max 1.2e+07\n(std and quartiles from "]),
}


@pytest.mark.parametrize("name", HUGE)
def test_an_array_is_not_copied_however_it_lies(name: str) -> None:
    array, parts = HUGE[name]
    tracemalloc.start()
    try:
        told = summarise(array, name).text
        assert tracemalloc.get_traced_memory()[1] < 50 * 2**20
    finally:
        tracemalloc.stop()
    for part in parts:
        assert part in told


def test_a_figure_is_a_picture_and_words() -> None:
    figure = matplotlib.figure.Figure(figsize=(20, 5), dpi=300)
    axes = figure.subplots()
    axes.plot([1, 2, 3], label="speed")
    axes.set_title("Speed of it")
    axes.set_xlabel("time / s")
    axes.legend()
    for shown in (figure, axes):
        told = summarise(shown, "figure")
        assert told.kind == "figure"
        assert "title Speed of it; x time / s" in told.text
        assert "legend speed" in told.text
        (picture,) = told.images
        with Image.open(io.BytesIO(picture)) as image:
            assert image.size == (1000, 250)
    assert figure.dpi == 300
    told = summarise(matplotlib.figure.Figure().subplots(2, 2), "axes")
    assert (told.kind, len(told.images)) == ("figure", 1)


def test_a_figure_that_cannot_be_drawn_is_told_in_words() -> None:
    class Never(matplotlib.figure.Figure):
        def savefig(self, *_: Any, **__: Any) -> None:
            raise RuntimeError

    told = summarise(Never(), "figure")
    assert told.images == ()
    assert told.text.splitlines() == [
        "Matplotlib figure with 0 axes",
        "(no picture: it could not be drawn, or not within 9 seconds)",
    ]


def test_an_image_is_a_small_picture() -> None:
    told = summarise(Image.new("RGB", (4000, 1000), "red"), "image")
    assert told.text == "image of 4000 × 1000 pixels, mode RGB"
    with Image.open(io.BytesIO(told.images[0])) as image:
        assert image.size == (1000, 250)


@pytest.mark.parametrize("dtype", ["u2", ">u2", "i4", "f4"])
def test_an_image_of_numbers_is_shown_from_its_least_to_its_largest(dtype: str) -> None:
    values = np.linspace(0, 40_000, 10_000).reshape(100, 100).astype(dtype)
    if dtype == "f4":
        values /= 40_000
        values[0, :2] = np.nan, np.inf
    told = summarise(Image.fromarray(values), "image")
    assert told.text.endswith(f", to white, about {1 if dtype == 'f4' else 40000}")
    with Image.open(io.BytesIO(told.images[0])) as image:
        shown = np.asarray(image)
    assert shown.std() > 70
    assert (shown.min(), shown.max()) in ((0, 255), (0, 254))


def test_a_picture_is_made_smaller_until_it_can_be_sent() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (900, 900, 3), dtype=np.uint8)
    figure = matplotlib.figure.Figure(figsize=(9, 9))
    figure.add_axes((0, 0, 1, 1)).imshow(noise)
    for shown in (Image.fromarray(noise), figure):
        (picture,) = summarise(shown, "shown").images
        with Image.open(io.BytesIO(picture)) as image:
            assert 400 < image.width <= 500
    nothing = summarise(Image.new("La", (2, 2)), "image")
    assert nothing.text.endswith("\n(no picture: it could not be made one)")
    assert nothing.images == ()
    bundle = {"text/plain": "<Figure>", "image/png": "x" * 5_000_000}
    assert bundle_text(bundle) == "<Figure>\n(no picture: it is too large)"
    assert bundle_text({"image/png": "x"}) == "[image/png]"


def test_functions_and_classes_come_with_their_source() -> None:
    told = summarise(Estimator.fit, "fit").text
    assert told.startswith("function Estimator.fit of ")
    assert '"""Learn."""' in told
    assert '"""Learn."""' in summarise(Estimator(1).fit, "fit").text
    told = summarise(Estimator, "Estimator").text
    assert "class Estimator:" in told
    assert "scikit-learn" in told
    assert "Return the number of items" in summarise(len, "len").text
    made: dict[str, Any] = {}
    exec("def made(a, b=[1]):\n    'Made here.'", made)
    assert "signature: (a, b=[1])\nMade here." in summarise(made["made"], "made").text
    assert "version: " in summarise(np, "np").text


def test_a_class_of_a_cell_comes_with_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    import linecache

    cell = (
        "x = 1\n@decorated\nclass Made:\n    kind = 'made in a cell'\n\n"
        "    class Inner:\n        pass\n"
    )
    lines = cell.splitlines(keepends=True)
    entry = (len(cell), None, lines, "/tmp/ipykernel_1/42.py")
    monkeypatch.setitem(linecache.cache, "/tmp/ipykernel_1/42.py", entry)
    made = {"decorated": lambda kind: kind, "__name__": "__main__"}
    exec(cell, made)
    assert "kind = 'made in a cell'" in summarise(made["Made"], "Made").text
    assert "@decorated" in summarise(made["Made"], "Made").text
    assert "class Inner:\n        pass" in summarise(made["Made"].Inner, "Inner").text  # type: ignore[attr-defined]


def test_a_class_is_told_by_its_own_source_and_not_by_that_of_another_of_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import linecache

    made: dict[str, Any] = {"__name__": "__main__"}

    def run(name: str, code: str) -> None:
        entry = (len(code), None, code.splitlines(keepends=True), name)
        monkeypatch.setitem(linecache.cache, name, entry)
        exec(compile(code, name, "exec"), made)

    run("/tmp/ipykernel_1/1.py", "class K:\n    who = 'user'\n")
    run("/tmp/ipykernel_1/2.py", "Old = K\nclass K:\n    who = 'again'\nAgain = K\n")
    run("<notebook_run 1>", "class K:\n    def who(self): return 'agent'\nAgent = K\n")
    run("<notebook_run 2>", "class K:\n    def who(self): return 'newest'\n")
    for name, said in {"Old": "user", "Again": "again", "Agent": "agent", "K": "newest"}.items():
        assert f"'{said}'" in summarise(made[name], name).text
    twice = "class M:\n    def f(self): return {}\n"
    run("/tmp/ipykernel_1/3.py", f"{twice.format(1)}First = M\n{twice.format(2)}")
    assert "return 1" in summarise(made["First"], "First").text
    assert "return 2" in summarise(made["M"], "M").text
    # Neither is what a class holds that is not as it was written.
    run("/tmp/ipykernel_1/4.py", "class P:\n    'A P.'\n    a = 1\nP.b = 2\n")
    assert summarise(made["P"], "P").text == "class P\nsignature: ()\nA P."
    bodies = [
        "class Q:\n    __slots__ = ('a',)\n    __b = c, d = 1, 2\n    class E: pass\n",
        "class Q(enum.Enum):\n    A = 1\n",
        "class Q(enum.Enum):\n    A = 2\n",
        "class Q(typing.NamedTuple):\n    a: int = 1\n",
        "class Q(typing.TypedDict):\n    a: int\n",
        "@dataclasses.dataclass\nclass Q:\n    a: int = 1\n",
        "@dataclasses.dataclass\nclass Q:\n    a: int = 2\n",
        "class Q:\n    'Says so.'\n",
        "class Q:\n    'Says it.'\n",
    ]
    run("/tmp/ipykernel_1/5.py", "import dataclasses, enum, typing")
    kinds = []
    for number, body in enumerate(bodies):
        run(f"<ipython-input-{number}-a>", body)
        kinds.append(made["Q"])
    for kind, body in zip(kinds, bodies, strict=True):
        assert summarise(kind, "Q").text.endswith(f"\n{body}")


def test_an_object_says_what_it_is() -> None:
    assert summarise(Estimator(3), "model").text.endswith("Estimator\nEstimator(depth=3)")
    assert summarise({"a": [1, 2]}, "d").text == "dict, 1 long\n{'a': [1, 2]}"
    assert summarise(3, "x").text == "int\n3"
    assert summarise(None, "x").text == "NoneType\nNone"


def test_a_tensor_is_told_by_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    import types

    class Tensor:
        shape, dtype, device, requires_grad = (2, 3), "torch.float32", "cuda:0", True

        def __repr__(self) -> str:
            raise AssertionError("its values may lie elsewhere")

    torch = types.ModuleType("torch")
    torch.Tensor = Tensor  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    told = summarise(Tensor(), "t").text
    assert "shape (2, 3), dtype torch.float32, device cuda:0, requires_grad True" in told


def test_nothing_is_longer_than_it_may_be() -> None:
    for value in (
        "word " * 10**6,
        "€" * 10**6,
        "\x00" * 10**5,
        list("abc") * 10**5,
        b"\xff" * 10**6,
    ):
        assert summarise(value, "x").tokens < 2_000
    assert tokens(fitted("line\n" * 10_000)) < 2_000
    assert tokens("a 1 ") == 3
    assert fitted("one\n" * 10_000).endswith("more lines)")
    assert tokens(fitted("1234567890" * 10_000)) < 2_000


def test_half_characters_can_be_sent() -> None:
    told = summarise("\ud800 and \udcff", "x").text
    assert told.encode().decode() == told
    assert "\\ud800" in told


def test_one_long_line_is_told_in_part() -> None:
    for value in ("变量数据" * 5000, '{"a": [1.5, 2.5]}, ' * 2000, bytes(10**6)):
        told = summarise(value, "value").text
        assert told.splitlines()[1][:200] == repr(value)[:200]
        assert 200 < tokens(told) < 2000
        assert re.search(r"… \((14,. more characters|[0-9,]+ (characters|bytes) in all)\)$", told)


def test_what_is_masked_is_not_shown_and_moments_have_a_range() -> None:
    masked = summarise(np.ma.masked_array([1, 999, 3], mask=[0, 1, 0]), "masked").text
    assert "999" not in masked
    assert "[1 -- 3]" in masked
    moments = np.array(["2020-01-01", "NaT", "2021-01-01"], dtype="datetime64[D]")
    assert "min 2020-01-01, max 2021-01-01" in summarise(moments, "moments").text


@functools.lru_cache
def kept(a: int) -> int:
    return a + 1


def test_a_function_that_remembers_is_told_by_its_source() -> None:
    assert "return a + 1" in summarise(kept, "kept").text
