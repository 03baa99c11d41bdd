"""What an expression means, and what is not looked up because code would run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from copilot_magics.errors import BadInput
from copilot_magics.mentions.reaching import reach


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
