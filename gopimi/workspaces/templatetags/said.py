"""`{% translate %}` for texts that stand in a template as they are: looked up once for each language, not at each page.

A page has a hundred of them, and Django's own tag would take a tenth of its time. A builtin library, behind Django's.
"""

from typing import Any

from django import template
from django.templatetags.i18n import TranslateNode, do_translate
from django.utils.translation import get_language

register = template.Library()


class Said(template.Node):
    """Renders what Django's node does, and keeps it."""

    def __init__(self, node: TranslateNode) -> None:
        self.node = node
        self.kept: dict[str | None, str] = {}

    def render(self, context: Any) -> str:
        language = get_language()
        said = self.kept.get(language)
        if said is None:
            said = self.kept[language] = self.node.render(context)
        return said


@register.tag
def translate(parser: Any, token: Any) -> template.Node:
    node = do_translate(parser, token)
    constant = isinstance(node, TranslateNode) and not node.filter_expression.filters
    return Said(node) if constant and node.asvar is None and node.filter_expression.var.literal is not None else node
