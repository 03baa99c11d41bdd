"""What the tests of faults saw, summed up and printed at the end of the run (a pytest plugin).

A test provokes its faults in ``with fault("runtime killed, mid-stream") as it:`` and says what it
measured; a fault that its block survives has been survived. The figures travel with the tests'
reports, so that they are complete when several processes run the tests.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

_PROPERTY = "fault"


@dataclass
class Fault:
    """One fault that was provoked.

    Attributes
    ----------
    name : str
        What fails, and when.
    survived : bool
        Whether the test got to the end of its block.
    seconds : float or None
        From `strikes` to `told`; None where nothing had to be told.
    acknowledged, lost : int
        Turns whose end was seen; and those of them that the journal does not have.
    processes, files : int
        What was left behind: processes, locks and unfinished files.
    """

    name: str
    survived: bool = False
    seconds: float | None = None
    acknowledged: int = 0
    lost: int = 0
    processes: int = 0
    files: int = 0
    _began: float = 0.0

    def strikes(self) -> None:
        """Start the clock: now the fault happens."""
        self._began = time.monotonic()

    def told(self, within: float) -> None:
        """Stop the clock: the user has been told; fail if that took longer than some seconds."""
        self.seconds = time.monotonic() - self._began
        assert self.seconds < within, f"{self.name}: told after {self.seconds:.1f} s"


FaultOf = Callable[[str], AbstractContextManager[Fault]]


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> FaultOf:
    """Provoke a fault: ``with fault("provider closes halfway") as it: …``."""

    @contextlib.contextmanager
    def provoke(name: str) -> Iterator[Fault]:
        it = Fault(name)
        it.strikes()
        try:
            yield it
            it.survived = True
        finally:
            request.node.user_properties.append((_PROPERTY, asdict(it)))

    return provoke


def files_left(copilot_home: Path) -> list[Path]:
    """Return what a notebook that has ended must not leave: records of holders, unfinished files.

    Lock files themselves stay, for to remove one would race.
    """
    own = copilot_home / "copilot_magics"
    records = own.glob("locks/*.json")
    unfinished = (path for path in own.rglob(".*") if path.is_file())
    return sorted([*records, *unfinished])


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the figures, where faults were provoked."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    faults = [
        Fault(**value)
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == _PROPERTY
    ]
    if not faults:
        return
    seconds = [fault.seconds for fault in faults if fault.seconds is not None]
    terminalreporter.section("faults")
    for line in (
        f"provoked: {len(faults)}",
        f"survived: {sum(fault.survived for fault in faults)}",
        f"longest time to a sentence: {max(seconds, default=0.0):.1f} s",
        f"turns acknowledged: {sum(fault.acknowledged for fault in faults)}",
        f"turns lost: {sum(fault.lost for fault in faults)}",
        f"processes left: {sum(fault.processes for fault in faults)}",
        f"files left: {sum(fault.files for fault in faults)}",
    ):
        terminalreporter.write_line(line)
