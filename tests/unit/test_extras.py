"""What an extra brings, and what is said where it is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from copilot_magics.errors import BadInput
from copilot_magics.extras import needs


def test_an_installed_module_is_returned() -> None:
    assert needs("json", "plot", "This test") is json


def test_a_missing_one_names_the_extra() -> None:
    with pytest.raises(BadInput) as caught:
        needs("nobody_has_this.inside", "plot", "df.copilot.plot")
    assert str(caught.value) == (
        "df.copilot.plot needs nobody_has_this. "
        "Install it with `%pip install copilot-magics[plot]`."
    )


def test_a_broken_installation_keeps_its_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_installed.py").write_text("import nobody_has_this\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="nobody_has_this"):
        needs("half_installed", "plot", "df.copilot.plot")
    assert "half_installed" not in sys.modules
