"""Which cells get a body that have none."""

from __future__ import annotations

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from copilot_magics.bare import with_body


@pytest.mark.parametrize("typed", ["%%copilot --fix", "%%copilot --model 'a b' --fix\n"])
def test_a_cell_that_only_asks_to_fix(typed: str) -> None:
    lines = TransformerManager().transform_cell(typed).splitlines(keepends=True)
    (line,) = with_body(lines)
    assert line.endswith(r", '\n')" + "\n")


@pytest.mark.parametrize(
    "typed",
    ["%%copilot", "%%copilot --quiet", "%%copilot --fix\nWhy?", "%%time\n", "x = '--fix'", ""],
)
def test_all_others_are_left_alone(typed: str) -> None:
    lines = TransformerManager().transform_cell(typed).splitlines(keepends=True)
    assert with_body(lines) == lines
