"""A bar for those who wait, and nothing for those who do not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from copilot_magics.transcripts.progress import Progress


def test_what_is_quick_shows_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(100, "Reading", patience=float("inf")) as progress:
        progress.advance(60)
        progress.advance(40)
    assert capsys.readouterr() == ("", "")


def test_what_takes_long_shows_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(2_000_000, "Reading", patience=0) as progress:
        progress.advance(500_000)
        progress.advance(1_500_000)
    out, err = capsys.readouterr()
    assert out == ""
    assert "Reading:  25%" in err
    assert "/2.00M" in err
    # It has gone again.
    assert err.endswith("\r")


def test_an_error_takes_the_bar_away(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        with Progress(10, "Reading", patience=0) as progress:
            progress.advance(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert capsys.readouterr().err.endswith("\r")


def test_nobody_pays_for_a_bar_that_is_not_shown() -> None:
    code = (
        "import sys; from copilot_magics.transcripts.progress import Progress;"
        "Progress(1, '').advance(1); print('tqdm' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "False\n"
