"""Debian's Chromium, found, or installed where that may be done, and driven by Playwright.

Run as a program, it makes sure that there is one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_PACKAGES = ("chromium", "fonts-dejavu", "fonts-noto-color-emoji")

_OPTIONS = (
    # In a container one is often root, with little shared memory and no graphics card.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    # It is to speak to the test's own server, and to nobody else.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


class NoBrowser(RuntimeError):
    """There is no Chromium, and it could not be installed."""


def find_chromium() -> str:
    """Return the path of Chromium: the variable CHROMIUM, else what is installed."""
    named = os.environ.get("CHROMIUM", "")
    found = shutil.which(named or "chromium")
    if named and not found:
        raise NoBrowser(f"CHROMIUM={named} is no program. Unset it, or give Chromium's path.")
    if not found:
        _install()
        found = shutil.which("chromium")
    if not found:
        raise NoBrowser(f"Chromium was installed but is not found on PATH. {_mend()}")
    return found


@contextlib.contextmanager
def running_chromium() -> Iterator[Browser]:
    """Start the browser, and end it."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


def _install() -> None:
    """Install Debian's package, where one may."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise NoBrowser(f"The browser tests need Chromium. {_mend()}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    print("Installing Chromium for the browser tests.", flush=True)
    for command in (["update"], ["install", "-y", "--no-install-recommends", *_PACKAGES]):
        done = subprocess.run(
            ["apt-get", *command],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            failed = f"`apt-get {' '.join(command)}` failed:\n{done.stdout}"
            raise NoBrowser(f"The browser tests need Chromium. {failed}\n{_mend()}")


def _mend() -> str:
    return (
        f"Install it, for example with `apt-get install {' '.join(_PACKAGES)}`, "
        "or set CHROMIUM to its path."
    )


if __name__ == "__main__":
    try:
        print(find_chromium())
    except NoBrowser as error:
        sys.exit(str(error))
