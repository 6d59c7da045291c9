"""The `anlan` command: each subcommand explains itself, and what goes wrong is one sentence and a code."""

import io
import json

import pytest

from anlan.protocols import protocols
from anlan.site.cli import _modules, main
from anlan.site.supervisor import PortTaken, check_port


@pytest.mark.parametrize("name", sorted(_modules()))
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name.replace("_", "-"), "--help"])
    assert ended.value.code == 0
    assert "example: anlan" in capsys.readouterr().out or "| anlan decode" in (_modules()[name].__doc__ or "")


def test_a_word_that_is_no_command_ends_with_code_2() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["dance"])
    assert ended.value.code == 2


def decoded(words: list[str], told: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(told)))
    return main(["decode", *words])


def test_decode_prints_one_object_a_frame_and_tells_a_bad_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = b"7E7E01001234567812342F0008020003591011155111036BCA"
    assert decoded(["sl651", "--hex"], good + b"\n", monkeypatch) == 0
    assert decoded(["sl651", "--hex"], good[:-1] + b"B\nzz\n", monkeypatch) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["ok"] for row in rows] == [True, False, False]
    assert (rows[0]["device"], rows[1]["error"], rows[2]["error"]) == ("0012345678", "checksum", "hex")


def test_the_help_of_decode_names_every_protocol(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["decode", "--help"])
    said = capsys.readouterr().out
    assert [name for name in protocols() if name not in said] == []


def test_decode_of_a_protocol_that_does_not_exist_names_those_that_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert decoded(["morse"], b"", monkeypatch) == 2
    assert "sl651" in capsys.readouterr().err


def test_a_port_in_use_is_named_before_anything_starts() -> None:
    import socket

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        with pytest.raises(PortTaken, match=str(holder.getsockname()[1])):
            check_port("127.0.0.1", holder.getsockname()[1])
