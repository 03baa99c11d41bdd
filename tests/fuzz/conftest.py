"""Fuzzing: a strategy makes inputs, a check takes them, and how many there were is printed.

``COPILOT_MAGICS_FUZZ`` is the number of inputs of each target; ``make fuzz`` says 100,000.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")

INPUTS = int(os.environ.get("COPILOT_MAGICS_FUZZ") or 1000)
_PROPERTY = "fuzzed"


class Fuzz(Protocol):
    """Give a check `INPUTS` inputs; whatever it raises is a finding, with the smallest input."""

    def __call__(
        self, target: str, inputs: SearchStrategy[T], check: Callable[[T], object]
    ) -> None: ...


@pytest.fixture
def fuzz(request: pytest.FixtureRequest) -> Fuzz:
    """Fuzz a target: ``fuzz("the journal reader", journals(), read)``."""

    def run(target: str, inputs: SearchStrategy[T], check: Callable[[T], object]) -> None:
        count, began = 0, time.monotonic()

        @settings(
            max_examples=INPUTS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(inputs)
        def one(value: T) -> None:
            nonlocal count
            count += 1
            check(value)

        one()
        took = time.monotonic() - began
        request.node.user_properties.append((_PROPERTY, (target, count, took)))
        assert count >= INPUTS, f"{target}: only {count} inputs"

    return run


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how many inputs each target took."""
    found = [
        value
        for report in terminalreporter.stats.get("passed", [])
        if report.when == "call"
        for name, value in report.user_properties
        if name == _PROPERTY
    ]
    if found:
        terminalreporter.section("fuzzing")
    for target, count, took in found:
        terminalreporter.write_line(f"{target}: {count:,} inputs in {took:.0f} s, no finding")
