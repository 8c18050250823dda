"""Requests made up from the OpenAPI document, for minutes, to a server of its own: `python -m tests.fuzz [minutes]`.

Every built-in check of schemathesis is on (schemathesis.toml). Prints how often each operation was tried, and ends with
1 where something failed: a server error, an answer that the document doesn't have, a request accepted that it forbids.
"""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gopimi.settings")

from tests.installation import Installation

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
SCOPES = "contacts:write,fields:write,tickets:write"


def main(minutes: float) -> int:
    with TemporaryDirectory() as folder:
        one = Installation(Path(folder) / "data")
        one.environment["GOPIMI_API_RATE"] = "0"
        one.manage("migrate", "--verbosity=0")
        one.manage(
            "createworkspace", "Acme", "--slug=acme", "--admin-email=alice@acme.example", "--admin-password=password"
        )
        token = one.manage("createtoken", "--workspace=acme", "--name=Fuzz", f"--scopes={SCOPES}").split()[-1]
        process = one.start_and_wait()
        try:
            return fuzz(f"http://127.0.0.1:{one.port}/api/v1", token, minutes, Path(folder) / "report.ndjson")
        finally:
            process.terminate()
            process.communicate()


def fuzz(api: str, token: str, minutes: float, report: Path) -> int:
    command = [
        sys.executable, "-m", "schemathesis.cli", f"--config-file={CONFIGURATION}", "run", f"{api}/openapi.json",
        "--checks=all", f"--header=Authorization: Bearer {token}", f"--max-time={round(minutes * 60)}",
        "--generation-database=none", "--report=ndjson", f"--report-ndjson-path={report}",
    ]  # fmt: skip
    environment = {**os.environ, "GOPIMI_FUZZ_API": api, "GOPIMI_FUZZ_TOKEN": token}
    ended = subprocess.run(command, env=environment, check=False).returncode
    print_counts(report)
    return ended


def print_counts(report: Path) -> None:
    """How often each operation was tried, and how it answered; left out are methods that an address doesn't have."""
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for line in report.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for case, interaction in recorder.get("interactions", {}).items():
            sent = recorder["cases"][case]["value"]
            answer = interaction.get("response")
            counts[f"{sent['method']} {sent['path']}"][answer["status_code"] if answer else 0] += 1
    print(f"{sum(map(Counter.total, counts.values())):,} requests")
    for operation, statuses in sorted(counts.items()):
        if statuses.keys() == {405}:
            continue
        answers = ", ".join(f"{status}: {number}" for status, number in sorted(statuses.items()))
        print(f"{statuses.total():6,} {operation}  {answers}")


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 5))
