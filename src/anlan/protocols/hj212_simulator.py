"""A data logger of HJ 212 that obeys its platform, for tests and rehearsals."""

from collections.abc import Iterator, Mapping

from anlan.protocols.hj212_data import read_groups
from anlan.protocols.hj212_write import upload, wrap
from anlan.vocab import clock

_MOST = 10_000
_SETTINGS = {"1062": "1061", "1064": "1063"}
_NOTICES = frozenset(("2012", "2022"))
_STEPS = {"2051": 600_000, "2061": 3_600_000, "2031": 86_400_000}
_TIME, _MOST_TIMES = "YYYYMMDDHHmmSS", 23
_TOLD = {
    "2021": "DataTime={now};SB1-RS=1",
    "2041": "DataTime={now};SB1-RT=23.5",
    "3015": "DataTime={now};VaseNo=1",
    "3017": "PolId={PolId};CstartTime=000000;Ctime=2",
    "3018": "PolId={PolId};Stime=40",
    "3019": "{PolId}-SN=ANLAN-SIM-1",
    "3020": "DataTime={now};{InfoId}-Info=1",
}
"""What it answers to requests that ask for no measurement."""


def _measured(key: str, value: float) -> str:
    """A factor over some time, which has not changed in it."""
    code = key.partition("-")[0]
    return f"{code}-Min={value:g},{code}-Avg={value:g},{code}-Max={value:g},{code}-Flag=N"


class Logger:
    """`values` are what it measures now; its clock is `offset` ms off until it is set."""

    def __init__(self, device: str, values: Mapping[str, float], *, offset: int = 0, password: str = "123456") -> None:
        self.device, self.values, self.offset, self.password = device, dict(values), offset, password
        self.settings = {"1061": "RtdInterval=30", "1063": "MinInterval=10"}
        self._rest = b""

    def feed(self, data: bytes, now: int) -> bytes:
        *frames, rest = (self._rest + data).split(b"\r\n")
        self._rest = rest[-_MOST:]
        return b"".join(self._obey(frame, now) for frame in frames if frame.startswith(b"##"))

    def _obey(self, frame: bytes, now: int) -> bytes:
        front, _, rest = frame[6:-4].decode("ascii", "replace").partition("CP=&&")
        head = dict(pair.split("=", 1) for pair in front.split(";") if "=" in pair)
        code = head.get("CN", "")
        if head.get("MN") != self.device or code.startswith("9"):
            return b""
        if head.get("PW") != self.password:
            return self._say(head, "9011", "QnRtn=3")
        if code in _NOTICES:
            return self._say(head, "9013", "")
        said = {key: value for group in read_groups(rest.removesuffix("&&"), []) for key, value in group.items()}
        done = self._say(head, "9011", "QnRtn=1") + self._execute(head, code, said, now)
        return done + self._say(head, "9012", "ExeRtn=1")

    def _execute(self, head: Mapping[str, str], code: str, said: Mapping[str, str], now: int) -> bytes:
        if code == "1012":
            self.offset = 0
        elif code in _SETTINGS:
            self.settings[_SETTINGS[code]] = "".join(f"{key}={value}" for key, value in said.items())
        elif code == "1072":
            self.password = said.get("NewPW", self.password)
        elif code == "1011":
            return self._say(head, code, f"SystemTime={clock.write(now + self.offset, 'YYYYMMDDHHmmSS')}")
        elif code in self.settings:
            return self._say(head, code, self.settings[code])
        elif code == "2011":
            return upload(self.device, now + self.offset, self.values)
        elif code in _STEPS:
            return b"".join(self._say(head, code, one) for one in self._history(_STEPS[code], said, now))
        elif code in _TOLD:
            return self._say(
                head, code, _TOLD[code].format(**{"PolId": "", "InfoId": ""} | dict(said), now=self._words(now))
            )
        return b""

    def _history(self, step: int, said: Mapping[str, str], now: int) -> Iterator[str]:
        """Data of each minute, hour or day of a time that has passed, at most as many as a day has hours."""
        start, end = (clock.parse(said.get(key, self._words(now)), _TIME) for key in ("BeginTime", "EndTime"))
        for time in range(start, min(end, start + _MOST_TIMES * step, now) + 1, step):
            yield ";".join(
                [f"DataTime={self._words(time)}", *(_measured(key, value) for key, value in self.values.items())]
            )

    def _words(self, time: int) -> str:
        return clock.write(time, _TIME)

    def _say(self, head: Mapping[str, str], code: str, parameters: str) -> bytes:
        system = "91" if code.startswith("9") else head.get("ST", "32")
        start = f"QN={head.get('QN', '')};ST={system};CN={code};PW={self.password};MN={self.device};Flag=4;"
        return wrap(f"{start}CP=&&{parameters}&&".encode())
