"""ONVIF bodies: events are read whatever prefixes stand before them, and bad ones are refused by name."""

from collections import Counter

import pytest
from protocol_support import MILLION, hostile

from anlan.protocols.onvif import OnvifError, messages

NEWS = b"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><p xmlns:w="http://docs.oasis-open.org/wsn/b-2">
<w:NotificationMessage><w:Topic>tns1:RuleEngine/CellMotionDetector/Motion</w:Topic><w:Message>
<tt:Message xmlns:tt="http://www.onvif.org/ver10/schema" UtcTime="2026-11-24T01:02:03Z" PropertyOperation="Changed">
<tt:Data><tt:SimpleItem Name="IsMotion" Value="true"/></tt:Data></tt:Message></w:Message></w:NotificationMessage></p></s:Body></s:Envelope>"""
FAULT = b"<e:Envelope xmlns:e='x'><e:Body><e:Fault><e:Reason>NotAuthorized</e:Reason></e:Fault></e:Body></e:Envelope>"


def test_an_event_has_its_topic_without_prefixes_its_time_and_its_values() -> None:
    (event,) = messages(NEWS)
    assert (event.topic, event.operation, event.values) == (
        "RuleEngine/CellMotionDetector/Motion", "Changed", {"IsMotion": "true"},
    )  # fmt: skip
    assert event.is_on
    assert event.at is not None
    assert event.at.isoformat() == "2026-11-24T01:02:03+00:00"


@pytest.mark.parametrize("raw", [b"", FAULT, b"<a/>", b"<!DOCTYPE a><a/>", b"\xff\xfe<\0a\0/\0>\0"])
def test_what_is_no_answer_is_refused(raw: bytes) -> None:
    with pytest.raises(OnvifError):
        messages(raw)


def test_a_million_changed_answers_raise_nothing_else() -> None:
    """Whole events one time of ten: they take four times as long to read as the bare envelope around them."""
    bare = b'<s:Envelope xmlns:s="x"><s:Body><n:Renewed xmlns:n="y"/></s:Body></s:Envelope>'
    kinds, number = Counter[str](), 0
    for seeds, share in (([bare, FAULT], MILLION * 9 // 10), ([NEWS], MILLION // 10)):
        for batch in hostile("onvif", seeds, b"<>/&;=\"'! :\x00\xff0", share):
            for raw in batch:
                number += 1
                try:
                    found = messages(raw)
                except OnvifError:
                    kinds["refused"] += 1
                    continue
                kinds["events" if found else "empty"] += 1
                assert all(event.topic and len(event.topic) <= 200 and len(event.values) <= 40 for event in found)
    assert number == MILLION
    assert min(kinds["refused"], kinds["empty"], kinds["events"]) > MILLION // 1000
