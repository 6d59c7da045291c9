import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import differences, error, frame, only, values, vectors

from anlan.protocols import Frame, decode, protocols
from anlan.protocols.checksums import crc_hj212
from anlan.protocols.commands import ParameterError, ask
from anlan.protocols.frames import abandoned
from anlan.protocols.hj212_data import COMMANDS, FACTORS, factor_of
from anlan.protocols.hj212_write import wrap
from anlan.vocab import units
from anlan.vocab.clock import beijing_ms, write

VECTORS = vectors("hj212")
VALID = {vector["name"]: vector["frame"].encode() for vector in VECTORS["valid"]}
SPEC = protocols()["hj212"]
HEAD = "QN=20240701120000123;ST=32;CN=2011;PW=123456;MN=M1;Flag=5;CP=&&"


def said(parameters, head=HEAD):
    return wrap(f"{head}{parameters}&&".encode())


def read(parameters, head=HEAD):
    return frame("hj212", said(parameters, head))


@pytest.mark.parametrize("vector", VECTORS["valid"], ids=lambda v: v["name"])
def test_a_recorded_frame_decodes_to_the_listed_fields(vector):
    got = frame("hj212", vector["frame"].encode())
    assert differences(vector["fields"], got.fields) == []
    assert (got.device, got.function) == (vector["fields"]["MN"], vector["fields"]["CN"])


@pytest.mark.parametrize("vector", VECTORS["invalid"], ids=lambda v: v["name"])
def test_a_broken_recorded_frame_is_a_named_error(vector):
    assert error("hj212", vector["frame"].encode()).kind == ("length" if "length" in vector["why"] else "checksum")


@pytest.mark.parametrize("vector", VECTORS["crc_only_vectors"], ids=lambda v: v["crc"])
def test_the_check_is_that_of_the_annex(vector):
    assert f"{crc_hj212(vector['data'].encode()):04X}" == vector["crc"]


def test_leniencies_are_named():
    assert frame("hj212", VALID["official_annexA_1062"]).deviations == ()
    assert frame("hj212", VALID["air_2011_cc01"]).deviations == ("lower_case_crc",)
    assert frame("hj212", VALID["water_2011_v2005_4980"]).deviations == (
        "missing_qn",
        "missing_flag",
        "long_data_time",
    )


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ("DataTime=20240701120000; w01018-Rtd = 2.5 ,w01018-Flag=N", "padded_pair"),
        ("DATATIME=20240701120000;w01018-RTD=2.5,w01018-flag=N", "key_case"),
        ("DataTime=20240701120000;w01018-Rtd=1,w01018-Rtd=2.5", "repeated_key"),
        ("DataTime=20240701120000;w01018-Rtd=2.5,75;w01018-Flag=N", "stray_text"),
    ],
)
def test_pairs_that_are_not_written_as_they_should_be_are_read_and_told(parameters, told):
    got = read(parameters)
    assert (values(got), got.deviations) == ({"w01018-Rtd": 2.5}, (told,))
    assert only(got.readings).time == beijing_ms(2024, 7, 1, 12)


def test_the_head_may_have_spaces_and_other_capitals_and_its_password_stays_hidden():
    got = read("DataTime=20240701120000;w01018-Rtd=1", HEAD.replace("MN=M1", " MN= M1 ").replace("PW=", " pw="))
    assert (got.device, got.fields["PW"], set(got.deviations)) == ("M1", "123456", {"padded_pair", "key_case"})
    places = SPEC.secrets.places(got.raw)
    assert got.raw[places.start : places.stop] == b"123456"


def test_a_leap_second_is_the_moment_after_it():
    got = read("DataTime=20170101075960;w01018-Rtd=1")
    assert (only(got.readings).time, got.deviations) == (beijing_ms(2017, 1, 1, 8), ())


def test_codes_of_2005_keep_their_key_and_are_named_by_their_successor():
    got = frame("hj212", VALID["water_2011_v2005_4980"])
    time = beijing_ms(2016, 8, 24, 0, 38, 17)
    assert [(reading.series, reading.value, reading.unit, reading.time) for reading in got.readings] == [
        ("B01-Rtd", 36.91, "L/s", time),
        ("011-Rtd", 231.0, "mg/L", time),
        ("060-Rtd", 1.803, "mg/L", time),
    ]
    assert got.fields["factors"]["011"] == {
        "code": "w01018",
        "name": "化学需氧量",
        "unit": "mg/L",
        "flag": "N",
        "flag_name": "正常",
    }


def test_totals_have_the_unit_of_totals():
    got = read("DataTime=20240701110000;w01018-Cou=17.37,w01018-Avg=23.2,w01018-ZsAvg=24")
    assert {reading.series: reading.unit for reading in got.readings} == {
        "w01018-Cou": "kg",
        "w01018-Avg": "mg/L",
        "w01018-ZsAvg": "mg/L",
    }


def test_a_numbered_device_is_found_by_its_pattern():
    assert factor_of("e10203").name == "进水口COD"
    assert factor_of("i33317").name == "炉膛内上部焚烧温度"
    assert factor_of("zz9").name == ""


def test_every_unit_of_the_factor_table_has_a_symbol():
    from anlan.protocols.tables import load_csv

    rows = load_csv("hj212_factors.csv")
    named = {row[column] for row in rows for column in ("单位", "排放量") if row[column]}
    assert {unit for unit in named if not units.symbol(unit)} == {"年月日时分秒"}
    assert len(FACTORS) > 400


def test_a_sample_time_is_the_time_of_its_factor():
    got = read("DataTime=20240701120000;w21003-SampleTime=20240701080000,w21003-Rtd=1.5;w01018-Rtd=20")
    assert [(reading.series, reading.time) for reading in got.readings] == [
        ("w21003-Rtd", beijing_ms(2024, 7, 1, 8)),
        ("w01018-Rtd", beijing_ms(2024, 7, 1, 12)),
    ]


def test_only_numeric_fields_are_readings():
    got = read("DataTime=20240701120000;w01018-Rtd=20,w01018-Flag=M,w01018-EFlag=7;SB1-RS=1;i12001-Info=3")
    assert set(values(got)) == {"w01018-Rtd", "SB1-RS"}
    assert values(got)["SB1-RS"] == 1.0
    assert got.fields["factors"]["w01018"]["flag_name"] == "维护"
    assert got.fields["CP"][1]["w01018-EFlag"] == "7"


@pytest.mark.parametrize("text", ["", "--", "NaN", "inf", "1e999", "1_0", "１０", "0x1F", "1 0"])
def test_a_value_that_is_no_number_is_a_missing_reading_that_is_told(text):
    got = read(f"DataTime=20240701120000;w01018-Rtd={text}")
    assert math.isnan(values(got)["w01018-Rtd"])
    assert got.deviations == ("unreadable_value",)


@pytest.mark.parametrize(("text", "value"), [("-1.5", -1.5), ("+.5", 0.5), ("3.", 3.0), ("2.5E-3", 0.0025)])
def test_numbers_are_read_as_devices_write_them(text, value):
    assert values(read(f"DataTime=20240701120000;w01018-Rtd={text}")) == {"w01018-Rtd": value}


def test_data_without_a_time_take_that_of_the_request():
    got = read("w01018-Rtd=20")
    assert only(got.readings).time == beijing_ms(2024, 7, 1, 12, 0, 0, 123)
    assert got.deviations == ("missing_data_time",)


def test_data_without_any_time_are_an_error():
    assert error("hj212", said("w01018-Rtd=20", "ST=32;CN=2011;MN=M1;Flag=5;CP=&&")).kind == "time"


@pytest.mark.parametrize("time", ["20240230120000", "20240701250000", "2024070112", "today", ""])
def test_an_impossible_time_is_an_error(time):
    assert error("hj212", said(f"DataTime={time};w01018-Rtd=20")).kind == "time"


def test_a_log_is_not_split():
    got = read("DataTime=20240701120000;i11001-Info=//2024,清洗;管路=ok//;w01018-Rtd=20")
    assert got.fields["CP"][1] == {"i11001-Info": "//2024,清洗;管路=ok//"}
    assert values(got) == {"w01018-Rtd": 20.0}


def test_text_of_gb18030_is_read_and_told():
    got = frame("hj212", wrap(f"{HEAD}PolId=坪山&&".encode("gb18030")))
    assert got.fields["CP"] == [{"PolId": "坪山"}]
    assert got.deviations == ("gb18030_text",)


@pytest.mark.parametrize("segment", [b"\xff\xff\xff", HEAD.encode() + b"a=\x00&&", HEAD.encode() + b"a=\n&&"])
def test_what_is_no_text_is_an_error(segment):
    assert error("hj212", wrap(segment)).kind == "text"


@pytest.mark.parametrize("segment", [b"", b"MN=M1;CN=2011", b"MN=M1;CN=2011;CP=&&a=1", b"CN=2011;CP=&&&&",
                                     b"MN=M1;CP=&&&&", b"MN=;CN=2011;CP=&&&&"])  # fmt: skip
def test_a_segment_without_its_parts_is_a_format_error(segment):
    assert error("hj212", wrap(segment)).kind == "format"


def test_a_line_feed_alone_ends_a_frame_and_is_told():
    raw = said("DataTime=20240701120000;w01018-Rtd=20").replace(b"\r\n", b"\n")
    assert frame("hj212", raw).deviations == ("lf_tail",)
    assert frame("hj212", raw).readings


def test_a_wrong_tail_is_an_error():
    assert error("hj212", VALID["official_annexA_1062"][:-2] + b"\r\r").kind == "tail"


@pytest.mark.parametrize("told", ["0100", "0102", "0110", "0050", "9999"])
def test_a_wrong_length_is_an_error_and_does_not_hide_the_next_frame(told):
    good = VALID["air_2011_5780"]
    events = decode("hj212", b"##" + told.encode() + VALID["official_annexA_1062"][6:] + good)
    assert [getattr(event, "kind", "frame") for event in events if getattr(event, "kind", "") != "garbage"] == [
        "length",
        "frame",
    ]
    assert events[-1] == frame("hj212", good)


def test_frames_stick_together_and_come_after_noise():
    stream = b"##12#" + VALID["air_2011_cc01"] + b"\r\n" + VALID["data_ack_9014_71c0"] + VALID["air_2011_5780"]
    events = decode("hj212", stream)
    assert [event.function if isinstance(event, Frame) else event.kind for event in events] == [
        "garbage",
        "2011",
        "9014",
        "2011",
    ]


def test_data_are_answered_where_the_flag_asks():
    answer = frame("hj212", read("DataTime=20240701120000;w01018-Rtd=20").reply)
    assert answer.fields["QN"] == "20240701120000123"
    assert [answer.fields[key] for key in ("ST", "CN", "PW", "MN", "Flag", "CP")] == [
        "91",
        "9014",
        "123456",
        "M1",
        "4",
        [],
    ]


def test_a_notice_is_answered_as_a_notice():
    got = read("PolId=w01018", HEAD.replace("CN=2011", "CN=1013"))
    assert frame("hj212", got.reply).function == "9013"


@pytest.mark.parametrize(
    "name", ["official_annexA_1062", "air_2011_cc01", "data_ack_9014_71c0", "water_2011_v2005_4980"]
)
def test_commands_answers_and_unasked_data_are_not_answered(name):
    assert frame("hj212", VALID[name]).reply is None


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("Flag=x;", "bad_flag"),
        (f"Flag={'9' * 5000};", "bad_flag"),
        ("Flag=7;", "missing_packet_number"),
        ("", "missing_flag"),
    ],
)
def test_a_strange_flag_is_told(head, told):
    got = read("DataTime=20240701120000", f"QN=20240701120000123;CN=2011;MN=M1;{head}CP=&&")
    assert told in got.deviations


def test_a_long_segment_is_read_and_told():
    got = read("DataTime=20240701120000;" + ";".join(f"w{number:05}-Rtd=1.5" for number in range(80)))
    assert len(got.readings) == 80
    assert got.deviations == ("long_segment",)


series = st.builds(
    "{}-{}".format,
    st.sampled_from(sorted(code for code in FACTORS if code.isalnum())),
    st.sampled_from(["Rtd", "Avg", "Cou", "ZsRtd"]),
)
numbers = st.integers(-(10**9), 10**9).map(lambda number: number / 10**4)


@given(st.dictionaries(series, numbers, max_size=60), st.integers(beijing_ms(2001, 1, 1), beijing_ms(2099, 1, 1)))
def test_what_a_device_encodes_is_decoded_again(report, time):
    frames = decode("hj212", SPEC.encode("M1", time, report))
    got = {}
    for each in frames:
        assert isinstance(each, Frame)
        assert (each.device, each.deviations) == ("M1", ())
        assert each.fields["QN"] == write(time, "YYYYMMDDHHmmSSfff")
        assert {reading.time for reading in each.readings} <= {time - time % 1000}
        got |= values(each)
    assert got == report
    assert len(frames) == 1 or [each.fields["PNO"] for each in frames] == [str(n + 1) for n in range(len(frames))]


def test_a_missing_value_is_encoded_as_a_broken_link():
    got = frame("hj212", SPEC.encode("M1", 1_700_000_000_000, {"w01018-Rtd": math.nan}))
    assert math.isnan(values(got)["w01018-Rtd"])
    assert got.fields["factors"]["w01018"]["flag_name"] == "通讯异常"


@pytest.mark.parametrize(
    ("device", "report"),
    [
        ("", {}),
        ("M;1", {}),
        ("M1", {"level": 1.0}),
        ("M1", {"w01018-Rtd": math.inf}),
        ("M1", {"w01018-Flag": 1.0}),
    ],
)
def test_what_the_protocol_cannot_say_is_refused(device, report):
    with pytest.raises(ValueError, match=r"\w"):
        SPEC.encode(device, 1_700_000_000_000, report)


@pytest.mark.parametrize("flag", "FMDCB")
def test_a_value_that_measures_nothing_outside_is_missing_and_stays_in_the_fields(flag):
    got = read(f"DataTime=20240701120000;w01018-Rtd=20,w01018-Flag={flag}")
    assert math.isnan(values(got)["w01018-Rtd"])
    assert got.fields["CP"][1]["w01018-Rtd"] == "20"
    assert got.deviations == ()


@pytest.mark.parametrize("flag", "NST")
def test_a_normal_a_manual_and_an_overflowing_value_are_kept(flag):
    assert values(read(f"DataTime=20240701120000;w01018-Rtd=20,w01018-Flag={flag}")) == {"w01018-Rtd": 20.0}


def test_a_flag_and_a_command_that_no_table_lists_are_told():
    got = read("DataTime=20240701120000;w01018-Rtd=20,w01018-Flag=q", HEAD.replace("CN=2011", "CN=2072"))
    assert got.deviations == ("unlisted_command", "unlisted_flag")
    assert values(got) == {"w01018-Rtd": 20.0}


def part(number, parameters, total=3, stamp="20240701120000123"):
    head = f"QN={stamp};ST=32;CN=2051;PW=123456;MN=M1;Flag=7;PNUM={total};PNO={number};CP=&&"
    return said(parameters, head)


FIRST, SECOND, THIRD = (
    part(1, "DataTime=20240701110000;w01018-Avg=1"),
    part(2, "w21003-Avg=2"),
    part(3, "w01001-Avg=3"),
)
ELEVEN = beijing_ms(2024, 7, 1, 11)


def test_the_packets_of_a_message_share_the_data_time_of_the_first():
    frames = decode("hj212", FIRST + SECOND + THIRD)
    assert [(only(each.readings).value, only(each.readings).time) for each in frames] == [
        (1.0, ELEVEN),
        (2.0, ELEVEN),
        (3.0, ELEVEN),
    ]
    assert [each.fields["complete"] for each in frames] == [False, False, True]
    assert all(each.reply and not each.deviations for each in frames)


def test_a_packet_that_overtakes_the_first_is_answered_once_its_time_is_known():
    frames = decode("hj212", THIRD + FIRST + SECOND)
    assert [(each.readings == (), each.reply is None) for each in frames] == [
        (True, True),
        (False, False),
        (False, False),
        (False, False),
    ]
    assert frames[0].deviations == ("packet_out_of_order",)
    assert sorted(only(each.readings).value for each in frames[1:]) == [1.0, 2.0, 3.0]
    assert {only(each.readings).time for each in frames[1:]} == {ELEVEN}


@pytest.mark.parametrize("after", [b"", VALID["air_2011_cc01"], said("DataTime=20240701120000;w01018-Rtd=1")])
def test_a_packet_whose_first_never_comes_is_read_at_the_time_of_its_request(after):
    late = [each for each in decode("hj212", SECOND + after) if each.fields.get("PNO") == "2"][-1]
    assert only(late.readings).time == beijing_ms(2024, 7, 1, 12, 0, 0, 123)
    assert late.deviations == ("missing_data_time",)
    assert late.reply


def test_packets_that_never_came_are_told_when_the_stream_is_over():
    decoder = SPEC.decoder()
    decoder.feed(FIRST + THIRD)
    decoder.close()
    told = only(abandoned(decoder))
    assert (told.kind, told.detail) == ("incomplete", "M1 20240701120000123: packets 2 of 3 never came")


@pytest.mark.parametrize("told", ["PNUM=x;PNO=1;", "PNUM=2;PNO=3;", "PNUM=99999;PNO=1;"])
def test_packet_numbers_that_cannot_be_are_told_and_the_packet_is_read(told):
    got = read("DataTime=20240701120000;w01018-Rtd=20", HEAD.replace("Flag=5;", f"Flag=7;{told}"))
    assert got.deviations == ("bad_packet_number",)
    assert values(got) == {"w01018-Rtd": 20.0}


def test_many_packets_that_wait_are_bounded():
    stream = b"".join(part(2, "w21003-Avg=2", stamp=f"2024070112{n // 60:02}{n % 60:02}123") for n in range(500))
    events = decode("hj212", stream)
    assert sum(len(each.readings) for each in events if isinstance(each, Frame)) == 500
    assert {each.kind for each in events if not isinstance(each, Frame)} == {"incomplete"}


REQUESTS = {one.key: one for one in SPEC.commands}
NOON = beijing_ms(2016, 8, 1, 8, 58, 57)
FILLED = {"from": "2016-08-01T00:00", "to": "2016-08-02T00:00", "value": "1", "NewPW": "654321"}


@pytest.mark.parametrize(
    ("key", "values", "parameters"),
    [
        ("1062", {"RtdInterval": "30"}, "RtdInterval=30"),
        ("1000", {"OverTime": "5", "ReCount": "3"}, "OverTime=5;ReCount=3"),
        ("1012", {"PolId": "w01018"}, "PolId=w01018;SystemTime=20160801085857"),
        ("1012", {}, "SystemTime=20160801085857"),
        ("2031", FILLED, "BeginTime=20160801000000;EndTime=20160802000000"),
        ("2041", FILLED, "BeginTime=20160801000000,EndTime=20160802000000"),
        ("3016", {"PolId": "w01018"}, "PolId=w01018;CstartTime=000000;Ctime=2"),
        ("2011", {}, ""),
    ],
)
def test_a_request_is_written_as_the_standard_prints_it(key, values, parameters):
    last = frame("hj212", VALID["official_annexA_1062"])
    raw = ask(REQUESTS[key], last, 223, NOON, values)
    front = f"QN=20160801085857223;ST=32;CN={key};PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
    assert raw == wrap(f"{front}CP=&&{parameters}&&".encode())


def test_the_official_example_of_a_request_is_written_byte_for_byte():
    raw = VALID["official_annexA_1062"]
    assert ask(REQUESTS["1062"], frame("hj212", raw), 223, NOON, {"RtdInterval": "30"}) == raw.rstrip() + b"\r\n"


@pytest.mark.parametrize("command", SPEC.commands, ids=lambda one: one.key)
def test_each_request_is_obeyed_by_the_simulated_logger(command):
    last = frame("hj212", SPEC.encode("M1", NOON, {"w01018-Rtd": 1.0}))
    logger = SPEC.simulator("M1", {"w01018-Rtd": 1.0})
    raw = ask(command, last, 7, NOON, FILLED)
    answers = [command.answer(raw, each) for each in decode("hj212", logger.feed(raw, NOON))]
    told = [answer for answer in answers if answer]
    assert told[-1].final
    assert all(answer.ok for answer in told)


@pytest.mark.parametrize(("key", "hours"), [("2051", 1 / 6), ("2061", 1), ("2031", 24)])
def test_a_time_that_is_asked_for_comes_back_step_by_step_as_what_was_asked_for(key, hours):
    last = frame("hj212", SPEC.encode("M1", NOON, {"w01018-Rtd": 20.5}))
    command = next(one for one in SPEC.commands if one.key == key)
    raw = ask(command, last, 7, NOON, FILLED)
    found = [one for one in decode("hj212", SPEC.simulator("M1", {"w01018-Rtd": 20.5}).feed(raw, NOON)) if one.readings]
    assert {(one.function, one.fields["QN"]) for one in found} == {(key, frame("hj212", raw).fields["QN"])}
    times = [one.readings[0].time for one in found]
    assert {later - earlier for earlier, later in pairwise(times)} <= {hours * 3_600_000}
    assert values(found[0]) == {"w01018-Min": 20.5, "w01018-Avg": 20.5, "w01018-Max": 20.5}


@pytest.mark.parametrize("key", ["2021", "2041", "3015", "3017", "3018", "3019", "3020"])
def test_what_is_asked_of_a_logger_besides_measurements_is_told_in_words(key):
    last = frame("hj212", SPEC.encode("M1", NOON, {"w01018-Rtd": 20.5}))
    command = next(one for one in SPEC.commands if one.key == key)
    raw = ask(command, last, 7, NOON, FILLED)
    told = [one for one in decode("hj212", SPEC.simulator("M1", {}).feed(raw, NOON)) if one.function == key]
    answer = command.answer(raw, only(told))
    assert answer.ok
    assert answer.said != "收到 0 个读数"


def test_every_command_of_the_standard_is_named_asked_for_or_answered():
    asked = {command.key for command in SPEC.commands}
    assert COMMANDS.keys() - asked == {"1013", "2081", "9011", "9012", "9013", "9014"}
    assert all(
        read("", HEAD.replace("CN=2011", f"CN={code}")).fields["command"] == name for code, name in COMMANDS.items()
    )


def test_a_wrong_password_is_refused_in_words():
    last = frame("hj212", SPEC.encode("M1", NOON, {}))
    logger = SPEC.simulator("M1", {}, password="999999")
    raw = ask(REQUESTS["1011"], last, 7, NOON, {})
    answer = REQUESTS["1011"].answer(raw, frame("hj212", logger.feed(raw, NOON)))
    assert (answer.ok, answer.final, answer.said) == (False, True, "密码错误")


def test_a_device_of_2005_is_asked_without_the_version_of_2017():
    last = frame("hj212", VALID["water_2011_v2005_4980"])
    assert b"Flag=1;" in ask(REQUESTS["2011"], last, 7, NOON, {})


@pytest.mark.parametrize(
    ("key", "values", "wrong"),
    [("1062", {"RtdInterval": "0"}, "RtdInterval"), ("1062", {"RtdInterval": "x"}, "RtdInterval"),
     ("3011", {"PolId": "a;CN=1072"}, "PolId"), ("3011", {"PolId": "&&"}, "PolId"), ("1072", {"NewPW": ""}, "NewPW"),
     ("2031", {"from": "2016-08-02T00:00", "to": "2016-08-01T00:00"}, "to"), ("3016", {"CstartTime": "8"}, "CstartTime")],
)  # fmt: skip
def test_a_parameter_that_would_break_the_request_is_refused_by_name(key, values, wrong):
    with pytest.raises(ParameterError) as caught:
        ask(REQUESTS[key], frame("hj212", VALID["official_annexA_1062"]), 1, NOON, values)
    assert caught.value.key == wrong
