"""What the picker loads in the browser is what its sources in ``front/`` give."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import copilot_magics.display.picker as picker

FRONT = Path(__file__).parents[4] / "front"
STATIC = Path(picker.__file__).parent / "static"


def test_the_committed_build_is_that_of_the_sources(tmp_path: Path) -> None:
    copy, out = tmp_path / "front", tmp_path / "static"
    shutil.copytree(FRONT, copy, ignore=shutil.ignore_patterns("node_modules"))
    out.mkdir()
    for command in (
        ["npm", "ci", "--prefer-offline"],
        ["npm", "run", "check"],
        ["npm", "run", "build", "--", str(out)],
    ):
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    built = {path.name: path.read_bytes() for path in out.iterdir()}
    committed = {path.name: path.read_bytes() for path in STATIC.iterdir()}
    assert built.keys() == committed.keys()
    for name, content in built.items():
        assert content == committed[name], f"{name} is out of date. Run `make front`."


def test_nothing_of_others_is_shipped_without_its_licence() -> None:
    told = (STATIC / "THIRD-PARTY.txt").read_text()
    assert "ag-grid-community" in told
    assert "MIT" in told


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (FRONT / "package-lock.json").read_text()
