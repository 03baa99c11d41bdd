"""Which sessions a person has starred."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_magics.errors import InvalidSessionID
from copilot_magics.stars import star, starred


def test_a_star_is_given_and_taken(home: Path) -> None:
    assert starred() == set()
    for session in ("a", "b.c", "a"):
        star(session, True)
    assert starred() == {"a", "b.c"}
    (file, _) = sorted((home / "copilot_magics" / "stars").iterdir())
    assert (file.stat().st_size, file.stat().st_mode & 0o777) == (0, 0o600)
    assert file.parent.stat().st_mode & 0o777 == 0o700
    for _ in range(2):
        star("a", False)
    assert starred() == {"b.c"}


@pytest.mark.parametrize("session", ["../a", "", "a/b", ".."])
def test_no_path_leads_elsewhere(home: Path, session: str) -> None:
    for on in (True, False):
        with pytest.raises(InvalidSessionID):
            star(session, on)
    assert not home.exists()
