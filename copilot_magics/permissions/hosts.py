"""Which host a name or an address means, in whatever way it is written.

Programs read more for an address than four numbers with dots: ``2130706433``, ``0x7f.1`` and
``[::ffff:127.0.0.1]`` are all ``127.0.0.1``, which is ``localhost`` too. A name may be written with
percents, in full-width letters, or with letters and dots that a name server is not asked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import unquote

_DOTS = str.maketrans("。．｡", "...")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_HOSTS = re.compile(r"[0-9a-f.]*:[0-9a-f:.]*:[0-9a-f.]*|[\w.-]+", re.IGNORECASE)
_LOCAL = re.compile(r"(.*\.)?localhost(\.localdomain)?|ip6-(localhost|loopback)")
_TRANSLATED = [ip_network("64:ff9b::/96"), ip_network("::/96")]
"""Addresses of IPv6 that end in one of IPv4."""
_SMALLEST = 2**24
"""Below it, a number in a command is rather a number than an address."""


def plain(text: str) -> str:
    """Write a text as a name server would be asked: no percents, no other dots or letters."""
    text = unicodedata.normalize("NFKC", unquote(text)).translate(_DOTS)
    return "".join(char for char in text if unicodedata.category(char) != "Cf").casefold()


def forms(host: str) -> frozenset[str]:
    """Return what a host is called: two texts with one of these in common mean the same host.

    Parameters
    ----------
    host : str
        A name or an address, as a URL or a command has it.
    """
    # Behind a percent is an interface of this machine; a zero ends a name in many programs.
    name = re.split(r"[%\0]", plain(host).strip("[]"))[0].rstrip(".")
    addresses = list(_addresses(name))
    found = {name, _ascii(name), *map(str, addresses)}
    if _LOCAL.fullmatch(name) or any(a.is_loopback or a.is_unspecified for a in addresses):
        found.add("localhost")
    return frozenset(found)


def addresses_in(text: str) -> set[str]:
    """Return what the addresses are called that a command names, and this machine's names."""
    found: set[str] = set()
    for word in _HOSTS.findall(text):
        name = word.casefold().strip(".-")
        addresses = [a for a in _addresses(name) if not a.is_unspecified]
        if name.isdecimal() and any(int(address) < _SMALLEST for address in addresses):
            continue
        if addresses or _LOCAL.fullmatch(name):
            found |= forms(name)
    return found


def _addresses(name: str) -> Iterator[IPv4Address | IPv6Address]:
    """Yield the addresses that a name may be."""
    with suppress(ValueError):
        address = ip_address(name)
        yield address
        if isinstance(address, IPv6Address):
            inner = [address.ipv4_mapped, address.sixtofour]
            if any(address in network for network in _TRANSLATED) and int(address) > 1:
                inner.append(IPv4Address(int(address) % 2**32))
            yield from (found for found in inner if found is not None)
    *first, last = name.split(".")
    if len(first) > 3 or not all(map(_NUMBER.fullmatch, (*first, last))):
        return
    # A zero in front makes it octal to some programs, and to others it is nothing.
    for octal in (8, 10):
        with suppress(ValueError):
            *numbers, rest = [_number(part, octal) for part in (*first, last)]
            if all(number < 256 for number in numbers) and rest < 256 ** (4 - len(numbers)):
                bytes_ = bytes(numbers) + rest.to_bytes(4 - len(numbers), "big")
                yield IPv4Address(bytes_)


def _number(part: str, octal: int) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, octal if part.startswith("0") else 10)


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host
