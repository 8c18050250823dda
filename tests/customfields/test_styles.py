"""Dates and numbers as files write them."""

import pytest

from customfields.parsing import InvalidValue, guess_date_order, guess_decimal, iso_day, plain_number


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2027-03-01", "mdy", "2027-03-01"),
        ("2027-03-01 00:00:00", "dmy", "2027-03-01"),
        ("2027-03-01T00:00:00Z", "dmy", "2027-03-01"),
        ("1.3.2027", "dmy", "2027-03-01"),
        ("1/3/2027", "mdy", "2027-01-03"),
        ("01-03-2027", "dmy", "2027-03-01"),
        ("2027/3/1", "dmy", "2027-03-01"),
        ("2027.3.1", "ymd", "2027-03-01"),
        ("31.2.2027", "dmy", "2027-02-31"),  # for the parser to refuse
        ("1.3.27", "dmy", "1.3.27"),  # of which century?
        ("1.3-2027", "dmy", "1.3-2027"),
        ("2027-03-01 10:30", "dmy", "2027-03-01 10:30"),
        ("soon", "dmy", "soon"),
    ],
)
def test_days(text: str, order: str, day: str) -> None:
    assert iso_day(text, order) == day


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1234.5", ".", "1234.5"),
        ("1,234.5", ".", "1234.5"),
        ("-1 234 567.50", ".", "-1234567.50"),
        ("1'234.5", ".", "1234.5"),
        ("1,5", ".", "1,5"),  # for the parser to refuse
        ("1.234,5", ",", "1234.5"),
        ("1.234", ",", "1234"),
        ("1234,5", ",", "1234.5"),
        ("-,5", ",", "-.5"),
        ("5,", ",", "5."),
        ("12", ",", "12"),
        ("x", ",", "x"),
    ],
)
def test_numbers(text: str, decimal: str, number: str) -> None:
    assert plain_number(text, decimal) == number


@pytest.mark.parametrize("text", ["1.5", "1,234.5", "1,2,3", "1.23.4"])
def test_a_point_where_the_file_has_commas(text: str) -> None:
    with pytest.raises(InvalidValue):
        plain_number(text, ",")


@pytest.mark.parametrize(
    ("cells", "default", "order"),
    [
        (["13.1.2027", "1.2.2027"], "mdy", "dmy"),
        (["1/13/2027", "1/2/2027"], "dmy", "mdy"),
        (["2027/1/2"], "dmy", "ymd"),
        (["1/2/2027"], "", "mdy"),
        (["1.2.2027"], "", "dmy"),
        (["1/2/2027"], "dmy", "dmy"),  # as the last time
        (["", "soon"], "mdy", "mdy"),
    ],
)
def test_guessed_date_orders(cells: list[str], default: str, order: str) -> None:
    assert guess_date_order(cells, default) == order


@pytest.mark.parametrize(
    ("cells", "default", "decimal"),
    [
        (["1,5", "2"], ".", ","),
        (["1.5", "2"], ",", "."),
        (["1.234,5"], ".", ","),
        (["1,234.5"], ",", "."),
        (["1.234.567"], ".", ","),
        (["1,234", "1.234"], ",", ","),
        (["x", ""], ".", "."),
    ],
)
def test_guessed_decimal_marks(cells: list[str], default: str, decimal: str) -> None:
    assert guess_decimal(cells, default) == decimal
