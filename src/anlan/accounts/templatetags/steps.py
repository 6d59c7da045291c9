"""`form_key`: a number of its own for each form, so that one sent twice does its work once."""

from uuid import uuid4

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def form_key() -> SafeString:
    return format_html('<input type="hidden" name="key" value="{}">', uuid4())
