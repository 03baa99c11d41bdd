"""A working folder, for rules that ask where a file is."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder beside another one, with links between them."""
    inside, outside = tmp_path / "work", tmp_path / "else"
    for made in (inside / "src", outside):
        made.mkdir(parents=True)
    (inside / "a.txt").write_text("a")
    (outside / "b.txt").write_text("b")
    (inside / "link.txt").symlink_to(outside / "b.txt")
    (inside / "linked").symlink_to(outside)
    (inside / "loop").symlink_to(inside / "loop")
    return inside
