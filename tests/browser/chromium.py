"""The Chromium that tests drive: found, or installed by `python -m tests.browser.chromium` (which `make test` runs)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
PLACES = [
    "/usr/bin",
    "/usr/local/bin",
    "/snap/bin",
    "/opt/google/chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]
PACKAGES = ["chromium", "fonts-liberation", "libatomic1"]  # the last one for the Node.js that Playwright brings along
MISSING = (
    "No Chromium for the browser tests. Install one and what Playwright's driver needs (on Debian: apt-get install "
    f"{' '.join(PACKAGES)}), set CHROMIUM to its path, or run `make chromium`."
)


def find(of_playwright: str) -> str | None:
    """The path of a Chromium that starts: of CHROMIUM, else of the usual places, else Playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        return named if _starts(named) else None
    search = os.pathsep.join([os.environ.get("PATH", ""), *PLACES])
    candidates = [shutil.which(name, path=search) for name in NAMES]
    candidates += [place for place in PLACES if place.startswith("/Applications")]
    return next((path for path in [*candidates, of_playwright] if path and _starts(path)), None)


def ready() -> bool:
    """Playwright's driver starts, and there is a Chromium for it."""
    if not _answers(sys.executable, "-m", "playwright", "--version"):
        return False
    with sync_playwright() as playwright:
        return find(playwright.chromium.executable_path) is not None


def install() -> None:
    """Playwright's download first; where that doesn't come or doesn't start (missing libraries), Debian's package."""
    _try(sys.executable, "-m", "playwright", "install", "chromium")
    if ready() or not shutil.which("apt-get"):
        return
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if as_root and not shutil.which("sudo"):
        return
    _try(*as_root, "apt-get", "update", "-qq")
    _try(*as_root, "env", "DEBIAN_FRONTEND=noninteractive",
         "apt-get", "install", "-qq", "-y", "--no-install-recommends", *PACKAGES)  # fmt: skip


def _starts(path: str) -> bool:
    return Path(path).is_file() and _answers(path, "--version")


def _answers(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


def _try(*command: str) -> None:
    print("+", *command, flush=True)
    try:
        subprocess.run(command, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        print("took longer than 10 minutes, given up", file=sys.stderr)


if __name__ == "__main__":
    if not ready():
        install()
        if not ready():
            sys.exit(MISSING)
