"""Packages of the registries, brought by the user's own pip or npm: never installed, never run."""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

Registry = Literal["pip", "npm"]
"""Which program brings a package; its settings (mirrors, proxies, certificates) are the user's."""
SUFFIX: dict[Registry, str] = {"pip": ".whl", "npm": ".tgz"}
"""What a package's file is called at its end: a wheel is a zip file, an npm package a tar file."""


class PackageError(Exception):
    """Why a package did not come, in one line without a package's name."""


def download(registry: Registry, package: str, size: int, folder: Path, title: str) -> Path:
    """The file of a package, with the exact version in its name, as pip or npm takes it.

    Args:
        registry: who brings it.
        package: such as ``name==1.0`` (pip) or ``@scope/name@1.0`` (npm).
        size: bytes to expect, for the bar that a terminal shows.
        folder: an empty folder, where everything is left that came along.
        title: what the bar is called.

    Raises:
        PackageError: the program is missing or failed.
    """
    command = _pip_command(package, folder) if registry == "pip" else _npm_command(package, folder)
    (folder / "packages").mkdir()
    # Their own temporary files lie in our folder: there they can be watched growing, and go with it.
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            _show_progress(process, folder, size, title)
        finally:
            process.kill()
            process.wait()
    files = list((folder / "packages").glob(f"*{SUFFIX[registry]}"))
    if process.returncode != 0 or not files:
        raise PackageError(_reason(registry, log.read_text(errors="replace")))
    return files[0]


def _pip_command(package: str, folder: Path) -> list[str]:
    """The platform is fixed, so every machine gets the same wheel."""
    return [
        *_pip(),
        *("download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--retries=2"),
        *("--disable-pip-version-check", "--platform=manylinux_2_28_x86_64", "--python-version=3.11"),
        *("--dest", str(folder / "packages"), package),
    ]


def _npm_command(package: str, folder: Path) -> list[str]:
    return [
        *(_npm(), "pack", package, "--ignore-scripts", "--no-update-notifier", "--loglevel=error"),
        *("--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-factor=2"),
        *(f"--cache={folder / 'npm-cache'}", "--pack-destination", str(folder / "packages")),
    ]


def _show_progress(process: "subprocess.Popen[bytes]", folder: Path, size: int, title: str) -> None:
    """Returns when the program has ended; on a terminal a bar shows how much is there."""
    console = Console(stderr=True)
    columns = (TextColumn("fetching {task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=size)
        while process.poll() is None:
            with contextlib.suppress(FileNotFoundError):  # files are moved while we look
                there = max((part.stat().st_size for part in folder.rglob("*") if part.is_file()), default=0)
                progress.update(task, completed=min(there, size))
            time.sleep(0.05)


def _pip() -> list[str]:
    """pip as a command: the environment's own, or the one that Python brings along to make environments."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    bundled = Path(sysconfig.get_path("stdlib")) / "ensurepip" / "_bundled"
    folder = Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or bundled)  # some systems keep it elsewhere
    for wheel in folder.glob("pip-*.whl"):
        return [sys.executable, str(wheel / "pip")]
    raise PackageError("this Python has no pip")


def _npm() -> str:
    """npm's full path: on Windows it is a script, which is not found by its bare name."""
    npm = shutil.which("npm")
    if npm is None:
        raise PackageError("npm is not installed (it comes with Node.js)")
    return npm


def _reason(registry: Registry, log: str) -> str:
    """Why the program failed, in its own words unless they mislead."""
    if "from versions: none" in log or any(
        code in log for code in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED")
    ):
        return "no package index answered (is there a network?)"
    prefix = "ERROR:" if registry == "pip" else "npm error"
    errors = [line.removeprefix(prefix).strip() for line in log.splitlines() if line.startswith(prefix)]
    if registry == "npm":  # npm says what is the matter first, then how to look further
        errors = [line for line in errors if line and not line.startswith("code ")][:1]
    return f"{registry} says: {errors[-1]}" if errors else f"{registry} failed without a word"
