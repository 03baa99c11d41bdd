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
