"""A Jupyter server with JupyterLab and Notebook 7, in folders of its own."""

from __future__ import annotations

import json
import os
import queue
import re
import secrets
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any, Self

from homes import is_foreign, make_home

_STARTS_WITHIN = 60.0

_SETTINGS = {
    # Saved when a test says so, and at no other time.
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/apputils-extension:notification": {
        "checkForUpdates": False,
        "doNotDisturbMode": True,
        "fetchNews": "false",
    },
}


class Jupyter:
    """The server, until it is closed; its kernels end with it.

    Parameters
    ----------
    root : Path
        What it serves: every notebook's folder must be in it.
    state : Path
        A folder for its own home, configuration and log.
    """

    def __init__(self, root: Path, state: Path) -> None:
        self.root = root
        self.log = state / "jupyter.log"
        self.token = secrets.token_hex(16)
        self._state = state
        settings = state / "settings"
        settings.mkdir(parents=True)
        (settings / "overrides.json").write_text(json.dumps(_SETTINGS))
        options = [
            f"--ServerApp.root_dir={root}",
            f"--IdentityProvider.token={self.token}",
            "--ServerApp.port=0",
            "--ServerApp.open_browser=False",
            "--ServerApp.allow_root=True",
            # The page's own word on whether its kernel is ready.
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            f"--LabApp.app_settings_dir={settings}",
            f"--JupyterNotebookApp.app_settings_dir={settings}",
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env=self._environment(),
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._urls: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.url = self._urls.get(timeout=_STARTS_WITHIN)
        except queue.Empty:
            self.url = ""
        if not self.url:
            self._end()
            raise RuntimeError(f"Jupyter did not start:\n{self.log.read_text()}")

    def use_environment(self, changes: dict[str, str]) -> None:
        """Give kernels that start from now on these variables."""
        spec = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "metadata": {"debugger": True},
            "env": changes,
        }
        folder = self._state / "share" / "kernels" / "python3"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "kernel.json").write_text(json.dumps(spec))

    def kernels(self) -> list[dict[str, Any]]:
        """Return the running kernels, as the server describes them."""
        kernels: list[dict[str, Any]] = json.loads(self._request("GET", "/api/kernels"))
        return kernels

    def end_kernels(self) -> None:
        """End all kernels, and wait until they have ended."""
        for kernel in self.kernels():
            self._request("DELETE", f"/api/kernels/{kernel['id']}")

    def forget_user(self) -> None:
        """Forget the settings that were changed and the workspaces that were left."""
        for path in (self._state / "config" / "lab").rglob("*.jupyterlab-*"):
            path.unlink()

    def close(self) -> None:
        """End the server and its kernels."""
        self.end_kernels()
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not is_foreign(name)}
        own = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            # Searched first: a kernel of this name hides the one that is installed.
            "JUPYTER_PATH": "share",
            "JUPYTER_RUNTIME_DIR": "runtime",
        }
        folders = {name: str(self._state / folder) for name, folder in own.items()}
        return {**kept, **make_home(self._state), **folders}

    def _read(self) -> None:
        """Keep the server's log, and find its address in it."""
        assert self._process.stdout is not None
        with self.log.open("w") as log:
            for line in self._process.stdout:
                log.write(line)
                log.flush()
                if found := re.search(r"(http://127\.0\.0\.1:\d+)/lab\?token=", line):
                    self._urls.put(found[1])
        self._urls.put("")

    def _request(self, method: str, path: str) -> bytes:
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            body: bytes = response.read()
        return body

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
