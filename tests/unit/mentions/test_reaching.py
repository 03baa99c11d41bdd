"""What an expression means, and what is not looked up because code would run."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from copilot_magics.errors import BadInput
from copilot_magics.mentions.overview import variable_line
from copilot_magics.mentions.reaching import reach
from copilot_magics.mentions.variables import summarise


class Counting(np.ndarray):
    """An array with a way of its own to take keys."""

    def __getitem__(self, key: Any) -> Any:
        raise AssertionError("it was asked")


NAMES: dict[str, Any] = {
    "array": np.arange(6).reshape(2, 3),
    "masked": np.ma.masked_array([1, 2], [True, False]),
    "frame": pd.DataFrame({"a": [1, 2]}),
    "nested": {"a": [(1, 2), {"b c": 3}]},
    "counting": np.arange(3).view(Counting),
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("array[1][-1]", 5),
        ("array.shape", (2, 3)),
        ("masked[1]", 2),
        ("frame['a'][1]", 2),
        ("nested['a'][0][1]", 2),
        ("nested['a'][1]['b c']", 3),
    ],
)
def test_what_is_kept_is_found(expression: str, value: object) -> None:
    assert reach(NAMES, expression) == value


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("array[2]", "@array has no item 2; nothing was sent."),
        ("array['a']", "@array['a'] would have to be computed"),
        ("counting[0]", "@counting[0] would have to be computed"),
        ("frame['b']", "@frame has no item 'b'; nothing was sent."),
        ("nested['b']", "@nested has no key 'b'; nothing was sent."),
    ],
)
def test_what_is_not_kept_is_said(expression: str, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        reach(NAMES, expression)
    assert str(refused.value).startswith(told)


class Loud(type):
    """A metaclass that is asked nothing."""

    def __getattribute__(cls, name: str) -> Any:
        raise AssertionError(f"it was asked {name}")


class Kept(metaclass=Loud):
    shared = 1
    __slots__ = ("__dict__", "slot")

    @property
    def made(self) -> int:
        raise AssertionError("it was asked")

    def __init__(self) -> None:
        self.own, self.slot = 2, 3


class Finds:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError("it was asked")


class Claims(Finds):
    __module__ = "pandas.core"


class Frame(pd.DataFrame):
    def __getitem__(self, key: Any) -> Any:
        raise AssertionError("it was asked")

    __getattr__ = __getitem__

    @property
    def columns(self) -> Any:
        raise AssertionError("it was asked")


class Column(pd.Series):  # type: ignore[type-arg]
    def __getitem__(self, key: Any) -> Any:
        raise AssertionError("it was asked")


class Guarded(pd.DataFrame):
    def __getattribute__(self, name: str) -> Any:
        if name != "_mgr":
            return super().__getattribute__(name)
        raise AssertionError("it was asked")


def subclassed() -> dict[str, Any]:
    frame = Frame({"a": [1, 2]})
    object.__setattr__(frame, "crs", "EPSG:4326")
    return {"frame": frame, "column": Column([5]), "guarded": Guarded()}


@pytest.mark.parametrize(
    ("expression", "value"),
    [("kept.shared", 1), ("kept.own", 2), ("kept.slot", 3), ("Kept.shared", 1)],
)
def test_no_metaclass_is_asked(expression: str, value: int) -> None:
    names = {"kept": Kept(), "Kept": Kept}
    assert reach(names, expression) == value
    for computed in ("kept.made", "Kept.made"):
        with pytest.raises(BadInput, match="would have to be computed"):
            reach(names, computed)
    with pytest.raises(BadInput, match="has no attribute 'other'"):
        reach(names, "kept.other")


def test_what_is_not_there_is_not_made() -> None:
    made = defaultdict(list, {"a": [1]})
    assert reach({"made": made}, "made['a'][0]") == 1
    with pytest.raises(BadInput, match="has no key 'b'"):
        reach({"made": made}, "made['b']")
    assert list(made) == ["a"]
    for name, value in {"finds": Finds(), "claims": Claims()}.items():
        with pytest.raises(BadInput, match="would have to be computed"):
            reach({name: value}, f"{name}.a")


@pytest.mark.parametrize("key", ["007", '"\\x"', "'\\N{no}'", "'a\x00'", "'\ud800'", "٣"])
def test_a_key_that_is_no_python_is_said(key: str) -> None:
    with pytest.raises(BadInput, match="nothing was sent"):
        reach({"d": {}}, f"d[{key}]")


def test_a_backslash_that_means_nothing_warns_nobody(recwarn: pytest.WarningsRecorder) -> None:
    assert reach({"d": {r"\d": 1, "x]y": 2}}, r"d['\d']") == 1
    assert reach({"d": {"x]y": 2}}, "d['x]y']") == 2
    assert not recwarn.list


def test_a_subclass_of_a_table_is_the_table_that_it_is() -> None:
    names = subclassed()
    assert reach(names, "frame['a'][1]") == 2
    assert reach(names, "frame.a[0]") == 1
    assert reach(names, "frame.shape") == (2, 1)
    assert reach(names, "frame.crs") == "EPSG:4326"
    assert reach(names, "column[0]") == 5
    for expression, told in (
        ("frame.b", "has no attribute 'b'"),
        ("frame['b']", "has no item 'b'"),
        ("frame.columns", "would have to be computed"),
        ("guarded['a']", "would have to be computed"),
    ):
        with pytest.raises(BadInput, match=told):
            reach(names, expression)
    for name, value in names.items():
        assert summarise(value, name).text
    assert variable_line("frame", names["frame"]) == "frame: Frame of 2 rows × 1 columns: a"
    assert variable_line("guarded", names["guarded"]).startswith("guarded: Guarded <")


def test_what_somebody_has_registered_with_a_library_is_not_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame = pd.DataFrame({"a": ["x"]})
    monkeypatch.setattr(pd.DataFrame, "_accessors", set(pd.DataFrame._accessors))
    pd.api.extensions.register_dataframe_accessor("finds")(Finds)
    try:
        for name, value in {"frame": frame, "sub": Frame(frame)}.items():
            with pytest.raises(BadInput, match=f"@{name}.finds would have to be computed"):
                reach({name: value}, f"{name}.finds")
    finally:
        del pd.DataFrame.finds
    assert reach({"frame": frame}, "frame.a.str") is not None


def test_a_name_may_be_spelled_in_several_ways() -> None:
    names = {"café": SimpleNamespace(fi=1), "मूल्य": {"cafe\u0301": 2}}
    assert reach(names, "cafe\u0301.ﬁ") == 1
    assert reach(names, "मूल्य['cafe\u0301']") == 2
