"""XML of strangers: without a document type, so that there are no entities to expand and nothing outside to fetch.

A text is looked through for `<!DOCTYPE` before the parser sees it, which is sure only because it is decoded already: the
parser then takes no other encoding. Bytes in an encoding that is not read here go to defusedxml, at three times the time.
"""

import re
from xml.etree.ElementTree import Element, ParseError, fromstring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring as fromstring_defused

_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CHINESE = frozenset({b"gb2312", b"gbk", b"gb18030"})
_PLAIN = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
_DETAIL = 120


class XmlError(ValueError):
    """No XML, or XML with a document type."""


def root_of(text: str) -> Element:
    """The root of a document whose letters are known; an encoding that it declares means nothing. Raises `XmlError`."""
    if "<!DOCTYPE" in text:
        raise XmlError("a document type")
    try:
        return fromstring(text)
    except (ParseError, ValueError, RecursionError) as error:
        raise XmlError(str(error)[:_DETAIL] or type(error).__name__) from None


def root_of_bytes(data: bytes) -> Element:
    """The root of a document in the encoding that it declares, GB ones among them; UTF-8 where none. Raises `XmlError`."""
    found = _DECLARED.match(data)
    encoding = found[1].lower() if found else b"utf-8"
    try:
        if encoding in _CHINESE:
            return root_of(data.decode("gb18030").lstrip())
        if encoding in _PLAIN and b"\0" not in data:
            return root_of(data.decode("utf-8-sig").lstrip())
        root: Element = fromstring_defused(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError, RecursionError, ValueError) as error:
        raise XmlError(str(error)[:_DETAIL] or type(error).__name__) from None
    return root


def local(element: Element) -> str:
    """An element's name without its namespace; empty for a comment."""
    tag = element.tag
    if not isinstance(tag, str):
        return ""
    return tag if tag[:1] != "{" else tag[tag.rindex("}") + 1 :]
