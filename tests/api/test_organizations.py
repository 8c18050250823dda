"""Organizations."""

from tests.api.conftest import BASE, Program, pointers


def test_create_read_change_delete(api: Program) -> None:
    answer = api.post("/organizations", {"name": "Acme", "domains": ["Acme.example", "acme.test"]})
    assert answer.status_code == 201, answer.content
    acme = answer.json()
    assert answer["Location"] == f"{BASE}/organizations/{acme['id']}"
    assert (acme["domains"], acme["contact_count"]) == (["acme.example", "acme.test"], 0)
    dana = api.post("/contacts", {"email": "dana@acme.example"}).json()
    assert dana["organization"] == {"id": acme["id"], "name": "Acme"}
    path = f"/organizations/{acme['id']}"
    assert api.get(path).json()["contact_count"] == 1
    assert api.patch(path, {"name": "ACME", "domains": None}).json()["domains"] == []
    assert api.patch(path, {}).json()["name"] == "ACME"
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.get(f"/contacts/{dana['id']}").json()["organization"] is None


def test_what_cannot_be_an_organization(api: Program) -> None:
    api.post("/organizations", {"name": "Acme", "domains": ["acme.example"]})
    assert pointers(api.post("/organizations", {"name": "ACME", "domains": ["acme.example"]})) == {
        "/name": "taken",
        "/domains": "taken",
    }
    assert pointers(api.post("/organizations", {"name": "", "domains": ["x.example", "a b", "gmail.com"], "x": 1})) == {
        "/name": "required",
        "/domains/1": "invalid_domain",
        "/domains/2": "free_mail",
        "/x": "unknown",
    }
    other = api.post("/organizations", {"name": "Initech"}).json()
    assert pointers(api.patch(f"/organizations/{other['id']}", {"name": "acme"})) == {"/name": "taken"}


def test_list(api: Program) -> None:
    for name, domain in [("Zeta", "z.example"), ("Álpha", "a.example"), ("beta", "b.example")]:
        api.post("/organizations", {"name": name, "domains": [domain]})
    for query, names in {
        "": ["beta", "Álpha", "Zeta"],
        "sort=name": ["Álpha", "beta", "Zeta"],
        "sort=-name&limit=1": ["Zeta"],
        "q=alp": ["Álpha"],
        "q=z.ex": ["Zeta"],
        "domain=B.example": ["beta"],
        "domain=nowhere.example": [],
        "domain=": [],
    }.items():
        answer = api.get(f"/organizations?{query}").json()
        assert [row["name"] for row in answer["data"]] == names, query
    page = api.get("/organizations?sort=name&limit=2&count=true").json()
    assert (page["page"]["has_more"], page["total"]) == (True, 3)
    rest = api.get(f"/organizations?sort=name&limit=2&cursor={page['page']['next_cursor']}").json()
    assert ([row["name"] for row in rest["data"]], rest["page"]["next_cursor"]) == (["Zeta"], None)
    for query in ("sort=domains", "sort=", "cursor=", "x=1", "q=a&q=b", "domain=%00"):
        assert api.get(f"/organizations?{query}").status_code == 400, query


def test_etags(api: Program) -> None:
    acme = api.post("/organizations", {"name": "Acme", "domains": ["b.example", "a.example"]}).json()
    path = f"/organizations/{acme['id']}"
    tag = api.get(path)["ETag"]
    api.post("/contacts", {"email": "dana@a.example"})
    assert api.get(path)["ETag"] == tag  # its counter isn't its own state
    assert api.patch(path, {"name": "X"}, headers={"If-Match": '"other"'}).status_code == 412
    changed = api.patch(path, {"name": "ACME"}, headers={"If-Match": tag})
    assert (changed.status_code, changed["ETag"] == tag) == (200, False)
    assert api.delete(path, headers={"If-Match": tag}).status_code == 412
    assert api.delete(path, headers={"If-Match": changed["ETag"]}).status_code == 204
