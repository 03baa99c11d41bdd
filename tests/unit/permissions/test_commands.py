"""Commands that are allowed and denied by pattern, tried by someone who wants past them."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.permissions.asks import shell, verdict

from copilot_magics.permissions import Policy

# Commands that are allowed by a pattern


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("shell", "anything $(goes) | sh > f"),
        ("shell(ls)", "ls"), ("shell(ls)", "ls -la src"), ("shell(git:*)", "git"),
        ("shell(git:*)", "git status"), ("shell(git:*)", "git commit -m 'a; rm x'"),
        ("shell(git:*)", "git log --oneline | git status && git diff"),
        ("shell(git:*)", "git status 2>&1 >/dev/null"), ("shell(git:*)", "git switch -c new"),
        ("shell(git:*)", "git --no-pager log"), ("shell(git status)", "git status"),
        ("shell(git status)", "git status --short"), ("shell(gh pr)", "gh pr list"),
        ("shell(npm run test:*)", "npm run test -- -x"), ("shell(python:*)", "python x.py"),
        ("shell(find:*)", "find . -name '*.py'"), ("shell(sudo ls)", "sudo ls"),
        ("shell(A=1 git status > f)", "A=1 git status > f"), ("shell(env)", "env"),
        ("shell(echo $(date) | sh)", "echo $(date) | sh"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["ask", "read-only", "deny"])
def test_a_pattern_allows_its_commands(pattern: str, text: str, mode: str) -> None:
    assert verdict(shell(text), mode, allow=[pattern]) == "allow"


@pytest.mark.parametrize(
    "text",
    [
        "git status; rm x", "git status && rm x", "git status || rm x", "git status | sh",
        "git status\nrm x", "git status & rm x", "git log $(rm x)", "git log `rm x`", "gitea x",
        'git log "$(rm x)"', "git diff <(rm x)", "LD_PRELOAD=x git status", "A=1 git status",
        "git -c alias.x='!rm' x", "git -calias.x=!rm x", "git --exec-path=. x", "git -C /x status",
        "git --git-dir=/x status", "git --config-env=a=b x", "git x", "git config alias.x '!rm'",
        "git rebase -x 'rm x'", "git rebase --exec 'rm x' HEAD~1", "git rebase --exe=rm",
        "git bisect run rm x", "git submodule foreach rm", "git grep -Orm x", "git diff --ext-diff",
        "git clone ext::sh", "git clone -u rm x", "git fetch --upload-pack=rm",
        "git log --output=f",
        "git push --receive-pack=rm x", "git difftool -x rm", "git filter-branch", "git hook run x",
        "git log > f", "git log >> f", "git $x", 'git "$x"', "git ${x}", "git $(echo status)",
        "git {status,push}", "git *", "env git status", "/tmp/git status", "./git status",
        "command git status", "exec git status", "sudo git status", "time git status",
        "git() { rm x; }; git status", "alias git=rm; git status", "eval git status", "sh -c 'git'",
        "xargs git", "git status #; rm", "git log \\ #; rm x", "git log '", "", "   ", "# git",
        "if git status; then rm x; fi", "(git status; rm x)", "git status\rrm x", "g\\\nit status",
        "cat <<E\ngit\nE", "$git status", "${x:-git} status", "git\u00a0status", "git status;;rm x",
        "git log ';' rm", "GIT status", "! git status", "function git { rm x; }",
        "git status |& rm",
        "ssh h git status", "nohup git status", "timeout 5 git status", "find . -exec git {} +",
    ],
)  # fmt: skip
def test_a_pattern_allows_nothing_else(text: str) -> None:
    assert verdict(shell(text), allow=["shell(git:*)"]) == "ask"
    assert verdict(shell(text), "read-only", allow=["shell(git:*)"]) == "refuse"


TOKENS = (
    "git rm status ; && || | & \n $(rm) `rm` \\ ' \" # > < ( ) { } $x -c =a A=1 <<E E env sh \\\n"
    " if then fi !"
)


@settings(deadline=None)
@given(st.lists(st.sampled_from(TOKENS.split(" ")), max_size=8), st.sampled_from(["", " "]))
def test_no_soup_of_tokens_runs_another_command(tokens: list[str], glue: str) -> None:
    ask = shell(glue.join(tokens))
    if verdict(ask, allow=["shell(git:*)"]) == "allow":
        assert {words[0] for words in ask.line.commands} == {"git"}
    Policy("allow-all", [], ["shell(rm)"], "/").decide(ask)


# Commands that are denied


@pytest.mark.parametrize(
    "text",
    [
        "rm x", "/bin/rm x", "/usr/bin/rm x", "\\rm x", "r''m x", '"rm" x', "'rm' x", "RM x",
        "../../bin/rm x", "ls; rm x", "ls && rm x", "ls || rm", "ls\nrm x", "ls & rm x", "ls | rm",
        "env rm x", "env -i A=1 rm x", "env -S 'rm x'", "env '-Srm x'", "bash -c 'rm x'",
        "sh -c 'ls; rm x'", "bash -lc 'rm x'", "bash -c \"bash -c 'rm x'\"", "xargs rm",
        "ls | xargs -n1 rm -f", "ls | xargs -I{} sh -c 'rm {}'", "echo $(rm x)", "echo `rm x`",
        'echo "$(rm x)"', "cat <(rm x)", "nohup rm x &", "sudo -u root rm x", "timeout 5 rm x",
        "time rm x", "nice -n 5 rm x", "command rm x", "builtin rm x", "exec rm x", "coproc rm x",
        "find . -exec rm {} \\;", "find . -execdir rm {} +", "if true; then rm x; fi",
        "for i in a; do rm $i; done", "f() { rm x; }; f", "(rm x)", "{ rm x; }", "! rm x",
        "A=1 rm x", "rm x > f", "cat <<E | sh\nrm x\nE", "cat <<E\n$(rm x)\nE", "eval 'rm x'",
        "eval rm x", "trap 'rm x' EXIT", "echo 'rm x' | sh", "sh <<< 'rm x'", "alias ls=rm; ls",
        "git -c alias.x='!rm y' x", "python -c \"import os; os.system('rm x')\"", "watch rm x",
        "busybox rm x", "ssh h rm x", "ssh h 'cd /; rm x'", "parallel rm ::: x", "strace rm x",
        "PATH=. rm x", "x=rm; $x y", "time < f rm x", "> $ rm x", "echo `a` `rm`",
        "git log \\ #; rm x", "echo 'open; rm x", "env env env rm x",
        "perl -e 'unlink' # rm", "tar --to-command='rm x' -xf y", "awk 'BEGIN{system(\"rm x\")}'",
    ],
)  # fmt: skip
@pytest.mark.parametrize("pattern", ["shell(rm)", "shell(rm:*)"])
def test_a_denied_command_is_found_everywhere(text: str, pattern: str) -> None:
    for mode in ("allow-all", "ask"):
        assert verdict(shell(text), mode, allow=["shell"], deny=[pattern]) == "refuse"


@pytest.mark.parametrize(
    "text",
    [
        "$x y", "${x} y", "$(echo r)m x", "r? x", "{r,}m x", "$'\\x72m' x", "eval $x", "sh -c $x",
        'sh -c "$x"', "bash x.sh", "sh < f", "cat f | sh", "echo cm0geA== | base64 -d | sh", ". f",
        "source f", "python f.py", "python -c x", "make", "npm test", "./f", "/tmp/f", "echo `ls`",
        "echo 'open",
        "PATH=. ls", "export BASH_ENV=f", "xargs -I{} {} x", "echo x | xargs env", "perl f",
        "awk x",
        "cat <<E\nx\nE", "alias a=b", "trap $x EXIT", "bash -c 'r? x'", "bash -c '$0 x' y",
        "find $x",
        "x='$'; y='(ls)'; echo $((a[$x$y]))", "enable -f f g", "r\\\nx y", "a\rb", "env $x",
        "sudo $x",
        "bash -c 'bash -c \"bash -c \\\"bash -c ls\\\"\"'",
    ],
)  # fmt: skip
def test_what_may_hide_a_denied_command_is_asked(text: str) -> None:
    assert verdict(shell(text), "allow-all", deny=["shell(rm)"]) == "ask"
    assert verdict(shell(text), "ask", allow=["shell"], deny=["shell(rm)"]) == "ask"
    assert verdict(shell(text), "deny", allow=["shell"], deny=["shell(rm)"]) == "refuse"
    assert verdict(shell(text), "allow-all") == "allow"


@pytest.mark.parametrize(
    "text",
    [
        "ls -la", "git status; git log | head", "cat a > b", "for i in a b; do echo $i; done",
        "if [ -f x ]; then echo y; fi", "A=1 ls", "timeout 5 git log", "env A=1 ls",
        "sudo cat x",
        "find . -name '*.py' -exec grep -n x {} +", "bash -c 'ls; git log'", 'echo "$(date)"',
        "git commit -m 'rm is gone'", "echo rm", "ls rm", "grep rm x", "rmdir x",
    ],
)  # fmt: skip
def test_a_deny_pattern_leaves_the_rest_alone(text: str) -> None:
    assert verdict(shell(text), "allow-all", deny=["shell(rm)"]) == "allow"


# The judge is bash itself


PIECES = [
    *["git"] * 4, *["rm"] * 4, *[" "] * 4, "status", ";", "&&", "||", "|", "&", "\n", "$(rm)",
    "`rm`",
    "\\", "'", '"', "#", ">", ">/dev/null", "2>&1", "<", "(", ")", "{", "}", "$x", "-c", "=", "A=1",
    "<<E", "E", "if", "then", "fi", "!", "\\\n", "\t", "\u00a0", "é", "~", "*", "[", "{a,b}", "$",
    "$'", '$"', "case", "in", "esac", ";;", "env", "#rm", "\\#", "''", '""', "<<<", "&>", "|&",
    "time", "[[", "]]", "((", "))",
]  # fmt: skip


def test_bash_finds_no_way_past(tmp_path: Path) -> None:
    programs, ran = tmp_path / "bin", tmp_path / "ran"
    programs.mkdir()
    for name in ("git", "rm", "env"):
        (programs / name).write_text(f"#!/bin/bash\necho {name} >> {ran}\n")
        (programs / name).chmod(0o755)
    dice = random.Random(20261123)
    tried = 0
    for _ in range(6000):
        glue, start = dice.choice(["", " "]), dice.choice(["git ", ""])
        text = start + glue.join(dice.choices(PIECES, k=dice.randint(1, 9)))
        allowed = verdict(shell(text), allow=["shell(git:*)"]) == "allow"
        passed = verdict(shell(text), "allow-all", deny=["shell(rm)"]) == "allow"
        if not allowed and not (passed and "rm" in text):
            continue
        tried += 1
        ran.write_text("")
        subprocess.run(
            ["/bin/bash", "-c", text],
            env={"PATH": str(programs)},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        names = set(ran.read_text().split())
        assert not allowed or names <= {"git"}, text
        assert not passed or "rm" not in names, text
    assert tried > 100
