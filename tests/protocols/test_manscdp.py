"""MANSCDP and ONVIF bodies: in whatever encoding, and bounded against whatever else."""

import json
import re
from collections import Counter
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import MILLION, hostile

from anlan.protocols import sdp
from anlan.protocols.manscdp import Manscdp, ManscdpError, build, is_code, parse, place_of, time_of, type_of
from anlan.protocols.onvif import Account, OnvifError, create_body, envelope, messages, pull_point

SAMPLE = json.loads((Path(__file__).parent / "vectors" / "gb28181.json").read_text(encoding="utf-8"))
ALARM = SAMPLE["alarm_notify_xml"]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
TEXTS = st.text(st.characters(min_codepoint=32, codec="gb18030", exclude_categories=["Cs", "Cn"]), max_size=30)


@pytest.mark.parametrize("encoding", ["gb2312", "gb18030", "utf-8"])
@pytest.mark.parametrize("declared", ["", ' encoding="GB2312"', ' encoding="UTF-8"', ' encoding="nonsense"'])
def test_the_standards_alarm_is_read_whatever_encoding_it_declares(encoding: str, declared: str) -> None:
    told = ALARM.replace('"1.0"', f'"1.0"{declared}')
    message = parse(told.encode(encoding))
    assert (message.root, message.command, message.number) == ("Notify", "Alarm", "1")
    assert message.device == "64010000001340000001"
    assert message.fields["AlarmDescription"] == "警情描述"
    assert place_of(message.fields) == (171.3, 34.2)
    assert type_of(message.device) == "134"


def test_items_of_a_catalogue_and_what_stands_within_them() -> None:
    item = "<Item><DeviceID>1</DeviceID><Name>甲</Name><Info><PTZType>3</PTZType></Info></Item>"
    body = build("Response", "Catalog", 7, "2", {"SumNum": 9, "DeviceList": item * 2})
    message = parse(body.replace(b"<DeviceList>", b'<DeviceList Num="2">'))
    assert message.total == 9
    assert [one["Info.PTZType"] for one in message.items] == ["3", "3"]


@given(TEXTS)
def test_a_text_that_is_written_is_read_again(text: str) -> None:
    body = build("Notify", "Alarm", 1, "2", {"AlarmDescription": f"x{text}"})
    assert parse(body).fields["AlarmDescription"] == f"x{text}".strip()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<a>",
        b"no xml",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>" * 20_000,
        b"<a>" + b"x" * 1_100_000 + b"</a>",
        b"<Response><L><Item/></L><DeviceList>" + b"<Item/>" * 4_001 + b"</DeviceList></Response>",
    ],
)
def test_what_is_no_manscdp_is_refused(raw: bytes) -> None:
    with pytest.raises(ManscdpError):
        parse(raw)


def test_a_million_changed_bodies_raise_nothing_else_and_what_is_taken_can_be_said_again() -> None:
    item = "<Item><DeviceID>1</DeviceID><Name>甲</Name><Info><PTZType>3</PTZType></Info></Item>"
    seeds = [
        build("Notify", "Alarm", 1, "2", {"AlarmTime": "2026-11-24T10:00:00", "Longitude": 114.3, "Latitude": 22.6}),
        build("Response", "Catalog", 1, "2", {"SumNum": 1, "DeviceList": item}),
        build("Notify", "Keepalive", 43, "4" * 20, {"Status": "OK"}),
    ]
    kinds, number = Counter[str](), 0
    for batch in hostile("manscdp", seeds, b"<>/&;=\"'! \x00\xb0\xff1"):
        for raw in batch:
            number += 1
            try:
                message = parse(raw)
            except ManscdpError:
                kinds["refused"] += 1
                continue
            kinds["taken"] += 1
            if number % 16 == 0:
                _said_again(message)
    assert number == MILLION
    assert min(kinds.values()) > MILLION // 20


def _said_again(message: Manscdp) -> None:
    """Its plain elements, written and read again, are those that they were."""
    place_of(message.fields)
    time_of(message.fields.get("AlarmTime", ""))
    plain = {name: value for name, value in message.fields.items() if _NAME.fullmatch(name) and value[:1] != "<"}
    again = parse(build("Notify", "Alarm", escape(message.number), message.device, plain))
    assert (again.number, again.device, dict(again.fields)) == (message.number, message.device, plain)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_break_the_readers(data: bytes) -> None:
    for reader, error in ((parse, ManscdpError), (messages, OnvifError), (pull_point, OnvifError)):
        try:
            reader(data)  # type: ignore[operator]
        except error:
            continue
    sdp.answered(data)


def test_codes_times_and_places() -> None:
    assert is_code("4" * 20)
    assert not is_code("4" * 19)
    assert not is_code("４" * 20)
    when = time_of("2026-11-24T10:00:00")
    assert when is not None
    assert when.isoformat() == "2026-11-24T10:00:00+08:00"
    assert time_of("yesterday") is None
    for wrong in (
        {},
        {"Longitude": "0", "Latitude": "0"},
        {"Longitude": "x", "Latitude": "1"},
        {"Longitude": "nan", "Latitude": "1"},
    ):
        assert place_of(wrong) is None


def test_an_offer_says_where_to_send_and_by_which_number() -> None:
    play = sdp.Play(own="1" * 20, camera="2" * 20, host="192.0.2.1", port=30_000, ssrc="0123450001")
    text = play.offer().decode()
    assert "m=video 30000 RTP/AVP 96 97 98\r\n" in text
    assert sdp.answered(play.offer()) == sdp.Answered(host="192.0.2.1", port=30_000, ssrc="0123450001")
    assert sdp.answered(b"c=IN IP4 256.1.1.1\r\nm=video 99999 RTP/AVP 96") == sdp.Answered(host="", port=0, ssrc="")


@pytest.mark.parametrize("setup", ["passive", "active"])
def test_an_offer_over_tcp_says_who_connects(setup: str) -> None:
    text = sdp.Play(own="1" * 20, camera="2" * 20, host="::1", port=1, ssrc="0123450001", setup=setup).offer().decode()
    assert "m=video 1 TCP/RTP/AVP 96 97 98\r\n" in text
    assert f"a=setup:{setup}\r\na=connection:new\r\n" in text
    assert "c=IN IP6 ::1\r\n" in text


@given(st.integers(0, 10**9), st.sampled_from(list(sdp.Kind)))
def test_an_ssrc_has_ten_digits_its_kind_first_then_the_domain(number: int, kind: sdp.Kind) -> None:
    """GB/T 28181-2016, annex D: 0 live or 1 from the past, digits 4 to 8 of the SIP code, four that tell streams apart."""
    ssrc = sdp.ssrc_of("44031000002000000001", number, kind)
    assert ssrc == f"{'01'[kind == sdp.Kind.PAST]}31000{number % 10_000:04d}"
    assert int(ssrc) < 2**32


def test_a_password_never_stands_in_an_envelope() -> None:
    header = Account(user="op", password="s3cret<&").header(b"nonce", "2026-11-24T01:02:03Z")
    sent = envelope("create", create_body(60), to="http://x/?a=1&b=2", security=header, message="m")
    assert b"s3cret" not in sent
    assert b"http://x/?a=1&amp;b=2" in sent
    assert Account().header(b"n", "t") == ""
