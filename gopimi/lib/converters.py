"""Ids in paths: an id that the database can't have is no address, so it is 404 like one that isn't there."""

from django.urls import register_converter


class IdConverter:
    """A positive number that fits a bigint."""

    regex = "[1-9][0-9]{0,18}"
    largest = 2**63 - 1

    def to_python(self, text: str) -> int:
        if (number := int(text)) > self.largest:
            raise ValueError
        return number

    def to_url(self, value: int) -> str:
        return str(value)


class NumberConverter(IdConverter):
    """A positive number that fits an integer."""

    regex = "[1-9][0-9]{0,9}"
    largest = 2**31 - 1


register_converter(IdConverter, "id")
register_converter(NumberConverter, "number")
