"""What is shown where a page can't be: why, and a way on that works."""

from django.test import Client

from gopimi.workspaces.models import User, Workspace
from tests.conftest import member


def test_an_agent_at_an_admins_page_is_led_back_into_this_workspace(acme: Workspace, bob: User, as_bob: Client) -> None:
    other = Workspace.objects.create(name="Globex")
    bob.memberships.create(workspace=other)
    for target in (acme, other):
        answer = as_bob.get(target.url("settings:members"))
        assert answer.status_code == 403
        assert "Only admins may do this" in answer.content.decode()
        assert f'href="{target.url("tickets:list")}"' in answer.content.decode()


def test_what_is_gone_leads_back_into_this_workspace(acme: Workspace, as_bob: Client) -> None:
    answer = as_bob.get(acme.url("contacts:detail", 7))
    assert answer.status_code == 404
    assert f'href="{acme.url("tickets:list")}"' in answer.content.decode()


def test_another_workspaces_page_leads_to_ones_own(globex: Workspace, as_bob: Client) -> None:
    answer = as_bob.get(globex.url("tickets:list"))
    assert answer.status_code == 404
    assert 'href="/"' in answer.content.decode()
    assert globex.slug not in answer.content.decode()


def test_an_address_that_only_takes_forms_says_so(acme: Workspace, as_alice: Client) -> None:
    answer = as_alice.get(acme.url("contacts:restore"))
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "It only takes what a form sends." in answer.content.decode()
    assert f'href="{acme.url("tickets:list")}"' in answer.content.decode()


def test_signed_out_while_a_form_was_open_one_comes_back_to_its_page(client: Client, acme: Workspace) -> None:
    member(acme, "Bob", "agent")
    page, form = acme.url("settings:members"), acme.url("contacts:restore")
    answer = client.post(form, headers={"referer": f"http://testserver{page}?q=x"})
    assert answer["Location"] == f"/accounts/login/?next={page}%3Fq%3Dx"
    for elsewhere in ("", "https://evil.example/x", "not an address"):
        assert client.post(form, headers={"referer": elsewhere})["Location"] == "/accounts/login/?next=/"
