"""Which part of a mail is folded away as quotation."""

import pytest

from tickets.quoting import split

NEW = "Thank you, it works.\n\nDana\n\n"


@pytest.mark.parametrize(
    "quoted",
    [
        "> It is on its way.\n> Bob\n",
        "On Mon, 2 Mar 2026 at 10:00, Bob <support@acme.example> wrote:\n\n> It is on its way.\n",
        "On Mon, 2 Mar 2026 at 10:00,\nBob from Acme\n<support@acme.example> wrote:\n> It is on its way.\n",
        "Am 02.03.2026 um 10:00 schrieb Bob:\n> Es ist unterwegs.\n",
        "Le lun. 2 mars 2026 à 10:00, Bob a écrit :\n> C'est en route.\n",
        "-----Original Message-----\nFrom: Bob\nSent: Monday\nTo: Dana\nSubject: Re: My order\n\nIt is on its way.\n",
        "________________________________\nFrom: Bob\nSent: Monday\nTo: Dana\nSubject: x\n\nIt is on its way.\n",
        "From: Bob <support@acme.example>\nSent: Monday, 2 March 2026\nTo: Dana\n\nIt is on its way.\n",
        "*Von:* Bob\n*Gesendet:* Montag\n*An:* Dana\n*Betreff:* x\n\nEs ist unterwegs.\n",
        "On Mon, 2 Mar 2026 at 10:00, Bob wrote:\n> It is on its way.\n\n--\nDana Scully\nFBI\n",
        "On Mon, 2 Mar 2026 at 10:00, Bob wrote:\nIt is on its way, without a mark.\n",
    ],
)
def test_what_was_there_before_is_quotation(quoted: str) -> None:
    assert split(NEW + quoted) == (NEW, quoted)


@pytest.mark.parametrize(
    "text",
    [
        "",
        NEW,
        "> It is on its way.\n",  # nothing else: a forwarded mail
        "> Where is it?\nIn the post.\n> Since when?\nMonday.\n",
        "On Monday Bob wrote:\n> Where is it?\nIn the post.\n> Since when?\nMonday.\n",
        "From: is a word like any other.\nTo: be read.\n",
        "On Monday I wrote: nothing came back.\nPlease help.\n",
        "____________________\na line as decoration\n",
    ],
)
def test_what_is_no_quotation_at_the_end_stays(text: str) -> None:
    assert split(text) == (text, "")


def test_quotation_after_answers_in_between_is_folded() -> None:
    text = "> Where is it?\nIn the post.\n\nDana\n\n> The rest.\n"
    assert split(text) == ("> Where is it?\nIn the post.\n\nDana\n\n", "> The rest.\n")


def test_a_long_text_is_split_in_good_time() -> None:
    assert split("On a line of its own\n" * 20_000).quoted == ""
