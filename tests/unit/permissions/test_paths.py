"""Files that are read, searched and written: inside, outside, behind links, with secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from unit.permissions.asks import read, verdict, write

from copilot_magics.permissions import Policy, understand


@pytest.mark.parametrize("path", ["a.txt", "src", ".", "src/new.txt", "src/../a.txt"])
def test_reading_inside_is_allowed(folder: Path, path: str) -> None:
    for asked in (path, folder / path):
        for mode, wanted in [("ask", "allow"), ("read-only", "allow"), ("deny", "refuse")]:
            assert verdict(read(asked, folder), mode, cwd=folder) == wanted


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "..", "../else/b.txt", "link.txt", "linked", "linked/b.txt", "linked/new",
     "~/x",
     "linked/../x", "../work2/x", "/", "src/../../else/b.txt"],
)  # fmt: skip
def test_reading_outside_is_asked(folder: Path, path: str) -> None:
    assert verdict(read(path, folder), cwd=folder) == "ask"
    assert verdict(read(path, folder), "read-only", cwd=folder) == "refuse"
    assert verdict(read(path, folder), "allow-all", cwd=folder) == "allow"


@pytest.mark.parametrize(
    "path",
    [".env", ".env.local", "x/.ENV", "prod.env", ".envrc", "id_rsa", "id_ed25519", "a.pem", "a.KEY",
     ".netrc", ".npmrc", ".pypirc", "credentials", "credentials.json", ".git-credentials", ".ssh/x",
     ".aws/config", ".kube/config", "my-service-account.json", "secrets.toml", ".git/config",
     ".streamlit/secrets.toml", "client_secret.json", "token.json", "kernel-1.json", ".pgpass",
     "private_key.txt", "app.p12", ".config/gh/hosts.yml", ".docker/config.json", ".bash_history"],
)  # fmt: skip
def test_files_with_secrets_are_asked_for(folder: Path, path: str) -> None:
    assert verdict(read(path, folder), cwd=folder) == "ask"
    assert verdict(read(path, folder), "read-only", cwd=folder) == "refuse"
    # A folder that is allowed does not give away what must be named.
    assert verdict(read(path, folder), allow=["read(.)", "read(**)"], cwd=folder) == "ask"
    assert verdict(read(path, folder), allow=[f"read({path})"], cwd=folder) == "allow"


def test_more_files_with_secrets_and_their_neighbours(folder: Path) -> None:
    secret = (
        "deploy_ed25519 github_ed25519 ssh_key sshkey "
        "client_secret_1-a.apps.googleusercontent.com.json x-firebase-adminsdk-a1.json "
        "gcp-key.json sa-key.json rootkey.csv alice_accessKeys.csv token.pickle token.json "
        "passwords.txt .dev.vars .flaskenv env.local rclone.conf .authinfo .authinfo.gpg "
        ".cdsapirc openai_key.txt OPENAI_API_KEY kubeconfig.yaml kubeconfig-prod "
        "oauth_creds.json .codex/auth.json jupyter_cookie_secret .vault_pass .pgpass "
        "pgpass.conf .my.cnf .mylogin.cnf .Renviron .streamlit/secrets.toml mysecret.txt "
        "aws_creds.txt creds.json cookies.txt github_pat.txt hf_token my_api_key.py "
        "local.settings.json pip.conf .dbt/profiles.yml .oci/config .config/sops/age/keys.txt "
        ".jupyter/jupyter_server_config.json wg0.conf"
    )
    ordinary = (
        "tokens.csv keys.csv key.csv answer_key.txt secretary.txt passengers.csv "
        "password_strength.csv compass.json bypass.txt low_pass.json monkey.json keywords.txt "
        "authors.csv auth.py cookies.csv token.py token_counts.csv tokenizer.json "
        "special_tokens_map.json added_tokens.json credit.csv credits.txt sacred.json "
        "environment.yml env.py config.json conf.py profiles.yml rsa.py jwt.py ssh_keygen.sh "
        "deploy_ed25519.pub public_key.txt visa.json package-lock.json firebase.json pat.txt "
        "password.py accreditation.txt wallet.csv primary_keys.csv usa_keys.csv"
    )
    read_alone = {path for path in f"{secret} {ordinary}".split()
                  if verdict(read(path, folder), cwd=folder) == "allow"}  # fmt: skip
    assert read_alone == set(ordinary.split())


@pytest.mark.parametrize(
    "path", ["tokenizer.py", "keys.md", "environment.yml", "id_rsa.pub", "a.csv"]
)
def test_other_files_are_not(folder: Path, path: str) -> None:
    assert verdict(read(path, folder), cwd=folder) == "allow"


def test_a_harmless_name_that_links_to_a_secret_is_asked_for(folder: Path) -> None:
    (folder / ".env").write_text("K=v")
    (folder / "notes.txt").symlink_to(folder / ".env")
    assert verdict(read("notes.txt", folder), cwd=folder) == "ask"


def test_a_search_that_would_read_secrets_is_asked(folder: Path) -> None:
    search = "Search in directory: x"
    assert verdict(read(folder, folder, search), cwd=folder) == "allow"
    (folder / "src" / ".env").write_text("K=v")
    assert verdict(read(folder, folder, search), cwd=folder) == "ask"
    for names_only in ("List directory: x", "Search for files matching pattern in: x"):
        assert verdict(read(folder, folder, names_only), cwd=folder) == "allow"


@pytest.mark.parametrize(
    ("deny", "wanted"),
    [
        ("read(b.py)", "ask"), ("read(src/b.py)", "ask"), ("read(src/*.py)", "ask"),
        ("read(**/*.PY)", "ask"), ("read(src)", "ask"), ("read(src/**)", "ask"),
        ("read(c.py)", "allow"), ("read(*.js)", "allow"), ("read(/etc)", "allow"),
        ("write(b.py)", "allow"), ("read(.)", "refuse"),
    ],
)  # fmt: skip
def test_a_search_that_would_read_what_is_denied_is_asked(
    folder: Path, deny: str, wanted: str
) -> None:
    (folder / "src" / "b.py").write_text("b")
    search = read(folder, folder, "Search in directory: x")
    for mode in ("ask", "allow-all"):
        assert verdict(search, mode, deny=[deny], cwd=folder) == wanted
    names_only = read(folder, folder, "List directory: x")
    assert verdict(names_only, deny=[deny], cwd=folder) == ("allow", "refuse")[wanted == "refuse"]


def test_a_working_folder_that_is_a_link_is_its_real_folder(folder: Path) -> None:
    link = folder.parent / "cwd"
    link.symlink_to(folder)
    assert verdict(read(link / "a.txt", link), cwd=link) == "allow"
    assert verdict(read(folder / "a.txt", link), cwd=link) == "allow"


def test_reading_is_decided_by_the_folder_at_that_time(folder: Path) -> None:
    policy = Policy("ask", [], [], folder)
    ask = read("a.txt", folder)
    assert policy.decide(ask).verdict == "allow"
    os.rename(folder, folder.parent / "moved")
    (folder.parent / "work").symlink_to(folder.parent / "else")
    assert policy.decide(read("b.txt", folder)).verdict == "allow"
    assert policy.decide(ask).verdict == "ask"


@pytest.mark.parametrize(
    ("pattern", "path", "wanted"),
    [
        ("write", "a.txt", "allow"), ("write", "../else/x", "allow"),
        ("write(a.txt)", "a.txt", "allow"),
        ("write(a.txt)", "src/a.txt", "allow"), ("write(a.txt)", "../else/a.txt", "ask"),
        ("write(src)", "src/x/y.py", "allow"), ("write(src)", "src2/x", "ask"),
        ("write(*.py)", "src/x.py", "allow"), ("write(src/**/*.py)", "src/a/b/x.py", "allow"),
        ("write(src/*.py)", "src/a/x.py", "ask"), ("write(.)", "new", "allow"),
        ("write(.)", "link.txt", "ask"), ("write(.)", "linked/x", "ask"),
        ("write(.)", "../x", "ask"),
        ("write(linked)", "linked/x", "ask"), ("write(src)", "src/../a.txt", "ask"),
        ("write(.)", ".git/hooks/pre-commit", "ask"), ("write(.)", ".env", "ask"),
        ("write(.)", ".github/hooks/x.json", "ask"), ("write(.git)", ".git/x", "ask"),
        ("write(.env)", ".env", "allow"), ("read(a.txt)", "a.txt", "ask"),
        ("write(a)", "a.txt", "ask"),
    ],
)  # fmt: skip
def test_writes(folder: Path, pattern: str, path: str, wanted: str) -> None:
    assert verdict(write(path, folder), allow=[pattern], cwd=folder) == wanted
    assert verdict(write(path, folder), cwd=folder) == "ask"
    assert verdict(write(path, folder), "read-only", cwd=folder) == "refuse"


@pytest.mark.parametrize(
    ("pattern", "path"),
    [("write(.env)", ".env"), ("write(.env)", "src/.env"), ("write(.env)", "../else/.ENV"),
     ("write(../else)", "linked/x"), ("write(linked)", "../else/x"), ("write(src)", "src/x/y"),
     ("write(*.py)", "src/x.py"), ("write(src/**)", "src/a/b"), ("write(b.txt)", "link.txt"),
     ("write", "x"), ("write(src)", "./src/../src/x")],
)  # fmt: skip
def test_denied_writes(folder: Path, pattern: str, path: str) -> None:
    assert verdict(write(path, folder), "allow-all", deny=[pattern], cwd=folder) == "refuse"
    assert verdict(read(path, folder), "allow-all", deny=[pattern], cwd=folder) == "allow"


def test_every_file_of_a_patch_counts(folder: Path) -> None:
    edits = [{"before": {"path": str(folder / "a.txt")}, "after": {"path": "/etc/x"}}]
    moved = write("/etc/x", folder, fileEdits=edits)
    assert [path.real for path in moved.paths] == ["/etc/x", str(folder / "a.txt")]
    assert verdict(moved, allow=["write(a.txt)"], cwd=folder) == "ask"
    assert verdict(moved, allow=["write(a.txt)", "write(/etc/x)"], cwd=folder) == "allow"
    assert verdict(moved, "allow-all", deny=["write(a.txt)"], cwd=folder) == "refuse"


def test_paths_nobody_expects_do_not_break_it(folder: Path) -> None:
    for path in ("loop/x", "a\x00b", "x" * 10_000, "\ud800", "a\nb", "-", "*", "[", "../" * 100):
        for ask in (read(path, folder), write(path, folder)):
            Policy("ask", ["read(*)", "write([)"], ["read(z*)"], folder).decide(ask)


@pytest.mark.parametrize("path", ["a\0b", "\ud800", "/\0"])
def test_what_is_no_path_is_asked_and_never_raises(path: str, tmp_path: Path) -> None:
    for request in ({"path": path}, {"path": path, "resolvedPath": "/"}):
        ask = understand({"kind": "read", **request}, tmp_path)
        assert Policy("ask", [], [], tmp_path).decide(ask).verdict == "ask"
        assert Policy("read-only", [], [], tmp_path).decide(ask).verdict == "refuse"
        Policy("ask", ["read(out)"], ["read(secret)"], tmp_path).decide(ask)
