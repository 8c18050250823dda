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
MISSING = (
    "No Chromium for the browser tests. Install one (on Debian: apt-get install chromium), set CHROMIUM to its path, "
    "or run `make chromium`."
)


def find(of_playwright: str) -> str | None:
    """The path of a Chromium that starts: of CHROMIUM, else of the usual places, else Playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        return named if _starts(named) else None
    search = os.pathsep.join([os.environ.get("PATH", ""), *PLACES])
    candidates = [shutil.which(name, path=search) for name in NAMES]
    candidates += [place for place in PLACES if place.startswith("/Applications")]
    return next((path for path in [*candidates, of_playwright] if path and _starts(path)), None)


def install(of_playwright: str) -> None:
    """Playwright's download first; where that doesn't come or doesn't start (missing libraries), Debian's package."""
    _try(sys.executable, "-m", "playwright", "install", "chromium")
    if find(of_playwright) or not shutil.which("apt-get"):
        return
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if as_root and not shutil.which("sudo"):
        return
    _try(*as_root, "apt-get", "update", "-qq")
    _try(*as_root, "env", "DEBIAN_FRONTEND=noninteractive",
         "apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium", "fonts-liberation")  # fmt: skip


def _starts(path: str) -> bool:
    if not Path(path).is_file():
        return False
    return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0


def _try(*command: str) -> None:
    print("+", *command, flush=True)
    try:
        subprocess.run(command, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        print("took longer than 10 minutes, given up", file=sys.stderr)


if __name__ == "__main__":
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if not find(own):
        install(own)
    if not find(own):
        sys.exit(MISSING)
