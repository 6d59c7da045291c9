import io
import json

import pytest
from protocol_support import vectors

from anlan.protocols.jsonl import decode_stream

FIRE, ACK = (vector["hex"] for vector in vectors("gb26875")["valid"])


def objects(protocol, data, hex_lines=False):
    return [
        json.loads(json.dumps(each, allow_nan=False)) for each in decode_stream(protocol, io.BytesIO(data), hex_lines)
    ]


def test_a_frame_and_an_error_are_plain_objects():
    fire, error = objects("gb26875", bytes.fromhex(FIRE) + b"rest")
    assert list(fire) == ["ok", "protocol", "device", "function", "readings", "fields", "deviations", "reply"]
    assert (fire["deviations"], fire["reply"][:4], fire["reply"][-4:]) == ([], "4040", "2323")
    assert (fire["ok"], fire["protocol"], fire["device"], fire["function"]) == (True, "gb26875", "0", "2")
    assert fire["readings"][0] == {
        "series": "part-1-3-393433:fire",
        "time": 1596280728000,
        "value": 1.0,
        "unit": "1",
    }
    assert error == {"ok": False, "error": "garbage", "detail": "4 bytes"}


def test_a_missing_value_is_null():
    (found,) = objects("json", b'{"device": "d", "time": 1, "values": {"level": NaN}}')
    assert found["readings"] == [{"series": "level", "time": 1, "value": None, "unit": ""}]


def test_each_line_of_hex_is_a_stream_of_its_own():
    lines = f"{FIRE}\n\n  \r\n{FIRE[:40]}\r\nxyz\n{'é'}\n{ACK.upper()}"
    found = objects("gb26875", lines.encode(), hex_lines=True)
    assert [each.get("error", "ok") for each in found] == ["ok", "truncated", "hex", "hex", "ok"]


def test_all_recorded_frames_of_a_file_of_hex_are_decoded():
    frames = [vector["hex"] for vector in vectors("sl651")["valid"]]
    found = objects("sl651", "\n".join(frames).encode(), hex_lines=True)
    assert [each["ok"] for each in found] == [True] * len(frames)


def test_a_source_without_buffer_is_read_as_well():
    class Pipe:
        def __init__(self):
            self.pieces = [bytes.fromhex(FIRE)[:20], bytes.fromhex(FIRE)[20:]]

        def read(self, size):
            return self.pieces.pop(0) if self.pieces else b""

    assert [each["ok"] for each in decode_stream("gb26875", Pipe(), False)] == [True]


def test_an_unknown_protocol_is_refused_at_once():
    with pytest.raises(KeyError):
        decode_stream("morse", io.BytesIO(b""), False)
