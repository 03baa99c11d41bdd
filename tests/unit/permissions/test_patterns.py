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
    ("pattern", "addresses"),
    [
        ("url(169.254.169.254)",
         ["http://2852039166/", "http://0xA9FEA9FE/x", "http://0251.0376.0251.0376:80/",
          "http://169.254.43518", "http://0xa9.16689662", "http://2852039166.", "http:2852039166",
          "http://[::ffff:169.254.169.254]/", "http://[0:0:0:0:0:ffff:a9fe:a9fe]:80/",
          "http://[64:ff9b::a9fe:a9fe]/", "http://１６９.254.169.254/", "http://169。254.169.254",
          "http://%31%36%39%2e254.169.254/", "http://a:b@2852039166/", "http:\\\\2852039166\\@b.c",
          "http://169.254.169.254%00.good.com/", "//0xA9FEA9FE/", "http:/2852039166/"]),
        ("url(2852039166)", ["http://169.254.169.254/"]),
        ("url(10.0.0.1)", ["http://010.0.0.1/", "http://012.0.0.1/", "http://10.1"]),
        ("url(127.0.0.1)", ["http://127.1", "http://2130706433", "http://0/", "http://[::1]:8888/",
                            "http://localhost", "http://LOCALHOST.:8888/x", "http://127.9.9.9"]),
        ("url(localhost)", ["http://127.0.0.1", "http://0x7f.1", "http://a.localhost"]),
        ("url([::1])", ["http://[0:0:0:0:0:0:0:1]/", "http://[::1%25lo]/", "http://127.0.0.1/"]),
        ("url(xn--bcher-kva.de)", ["https://bücher.de", "https://b%C3%BCcher.de/"]),
        ("url(*.evil.com)", ["https://a.ｅvil.com", "https://a.ev\u00adil.com", "http:a.evil.com"]),
    ],
)  # fmt: skip
def test_a_denied_host_is_denied_in_every_spelling(pattern: str, addresses: list[str]) -> None:
    for address in addresses:
        assert verdict(url(address), "allow-all", deny=[pattern]) == "refuse", address
    for other in (
        "https://good.com",
        "http://8.8.8.8/",
        "http://[2001:db8::1]/",
        "http://10.0.0.2",
    ):
        assert verdict(url(other), "allow-all", deny=[pattern]) == "allow"


@pytest.mark.parametrize("address", ["http://127.1", "http://2130706433", "http://localhost"])
def test_what_allows_a_host_is_spelled_alike(address: str) -> None:
    assert verdict(url(address), allow=["url(http://127.0.0.1)"]) == "ask"


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
