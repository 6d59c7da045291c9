"""XML of strangers: no document type in whatever encoding, and every encoding that devices declare."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.protocols.xml_text import XmlError, local, root_of, root_of_bytes

BOMB = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32", "gb18030", "cp037", "utf-7"])
def test_a_document_type_is_refused_in_every_encoding(encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    for raw in ((head + BOMB).encode(encoding), BOMB.encode(encoding), head.encode() + BOMB.encode(encoding)):
        with pytest.raises(XmlError):
            root_of_bytes(raw)
    with pytest.raises(XmlError):
        root_of(BOMB)


@pytest.mark.parametrize("encoding", ["gb2312", "GBK", "gb18030", "utf-8", "UTF8", "utf-16"])
def test_the_declared_encoding_is_read(encoding: str) -> None:
    raw = f'<?xml version="1.0" encoding="{encoding}"?><a>安澜</a>'.encode(encoding)
    assert root_of_bytes(raw).text == "安澜"


def test_a_byte_order_mark_and_blanks_before_the_declaration_are_forgiven() -> None:
    assert root_of_bytes("\ufeff<a>安</a>".encode()).text == "安"
    assert root_of_bytes(b'\r\n <?xml version="1.0" encoding="utf-8"?><a/>').tag == "a"


def test_names_lose_their_namespace_and_comments_have_none() -> None:
    root = root_of('<x:a xmlns:x="y"><b/></x:a>')
    assert [local(root), local(root[0])] == ["a", "b"]


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for raw in (data, b"<?xml version='1.0' encoding='gbk'?>" + data):
        try:
            root_of_bytes(raw)
        except XmlError:
            continue
