"""What a pattern says, and which pages it names."""

from __future__ import annotations

import pytest
from unit.permissions.asks import url, verdict

from copilot_magics.errors import BadInput
from copilot_magics.permissions import Pattern


@pytest.mark.parametrize(
    "text",
    [
        "shell", "shell(git:*)", "shell(git status)", "shell(echo ')' | x)", "write",
        "write(a b.md)",
        "read(~/data)", "read(**/*.csv)", "url", "url(github.com)", "url(*.github.com)",
        "url(http://a.b:8080)", "url(https://a.b/c?d=e)", "tool", "tool(my_tool)", "MyMCP",
        "MyMCP(my_tool)", "mcp(tools)", "mcp(tools/x)",
    ],
)  # fmt: skip
def test_a_pattern_says_itself(text: str) -> None:
    assert str(Pattern.parse(text)) == text
    assert Pattern.parse(text) == Pattern.parse(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no kind"), ("(git)", "names no kind"), ("shell(", "parentheses"),
        ("shell(git", "parentheses"), ("shell)", "parentheses"), ("shell()", "nothing is between"),
        ("shell(:*)", "before ':*'"), ("shel(git:*)", "'shell'"), ("Shell(git)", "'shell'"),
        ("wirte(x)", "'write'"), ("tools", "mcp(tools)"), ("git:*", "cannot be the name"),
        ("server(a b)", "name of a tool"), ("mcp", "names no server"), ("url(a b)", "no host"),
        ("url(https://a@b.c)", "no host"), ("url(http://[::1)", "no host"),
        ("url(é.com)", "no host"),
        ("read(a\x00b)", "control"), ("tool(a b)", "name of a tool"),
    ],
)  # fmt: skip
def test_a_bad_pattern_says_what_to_type(text: str, says: str) -> None:
    with pytest.raises(BadInput) as bad:
        Pattern.parse(text)
    assert says in str(bad.value)
    assert bad.value.mend


# Pages


@pytest.mark.parametrize(
    ("pattern", "address", "wanted"),
    [
        ("url", "http://x.y/z", "allow"), ("url(github.com)", "https://github.com/a?b", "allow"),
        ("url(github.com)", "https://GitHub.com:443/", "allow"),
        ("url(github.com)", "http://github.com", "ask"),
        ("url(http://github.com)", "http://github.com/x", "allow"),
        ("url(github.com)", "https://github.com:8443/", "ask"),
        ("url(github.com)", "https://a.github.com", "ask"),
        ("url(github.com)", "https://github.com.evil.com", "ask"),
        ("url(github.com)", "https://evilgithub.com", "ask"),
        ("url(github.com)", "https://github.com@evil.com", "ask"),
        ("url(github.com)", "https://evil.com\\@github.com", "ask"),
        ("url(github.com)", "https://evil.com#github.com", "ask"),
        ("url(github.com)", "https://github.com%2eevil.com", "ask"),
        ("url(github.com)", "https://g\u0131thub.com", "ask"),
        ("url(github.com)", "file://github.com/etc", "ask"),
        ("url(*.github.com)", "https://a.b.github.com/x", "allow"),
        ("url(*.github.com)", "https://github.com", "ask"),
        ("url(*.github.com)", "https://evilgithub.com", "ask"),
        ("url(https://a.b/c)", "https://a.b/c", "allow"),
        ("url(https://a.b/c)", "https://a.b/c/d", "ask"),
        ("url(https://a.b/c)", "https://a.b/c?d", "ask"),
    ],
)  # fmt: skip
def test_pages(pattern: str, address: str, wanted: str) -> None:
    assert verdict(url(address), allow=[pattern]) == wanted


@pytest.mark.parametrize(
    "address",
    ["https://evil.com", "http://evil.com", "https://EVIL.com.", "https://evil.com:8443/x",
     "https://a@evil.com", "https://evil.com\\@good.com", "ftp://evil.com",
     "https://good.com\\@evil.com"],
)  # fmt: skip
def test_denied_pages(address: str) -> None:
    assert verdict(url(address), "allow-all", deny=["url(evil.com)"]) == "refuse"
    assert verdict(url(address), "allow-all", deny=["url"]) == "refuse"
    assert verdict(url("https://good.com/x"), "allow-all", deny=["url(evil.com)"]) == "allow"


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/private", "refuse"), ("/private/x", "refuse"), ("/%70rivate/x", "refuse"),
        ("/a/../private", "refuse"), ("//private/x", "refuse"), ("/./private", "refuse"),
        ("/a/%2e%2E/private", "refuse"), ("/%2e%2e/private", "refuse"), ("\\private", "refuse"),
        ("/a\\..\\private", "refuse"), ("/PRIVATE", "refuse"), ("/a%2f..%2fprivate", "refuse"),
        ("/.//private?x", "refuse"), ("/private/../public", "refuse"), ("/public", "allow"),
        ("/", "allow"), ("", "allow"), ("/public/private", "allow"), ("/?private", "allow"),
    ],
)  # fmt: skip
def test_denied_paths_of_pages(path: str, wanted: str) -> None:
    for host in ("https://evil.com", "https://%65vil.com", "https://EVIL.com:443"):
        deny = ["url(https://evil.com/private)"]
        assert verdict(url(host + path), "allow-all", deny=deny) == wanted
        assert verdict(url(host + path), "allow-all", deny=["url(evil.com)"]) == "refuse"
