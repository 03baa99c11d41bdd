"""Where a dataset lies, and how a file of it appears: whole and at once, on a disk or elsewhere.

Nothing but finished files is ever in the dataset's folder, not even under other names: some readers
take a folder as it is. So on a disk a file is written in a private folder beside it and renamed
into place, under a lock, since two kernels may export at once. Elsewhere (any file system of
fsspec) it is written to a local folder and put in one go, which object stores show when it is
complete; they have no lock.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from copilot_magics.disk import FULL, refused
from copilot_magics.errors import BadInput, StateUnusable
from copilot_magics.extras import needs
from copilot_magics.folders import check_owner, own_folder, private_folder

SUFFIX = ".parquet"
_UNFINISHED = "unfinished"
"""Without the suffix: somebody may look for Parquet files in the folder above."""


class Storage:
    """The folder of a dataset.

    Parameters
    ----------
    path : str or os.PathLike
        A folder, or a URL that fsspec knows.
    options : mapping or None
        For fsspec, e.g. an object store's credentials.
    what : str
        What needs it, as an error's sentence begins.
    extra : str
        The extra of ``copilot-magics`` that brings all that is needed.

    Raises
    ------
    BadInput
        Where pyarrow, fsspec or the URL's file system is not installed, the path is a file, or it
        is no path.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        options: Mapping[str, Any] | None,
        what: str,
        extra: str = "parquet",
    ) -> None:
        needs("pyarrow", extra, what)
        fsspec = needs("fsspec", extra, what)
        if not isinstance(path, str | os.PathLike) or isinstance(os.fspath(path), bytes):
            raise BadInput(f"{path!r} is no path of a folder.", "Give a text, a Path or a URL.")
        self.path = os.fspath(path)
        self.options = options
        try:
            self.system, self.root = fsspec.core.url_to_fs(self.path, **(options or {}))
        except (ImportError, ValueError) as error:
            raise BadInput(
                f"{self.path!r} is on a file system that cannot be used: {error}",
                "Give a folder, or a URL whose file system is installed, like 's3://…' with s3fs.",
            ) from error
        if self.system.isfile(self.root):
            raise BadInput(f"{self.path!r} is a file.", "Give a folder.")

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine's."""
        protocol = self.system.protocol
        return "file" in ((protocol,) if isinstance(protocol, str) else protocol)

    @property
    def exists(self) -> bool:
        """Whether there is such a folder."""
        return bool(self.system.exists(self.root))

    def names(self) -> list[str]:
        """Return the paths of all Parquet files in the folder, relative to it, sorted."""
        self.system.invalidate_cache()
        found = [name for name in self.system.find(self.root) if name.endswith(SUFFIX)]
        return sorted(name[len(self.root) :].lstrip("/") for name in found)

    def full(self, name: str) -> str:
        """Return where a file lies, as the file system calls it."""
        return f"{self.root}/{name}"

    def open(self, name: str) -> BinaryIO:
        """Open a file to read it."""
        opened: BinaryIO = self.system.open(self.full(name), "rb")
        return opened

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[Workshop]:
        """Give the right to change the dataset; on a disk to one at a time, the others wait.

        Raises
        ------
        BadInput
            Where nothing can be written there.
        StateUnusable
            The disk is full, or the folder is somebody else's.
        """
        if not self.is_local:
            with TemporaryDirectory(prefix="copilot-export-") as folder:
                yield Workshop(self, Path(folder))
            return
        from filelock import FileLock

        root = Path(os.path.realpath(self.root))
        if root.is_mount():
            raise BadInput(
                f"{self.path!r} is a disk of its own, and no file can be moved into it at once.",
                "Give a folder inside it.",
            )
        beside = root.with_name(f".{root.name}.export")
        try:
            check_owner(private_folder(root))
            own_folder(beside)
        except StateUnusable:
            raise
        except OSError as error:
            if error.errno in FULL:
                raise refused(root, error) from error
            raise BadInput(
                f"Nothing can be written at {self.path!r}: {error.strerror}.",
                "Give a folder inside one that you can write to.",
            ) from error
        try:
            with FileLock(beside / "lock", mode=0o600):
                # What an export that was killed has left.
                (beside / _UNFINISHED).unlink(missing_ok=True)
                yield _Disk(self, beside)
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise refused(root, error) from error


class Workshop:
    """Where files are written before they are part of the dataset.

    Parameters
    ----------
    storage : Storage
        The dataset's.
    folder : Path
        A folder that its user alone can read.
    """

    def __init__(self, storage: Storage, folder: Path) -> None:
        self._storage = storage
        self._folder = folder

    @contextlib.contextmanager
    def new(self) -> Iterator[Path]:
        """Give a path to write a file at; it is gone in the end, unless it was put."""
        path = self._folder / _UNFINISHED
        try:
            path.touch(mode=0o600)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def put(self, path: Path, name: str) -> None:
        """Make a written file part of the dataset, in place of the one that has its name."""
        system, target = self._storage.system, self._storage.full(name)
        system.makedirs(target.rpartition("/")[0], exist_ok=True)
        system.put_file(str(path), target)

    def remove(self, name: str) -> None:
        """Remove a file from the dataset."""
        self._storage.system.rm_file(self._storage.full(name))


class _Disk(Workshop):
    def put(self, path: Path, name: str) -> None:
        target = Path(self._storage.full(name))
        check_owner(private_folder(target.parent))
        with path.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(path, target)

    def remove(self, name: str) -> None:
        target = Path(self._storage.full(name))
        target.unlink()
        with contextlib.suppress(OSError):
            # It is needed as long as another file is in it.
            target.parent.rmdir()
