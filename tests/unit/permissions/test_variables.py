"""Variables that steer the shell, and those that reach the programs that it runs."""

from __future__ import annotations

import pytest

from copilot_magics.permissions.shell import parse


@pytest.mark.parametrize(
    "text",
    [
        "GREP=x zgrep y z", "A=1 GREP=x ls", "GREP+=x ls", "GREP=(x) ls", ">f GREP=x ls",
        "export GREP", "export -- GREP=x", "export 'GREP'", "export \"GREP=x\"",
        "command export GREP",
        "declare -x GREP=x", "typeset -gx GREP", "local -rx GREP=x", "env GREP=x ls",
        "timeout 5 /usr/bin/env GREP=x ls", "sudo GREP=x ls", "env 'BASH_FUNC_ls%%=x' ls",
        "set -a", "set -ek", "set -o allexport", "shopt -so keyword", "bash -ac ls",
        "HOME=x", "read -r DOCKER_HOST", "printf -vHOME x", "printf -vPATH x", "read -raPATH",
        "mapfile -t XDG_CONFIG_HOME", "for HOME in x; do :; done", "unset HOME",
        "time GREP=x ls", "coproc GREP=x ls",
    ],
)  # fmt: skip
def test_a_variable_that_reaches_programs_is_a_doubt(text: str) -> None:
    assert parse(text).doubts, parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "GREP=x; ls", "GREP=x", "A=1 x=2 ls", "LC_ALL=C sort f", "TZ=UTC date", "export A=1 x=2",
        "declare GREP=x", "local GREP", "readonly GREP=x", "env CI=1 ls", "export -f f",
        "set -euo pipefail", "ls -a", "ls -la /bin/sh", "echo $HOME $GREP", "make GREP=x",
        "git commit -m 'GREP=x'",
        "read -r x", "printf '%s' x", "OMP_NUM_THREADS=4 mytool",
    ],
)  # fmt: skip
def test_a_variable_of_the_shell_alone_is_none(text: str) -> None:
    assert parse(text).doubts == ()
