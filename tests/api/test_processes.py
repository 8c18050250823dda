"""What must hold between several processes: places of a quota, an Idempotency-Key, a token's rate."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import pytest
import requests

from tests.installation import PATIENCE, Installation

RATE = 60  # requests of a token in a minute
PLACES, SENT = 10, 50
PASSWORD = "password"


@dataclass
class Server:
    """A running installation of two web processes, and a workspace of it with few places left."""

    installation: Installation
    slug: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.installation.port}"

    def token(self, slug: str = "") -> dict[str, str]:
        """The headers of a new token, of this workspace or another."""
        scopes = "contacts:write,tickets:write"
        made = self.installation.manage(
            "createtoken", f"--workspace={slug or self.slug}", "--name=Test", f"--scopes={scopes}"
        )
        return {"Authorization": f"Bearer {made.split()[-1]}"}

    def call(
        self, method: str, path: str, token: dict[str, str], body: Any = None, **headers: str
    ) -> requests.Response:
        return requests.request(
            method, f"{self.address}/api/v1{path}", json=body, headers=token | headers, timeout=PATIENCE
        )


@pytest.fixture(scope="module")
def server(installation: Installation) -> Iterator[Server]:
    made = installation.manage(
        "createworkspace", "Few", "--slug=few", "--admin-email=bob@few.example", f"--admin-password={PASSWORD}",
        f"--contact-quota={PLACES}",
    )  # fmt: skip
    slug = json.loads(made.strip().splitlines()[-1])["slug"]
    installation.environment["GOPIMI_API_RATE"] = str(RATE)
    process = installation.start_and_wait()
    yield Server(installation, slug)
    del installation.environment["GOPIMI_API_RATE"]
    process.terminate()
    process.communicate(timeout=PATIENCE)


def at_once(jobs: list[Callable[[], Any]]) -> list[Any]:
    """Run all of them at the same moment; their results."""
    ready = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        ready.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def browser(server: Server) -> Callable[[str], int]:
    """Somebody at the form for new contacts; answers with the status of its answer."""
    session = requests.Session()
    hidden = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')

    def submit(url: str, **data: str) -> requests.Response:
        page = session.get(url, timeout=PATIENCE).text
        found = hidden.search(page)
        assert found, page
        return session.post(
            url, {**data, "csrfmiddlewaretoken": found[1]}, headers={"Referer": url}, timeout=PATIENCE,
            allow_redirects=False,
        )  # fmt: skip

    assert submit(f"{server.address}/accounts/login/", login="bob@few.example", password=PASSWORD).status_code == 302
    return lambda email: submit(f"{server.address}/dashboard/{server.slug}/contacts/new/", email=email).status_code


def test_places_that_are_left_are_given_once(server: Server) -> None:
    """Ten places, and fifty creations at once: one by one, several in a request, and by the browser's form."""
    token, form = server.token(), browser(server)

    def single(number: int) -> int:
        answer = server.call("POST", "/contacts", token, {"email": f"single{number}@few.example"})
        assert answer.status_code in (201, 429), answer.text
        assert answer.status_code == 201 or answer.json()["type"].endswith("/quota-exceeded"), answer.text
        return int(answer.status_code == 201)

    def bulk(number: int) -> int:
        emails = [f"bulk{number}-{one}@few.example" for one in range(2)]
        answer = server.call("POST", "/contacts", token, [{"email": email} for email in emails])
        assert answer.status_code == 200, answer.text
        return answer.json()["summary"]["created"]  # type: ignore[no-any-return]

    def by_form(number: int) -> int:
        status = form(f"form{number}@few.example")
        assert status in (302, 422)
        return int(status == 302)

    jobs = [lambda n=n: single(n) for n in range(20)]
    jobs += [lambda n=n: bulk(n) for n in range(8)]  # sixteen contacts
    jobs += [lambda n=n: by_form(n) for n in range(SENT - 36)]
    assert sum(at_once(jobs)) == PLACES
    quota = server.call("GET", "/quota", token).json()["contacts"]
    assert quota == {"limit": PLACES, "used": PLACES, "available": 0}
    assert server.call("GET", "/contacts?count=true", token).json()["total"] == PLACES


def test_one_key_is_done_once(server: Server) -> None:
    """The same POST fifty times at once: done by one, answered to the others, or still running."""
    token = server.token("acme")
    body, key = {"email": "once@acme.example"}, {"Idempotency-Key": "1"}
    answers = at_once([lambda: server.call("POST", "/contacts", token, body, **key)] * SENT)
    replayed = Counter((answer.status_code, answer.headers.get("Idempotent-Replayed")) for answer in answers)
    assert replayed[201, None] == 1
    assert replayed.keys() <= {(201, None), (201, "true"), (409, None)}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert {answer.json()["type"].rpartition("/")[2] for answer in answers if answer.status_code == 409} <= {
        "still-running"
    }
    assert server.call("GET", "/contacts?count=true&email=once@acme.example", token).json()["total"] == 1


def test_a_rate_is_counted_by_all_processes(server: Server) -> None:
    token = server.token()
    while time.time() % 60 > 45:  # all in one minute
        time.sleep(0.5)
    answers = at_once([lambda: server.call("GET", "/quota", token)] * (RATE + 20))
    assert Counter(answer.status_code for answer in answers) == {200: RATE, 429: 20}
    left = sorted(int(answer.headers["RateLimit-Remaining"]) for answer in answers if answer.status_code == 200)
    assert left == list(range(RATE))
    assert all(answer.json()["type"].endswith("/rate-limited") for answer in answers if answer.status_code == 429)
    assert all(0 < int(answer.headers["Retry-After"]) <= 60 for answer in answers if answer.status_code == 429)
