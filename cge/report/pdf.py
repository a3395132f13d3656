"""A report as PDF, printed by a browser that is already on the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from cge.errors import ModelError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "msedge", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)


def find_browser() -> str | None:
    """Path of Chromium, Chrome or Edge: ``CGE_BROWSER`` if set, else the first that is found."""
    named = os.environ.get("CGE_BROWSER")
    if named:
        return named if Path(named).exists() else shutil.which(named)
    found = next((p for name in BROWSERS if (p := shutil.which(name))), None)
    return found or next((p for p in PLACES if Path(p).exists()), None)


def no_browser() -> ModelError:
    """What to say where none is found."""
    return ModelError(
        "--pdf needs Chromium, Chrome or Edge; install one, or name it in the environment variable CGE_BROWSER, "
        "or open the HTML report and print it"
    )


def flags() -> list[str]:
    """Arguments for a browser that shows files from disk and calls nobody."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0  # its sandbox refuses to start as root
    return [
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        *(["--no-sandbox"] if root else []),
    ]


def print_pdf(page: str | Path, out: str | Path, *, seconds: float = 120.0) -> Path:
    """Print an HTML file.

    Parameters
    ----------
    page, out : path
    seconds : float
        How long the browser may take.

    Raises
    ------
    ModelError
        No browser is at hand, or it printed nothing.
    """
    browser = find_browser()
    if browser is None:
        raise no_browser()
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser,
            "--headless",
            *flags(),
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            "--virtual-time-budget=20000",  # figures are drawn before it prints
            f"--print-to-pdf={out.resolve()}",
            Path(page).resolve().as_uri(),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired as error:
            raise ModelError(f"{browser} did not print {page} within {seconds:.0f} s") from error
    if done.returncode or not out.is_file():
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise ModelError(f"{browser} could not print {page}: {last[0]}")
    return out
