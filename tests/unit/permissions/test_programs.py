"""Programs that can be told to run others, or that have subcommands behind their options."""

from __future__ import annotations

import pytest
from unit.permissions.asks import shell, verdict


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("shell(git)", "git push"), ("shell(git status)", "git push"),
        ("shell(git pus)", "git push"),
        ("shell(git status)", "git -C x status"), ("shell(ls -l)", "ls -l x"),
        ("shell(ls)", "lsof"),
        ("shell(find:*)", "find . -exec rm {} +"), ("shell(find:*)", "find . -delete"),
        ("shell(find:*)", "find . -fprintf f x"), ("shell(python:*)", "python -c 'x'"),
        ("shell(python3:*)", "python3 -Ic x"), ("shell(python:*)", "python"),
        ("shell(python:*)", "git log | python -"), ("shell(python:*)", "python /dev/stdin"),
        ("shell(perl:*)", "perl -ne x"), ("shell(node:*)", "node --eval x"),
        ("shell(awk)", "awk x"),
        ("shell(sed)", "sed '1e rm' x"), ("shell(tar:*)", "tar --to-command=rm -xf x"),
        ("shell(tar:*)", "tar -xIrm -f x"), ("shell(tar:*)", "tar --checkpoint-act=exec=rm"),
        ("shell(sort:*)", "sort --compress-program=rm"), ("shell(rsync:*)", "rsync -e rm a b"),
        ("shell(docker:*)", "docker run -v /:/x y"), ("shell(rg:*)", "rg --pre rm x"),
        ("shell(env)", "env rm"), ("shell(bash)", "bash -c rm"), ("shell(sudo ls)", "sudo ls -l"),
        ("shell(sudo ls)", "sudo ls; rm x"), ("shell(echo a > b)", "echo a > b2"),
        ("shell(echo a  b)", "echo a b; rm"),
    ],
)  # fmt: skip
def test_a_pattern_does_not_stretch(pattern: str, text: str) -> None:
    assert verdict(shell(text), allow=[pattern]) == "ask"


def test_a_denied_subcommand_is_found_behind_options() -> None:
    deny = ["shell(git push)"]
    for text in ("git push", "git push -f", "git --no-pager push", "git -C x push", "env git push"):
        assert verdict(shell(text), "allow-all", deny=deny) == "refuse"
    for text in ("git p", "git -c alias.p=pull p", "git $x"):
        assert verdict(shell(text), "allow-all", deny=deny) != "allow"
    assert verdict(shell("git pull"), "allow-all", deny=deny) == "allow"


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        # What a module is told is judged as for the program of its name.
        ("shell(python:*)", "python -m pip install -r x -e .", "allow"),
        ("shell(python:*)", "python -W ignore -Im pytest -x -c f", "ask"),
        ("shell(python -m poetry run pytest:*)", "python -m poetry run pytest -q", "allow"),
        ("shell(python -m poetry run:*)", "python -m poetry run rm x", "ask"),
        # These words need not be a module's.
        ("shell(python:*)", "python -X -mpip -c x", "ask"),
        ("shell(python:*)", "python -W -m -c x", "ask"),
        # The value of an option is no program.
        ("shell(python:*)", "python -W ignore", "ask"),
        ("shell(python:*)", "python -W ignore x.py", "allow"),
        ("shell(node:*)", "node --title a", "ask"), ("shell(node:*)", "node --title a b", "allow"),
        ("shell(pnpm:*)", "pnpm touch y", "ask"), ("shell(pnpm touch:*)", "pnpm touch y", "allow"),
        ("shell(bun:*)", "bun run touch y", "ask"), ("shell(bun run a:*)", "bun run a y", "allow"),
    ],
)  # fmt: skip
def test_what_a_program_launches_is_judged_for_itself(
    pattern: str, text: str, expected: str
) -> None:
    assert verdict(shell(text), allow=[pattern]) == expected
