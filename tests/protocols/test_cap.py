"""CAP 1.2: what an office's message says, and what is refused."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import MILLION, hostile

from anlan.protocols import FrameError, cap
from anlan.vocab.clock import beijing_ms

HEAD = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>44031041600000_20260701120000</identifier><sender>szmb@weather.example.cn</sender>
<sent>2026-07-01T12:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
{more}</alert>"""
INFO = """<info><language>{language}</language><category>Met</category><event>暴雨</event><urgency>Immediate</urgency>
<severity>{severity}</severity><certainty>Observed</certainty><expires>2026-07-01T18:00:00+08:00</expires>
<senderName>示例市气象台</senderName><headline>暴雨橙色预警</headline><description>三小时内降雨量将达80毫米</description>
<area><areaDesc>坪山区</areaDesc>{area}</area></info>"""
SQUARE = "<polygon>22.6,114.3 22.6,114.4 22.7,114.4 22.7,114.3 22.6,114.3</polygon>"


def message(more="", language="zh-CN", severity="Severe", area=SQUARE):
    more = more or INFO.format(language=language, severity=severity, area=area)
    return HEAD.format(more=more).encode()


def refused(data):
    with pytest.raises(FrameError) as caught:
        cap.read(data)
    return caught.value.kind


def test_a_message_says_who_warns_of_what_where_and_how_long():
    said = cap.read(message())
    info = said.infos[0]
    assert (said.sender, said.sent) == ("szmb@weather.example.cn", beijing_ms(2026, 7, 1, 12))
    assert (info.event, info.severity, info.expires) == ("暴雨", "Severe", beijing_ms(2026, 7, 1, 18))
    assert info.areas[0].polygons[0][1] == (114.4, 22.6)
    assert said.deviations == ()


def test_references_name_the_messages_that_are_meant():
    said = cap.read(message("<references>a@b,1,2026-07-01T11:00:00+08:00 nonsense a@b,2,never</references>"))
    assert said.references == (("a@b", "1", beijing_ms(2026, 7, 1, 11)),)
    assert said.deviations == ("bad_reference",)


@pytest.mark.parametrize("name", ["identifier", "sender", "sent", "status", "msgType", "scope"])
def test_each_required_element_is_missed_by_its_name(name):
    data = message().decode()
    start, end = data.index(f"<{name}>"), data.index(f"</{name}>") + len(name) + 3
    with pytest.raises(FrameError, match=name):
        cap.read((data[:start] + data[end:]).encode())


@pytest.mark.parametrize("name", ["event", "urgency", "severity", "certainty"])
def test_each_required_element_of_an_info_is_missed_by_its_name(name):
    data = message().decode()
    start, end = data.index(f"<{name}>"), data.index(f"</{name}>") + len(name) + 3
    with pytest.raises(FrameError, match=name):
        cap.read((data[:start] + data[end:]).encode())


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "format"),
        (b"<alert", "format"),
        (b"<rss/>", "schema"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><alert>&x;</alert>', "format"),
        (message().replace(b"Actual", b"Perhaps"), "schema"),
        (message().replace(b"szmb@", b"sz mb,@"), "schema"),
        (message().replace(b"T12:00:00", b"T25:00:00"), "time"),
        (b" " * (cap.LARGEST + 1), "too_long"),
        (message("<info/>" * 21), "too_long"),
    ],
)
def test_what_is_no_message_is_refused_by_name(data, kind):
    assert refused(data) == kind


def test_a_message_in_gb18030_is_read():
    text = '<?xml version="1.0" encoding="GB2312"?>' + message().decode()
    assert cap.read(text.encode("gb18030")).infos[0].event == "暴雨"


def test_a_time_without_a_zone_is_beijings_and_is_named():
    said = cap.read(message().replace(b"T12:00:00+08:00", b"T12:00:00"))
    assert (said.sent, said.deviations) == (beijing_ms(2026, 7, 1, 12), ("naive_time",))


@pytest.mark.parametrize(
    ("area", "told"),
    [
        ("<polygon>22.6,114.3 22.6,114.4</polygon>", "bad_polygon"),
        ("<polygon>91,114.3 22.6,114.4 22.7,114.4 91,114.3</polygon>", "bad_polygon"),
        ("<polygon>a,b c,d e,f a,b</polygon>", "bad_polygon"),
        ("<circle>22.6,114.3</circle>", "bad_circle"),
        ("<circle>22.6,114.3 -1</circle>", "bad_circle"),
        ("<circle>22.6,114.3 nan</circle>", "bad_circle"),
    ],
)
def test_an_outline_that_is_none_is_named_and_left_out(area, told):
    said = cap.read(message(area=area))
    assert said.deviations == (told,)
    assert cap.rings(said.infos[0].areas) == []


def test_a_ring_that_is_not_closed_is_closed():
    said = cap.read(message(area="<polygon>22.6,114.3 22.6,114.4 22.7,114.4</polygon>"))
    ring = said.infos[0].areas[0].polygons[0]
    assert ring[0] == ring[-1]


@given(st.floats(-179, 179), st.floats(-80, 80), st.floats(0.1, 50))
def test_a_circle_is_as_wide_as_it_says(lon, lat, km):
    ring = cap.circle_ring(lon, lat, km)
    assert ring[0] == ring[-1]
    assert max(point[1] for point in ring) - lat == pytest.approx(km / 111.195, rel=1e-6)


PLAIN = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>1</identifier><sender>a@b</sender>
<sent>2026-07-01T12:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope></alert>"""


def test_a_million_changed_messages_raise_nothing_but_frame_errors_by_name():
    """Short ones nine times of ten: a whole message with its outline takes four times as long to read."""
    kinds, number = Counter(), 0
    for seeds, share in (([PLAIN.encode()], MILLION * 9 // 10), ([message()], MILLION // 10)):
        for batch in hostile("cap", seeds, b"<>/&;=\"'! ,.:\x00\xff0", share):
            for raw in batch:
                number += 1
                kinds[read_kind(raw, check=number % 16 == 0)] += 1
    assert number == MILLION
    assert set(kinds) <= {"taken", "format", "schema", "time", "too_long"}
    assert min(kinds["taken"], kinds["format"], kinds["schema"], kinds["time"]) > MILLION // 1000


def read_kind(raw, check):
    try:
        said = cap.read(raw)
    except FrameError as error:
        return error.kind
    if check:
        consistent(said)
    return "taken"


def consistent(said):
    """What was taken keeps to the standard's words, its outlines are closed and lie on the earth."""
    assert said.identifier
    assert said.sender
    assert (said.status in cap.STATUSES, said.msg_type in cap.TYPES, said.scope in cap.SCOPES) == (True, True, True)
    assert all(info.severity in cap.SEVERITIES and info.event for info in said.infos)
    for ring in cap.rings(area for info in said.infos for area in info.areas):
        assert ring[0] == ring[-1]
        assert all(math.isfinite(x) and math.isfinite(y) and abs(y) <= 90 for x, y in ring)
