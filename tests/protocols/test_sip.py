"""SIP messages as devices write them, and as nobody should."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import MILLION, hostile

from anlan.protocols.sip import MOST_BODY, SipFault, SipMessage, SipStream, parse_datagram, via_of
from anlan.protocols.sip_digest import (
    ALGORITHMS,
    Freshness,
    Nonces,
    authorization,
    available,
    challenge,
    digest,
    ha1_of,
    proves,
    read,
    response,
)
from anlan.protocols.sip_talk import Ends, Talk, answer
from anlan.protocols.sip_values import SipError, address_of, split

SM3_ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
FOLDED = (
    b"REGISTER sip:34020000002000000001@3402000000 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 192.168.1.64:5060;rport;branch=z9hG4bK1, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK0\r\n"
    b"f: <sip:34020000001320000001@3402000000>;tag=1\r\n"
    b't: "a, b" <sip:34020000001320000001@3402000000>\r\n'
    b"i: 77\r\nCSEQ:  1   REGISTER\r\n"
    b"m: <sip:34020000001320000001@192.168.1.64:5060>;expires=3600\r\n"
    b"Subject: one\r\n  two\r\n\tthree\r\nl: 0\r\n\r\n"
)


def parsed(data: bytes) -> SipMessage:
    event = parse_datagram(data)
    assert isinstance(event, SipMessage), event
    return event


def test_compact_folded_and_doubled_headers_are_read() -> None:
    message = parsed(FOLDED)
    assert (message.method, message.cseq, message.get("call-id")) == ("REGISTER", (1, "REGISTER"), "77")
    assert message.get("subject") == "one two three"
    assert [value[:20] for value in message.all("via")] == ["SIP/2.0/UDP 192.168.", "SIP/2.0/UDP 10.0.0.1"]
    assert address_of(message.get("to")).user == "34020000001320000001"
    assert address_of(message.get("contact")).params == {"expires": "3600"}
    assert message.transaction == ("z9hG4bK1", "192.168.1.64:5060", "REGISTER")


def test_an_answer_goes_back_where_the_request_really_came_from() -> None:
    reply = answer(parsed(FOLDED), 200, tag="x", peer=("203.0.113.9", 40_001))
    via = via_of(reply)
    assert (via.params["received"], via.params["rport"]) == ("203.0.113.9", "40001")
    assert len(reply.all("via")) == 2
    assert reply.get("to").endswith(";tag=x")
    assert parsed(reply.encode()).status == 200


def test_bare_line_feeds_and_blanks_before_the_first_line_are_forgiven() -> None:
    assert parsed(b"\r\n\r\n" + FOLDED.replace(b"\r\n", b"\n")).headers == parsed(FOLDED).headers
    assert parse_datagram(b"\r\n\r\n\0") is None


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"REGISTER", "truncated"),
        (b"HELLO\r\n\r\n", "format"),
        (b"MESSAGE sip:x SIP/2.0\r\nno colon\r\n\r\n", "format"),
        (b"MESSAGE sip:x SIP/2.0\r\nContent-Length: -1\r\n\r\n", "format"),
        (b"MESSAGE sip:x SIP/2.0\r\nContent-Length: 9\r\n\r\nshort", "truncated"),
        (b"MESSAGE sip:x SIP/2.0\r\nContent-Length: 2000000\r\n\r\n", "too_long"),
        (b"MESSAGE sip:x SIP/2.0\r\n" + b"A: b\r\n" * 200 + b"\r\n", "too_long"),
        (b"MESSAGE sip:x SIP/2.0\r\nA: " + b"b" * 20_000, "too_long"),
        (b"MESSAGE sip:x SIP/2.0\r\nA: b\x00c\r\n\r\n", "format"),
    ],
)
def test_what_is_no_message_is_a_fault_by_name(raw: bytes, kind: str) -> None:
    event = parse_datagram(raw)
    assert isinstance(event, SipFault)
    assert event.kind == kind


def test_a_header_cannot_be_slipped_into_an_answer() -> None:
    with pytest.raises(ValueError, match="line end"):
        parsed(FOLDED).with_header("subject", "x\r\nEvil: 1").encode()


NAMES = st.sampled_from(["from", "call-id", "subject", "user-agent", "x-own", "date"])
VALUES = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", codec="utf-8"), max_size=40).map(str.strip)
MESSAGES = st.builds(
    lambda headers, body: SipMessage(method="MESSAGE", uri="sip:a@b", headers=tuple(headers), body=body),
    st.lists(st.tuples(NAMES, VALUES.filter(lambda v: "\x85" not in v)), max_size=6),
    st.binary(max_size=200),
)


@given(MESSAGES)
def test_what_is_written_is_read_again(message: SipMessage) -> None:
    again = parsed(message.encode())
    kept = tuple(pair for pair in again.headers if pair[0] != "content-length")
    assert (kept, again.body, again.method) == (message.headers, message.body, "MESSAGE")


@given(st.lists(MESSAGES, max_size=4), st.data())
def test_a_stream_cut_anywhere_gives_the_same_messages(messages: list[SipMessage], data: st.DataObject) -> None:
    whole = b"\r\n".join(message.encode() for message in messages)
    stream, found = SipStream(), []
    while whole:
        cut = data.draw(st.integers(1, len(whole)))
        found += stream.feed(whole[:cut])
        whole = whole[cut:]
    assert [m.body for m in found if isinstance(m, SipMessage)] == [m.body for m in messages]
    assert not stream.broken


@given(st.binary(max_size=300))
def test_no_bytes_whatever_raise(data: bytes) -> None:
    parse_datagram(data)
    SipStream().feed(data)


def test_a_million_changed_messages_raise_nothing_but_faults_and_what_is_taken_can_be_said_again() -> None:
    seeds = [FOLDED, answer(parsed(FOLDED), 401, tag="x").encode(), FOLDED.replace(b"l: 0", b"l: 4") + b"body"]
    stream, kinds, number = SipStream(), Counter[str](), 0
    for batch in hostile("sip", seeds, b'\r\n :;,<>"=\x00\xff0'):
        for raw in batch:
            number += 1
            event = parse_datagram(raw)
            kinds[event.kind if isinstance(event, SipFault) else "message" if event else "blank"] += 1
            if number % 16 == 0 and isinstance(event, SipMessage):
                kinds["said again"] += _said_again(event)
        stream = SipStream() if stream.broken else stream
        stream.feed(b"".join(batch))
    assert number == MILLION
    assert set(kinds) <= {"message", "blank", "said again", "format", "too_long", "truncated"}
    assert min(kinds["message"], kinds["format"]) > MILLION // 20
    assert kinds["said again"] > MILLION // 200


def _said_again(event: SipMessage) -> bool:
    """A message reads the same once written; what cannot be answered says so by name."""
    again = parse_datagram(event.encode())
    assert isinstance(again, SipMessage)
    assert [pair for pair in again.headers if pair[0] != "content-length"] == [
        pair for pair in event.headers if pair[0] != "content-length"
    ]
    assert (again.method, again.uri, again.status, again.body) == (event.method, event.uri, event.status, event.body)
    try:
        assert event.transaction
        assert address_of(event.get("from"))
        read(event.get("authorization"))
        reply = parse_datagram(answer(event, 200, tag="x", peer=("127.0.0.1", 1)).encode())
    except SipError:
        return False
    assert isinstance(reply, SipMessage)
    return reply.status == 200


@given(st.text(max_size=60))
def test_splitting_loses_nothing(text: str) -> None:
    assert [part.strip() for part in ",".join(split(text, ",")).split(",")] == [p.strip() for p in text.split(",")]


def test_a_body_is_bounded_in_a_stream_too() -> None:
    stream = SipStream()
    (fault,) = stream.feed(b"MESSAGE sip:x SIP/2.0\r\nContent-Length: %d\r\n\r\n" % (MOST_BODY + 1))
    assert isinstance(fault, SipFault)
    assert stream.broken
    assert stream.feed(FOLDED) == []


def test_the_digest_is_that_of_the_standard() -> None:
    """RFC 2617, 3.5."""
    words = read(
        'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    key = ha1_of("MD5", "Mufasa", "testrealm@host.com", "Circle Of Life")
    assert response(key, "GET", words) == "6629fae49393a05397450978507c4ef1"


OFFERED = [algorithm for algorithm in ALGORITHMS if available(algorithm)]


def test_md5_and_sha_256_are_always_there_and_sm3_where_the_system_has_it_is_that_of_its_standard() -> None:
    """GB/T 32905-2016, annex A.1: the hash of `abc`."""
    assert {"MD5", "SHA-256"} <= set(OFFERED)
    hashes = {"SM3": digest("SM3", "abc")} if "SM3" in OFFERED else {}
    assert hashes.get("SM3", SM3_ABC) == SM3_ABC
    assert digest("SHA-256", "abc").startswith("ba7816bf8f01cfea")
    assert not available("MD4")


@pytest.mark.parametrize("algorithm", OFFERED)
def test_a_device_that_knows_the_password_proves_it_and_no_other(algorithm: str) -> None:
    asked = read(challenge("3402000000", "n1", algorithm))
    words = read(authorization("u", "right", "REGISTER", "sip:x", asked, "c"))
    assert proves(ha1_of(algorithm, "u", "3402000000", "right"), "REGISTER", words)
    assert not proves(ha1_of(algorithm, "u", "3402000000", "wrong"), "REGISTER", words)
    assert not proves(ha1_of(algorithm, "u", "3402000000", "right"), "MESSAGE", words)
    bare = {name: value for name, value in asked.items() if name != "qop"}
    old = read(authorization("u", "right", "REGISTER", "sip:x", bare, "c"))
    assert "nc" not in old
    assert proves(ha1_of(algorithm, "u", "3402000000", "right"), "REGISTER", old)


def test_a_nonce_is_good_for_a_minute_and_each_count_once() -> None:
    nonces, other = Nonces(secret=b"a"), Nonces(secret=b"b")
    nonce = nonces.issue(1_000_000)
    assert nonces.check(nonce, "00000001", 1_000_001) is Freshness.FRESH
    assert nonces.check(nonce, "00000001", 1_000_002) is Freshness.REPLAYED
    assert nonces.check(nonce, "00000002", 1_000_003) is Freshness.FRESH
    assert nonces.check(nonce, "", 1_000_003) is Freshness.REPLAYED
    assert nonces.check(nonce, "00000003", 1_060_001) is Freshness.STALE
    assert nonces.check(other.issue(1_000_000), "", 1_000_001) is Freshness.STALE
    bare = nonces.issue(1_000_001)
    assert nonces.check(bare, "", 1_000_002) is Freshness.FRESH
    assert nonces.check(bare, "", 1_000_002) is Freshness.REPLAYED
    for wrong in ("", "zz", "好" * 36):
        assert nonces.check(wrong, "", 1_000_001) is Freshness.STALE


def test_a_dialog_goes_on_with_the_tag_of_the_peer() -> None:
    ends = Ends(own="1" * 20, own_host="127.0.0.1", own_port=5060, peer="2" * 20, peer_host="::1", peer_port=5061)
    talk = Talk(ends=ends, call_id="c", tag="t")
    first = parsed(talk.request("SUBSCRIBE", 1, "b").encode())
    assert first.uri == f"sip:{'2' * 20}@[::1]:5061"
    reply = answer(first, 200, tag="theirs")
    assert parsed(talk.answered(reply).request("SUBSCRIBE", 2, "b2").encode()).get("to").endswith(";tag=theirs")
