"""The folder of a dataset that is not there yet."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return tmp_path / "transcripts"
