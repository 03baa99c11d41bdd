"""A shell in which tools run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell


@pytest.fixture
def shell(home: object) -> Iterator[Any]:
    made = InteractiveShell.instance()
    yield made
    made.reset()
    InteractiveShell.clear_instance()
