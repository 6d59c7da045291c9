"""A rules file (JSON): a default and overrides by series, as rules of the kernel. See docs/rules-file.md."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any, TypeVar

from anlan.rules.declaration import Rule
from anlan.rules.parts import Band, RuleError, Threshold, Window
from anlan.rules.rulewords import (
    COLOURS,
    Object,
    RulesFileError,
    an_object,
    count,
    duration,
    known,
    level,
    needed,
    number,
    pair,
    two,
)
from anlan.rules.schedule import HOLIDAY, WEEKEND, WORKDAY, Calendar, Schedule, Season, Span
from anlan.rules.workdays import dated, read_calendar

T = TypeVar("T")

DIRECTIONS = {"high": "above", "low": "below", "inside": "inside", "outside": "outside"}
COUNTS = ("samples", "within", "clear_samples")
TIMES = ("duration", "clear_duration")
KINDS_OF_DAY = {"workday": WORKDAY, "weekend": WEEKEND, "holiday": HOLIDAY}


@dataclass(frozen=True, kw_only=True)
class RulesFile:
    """`faces` are the names of all directions that any rule of the file has. Each series is judged by one rule a
    face, in this order; what is not about thresholds stands in the first.
    """

    faces: tuple[str, ...]
    default: tuple[Rule, ...]
    series: Mapping[str, tuple[Rule, ...]]

    def of(self, name: str) -> tuple[Rule, ...]:
        """The rules of a series: the default with what is said of it by name laid over."""
        return self.series.get(name, self.default)

    def has(self, field: str) -> bool:
        """Whether any rule of the file uses this."""
        return any(getattr(rules[0], field) for rules in (self.default, *self.series.values()))


def read_rules(text: str | bytes) -> RulesFile:
    """Raises RulesFileError."""
    told = dict(_json(text))
    calendar = read_calendar(told.pop("calendar", {}))
    default, series = _parts(told)
    merged = {name: _merged(default, own) for name, own in series.items()}
    all_of_them = [default, *merged.values()]
    faces = tuple(face for face in DIRECTIONS if any(one.get(face) is not None for one in all_of_them)) or ("high",)
    return RulesFile(
        faces=faces,
        default=_rules(default, faces, calendar, "default"),
        series={name: _rules(one, faces, calendar, f"series.{name}") for name, one in merged.items()},
    )


def _json(text: str | bytes) -> Object:
    try:
        text = text if isinstance(text, str) else text.decode("utf-8-sig")
        return an_object(json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once), "")
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RulesFileError("", f"not JSON: {error}") from None


def _no_constant(word: str) -> None:
    raise RulesFileError("", f"{word} is no number; leave an end of a range open with null")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise RulesFileError("", f"a key stands twice: {next(n for n in names if names.count(n) > 1)}")
    return found


def _parts(told: Object) -> tuple[Object, dict[str, Object]]:
    """The default, which may also be the bare object itself, and the overrides."""
    bare = {key: one for key, one in told.items() if key not in ("default", "series")}
    if "default" in told and bare:
        raise RulesFileError(next(iter(bare)), "beside default there is only series")
    default = an_object(told.get("default", bare), "default")
    series = an_object(told.get("series", {}), "series")
    return default, {name: an_object(one, f"series.{name}") for name, one in series.items()}


def _merged(default: Any, own: Any) -> Any:
    """`own` laid over `default` key by key; null takes the key away, all but objects is replaced as a whole."""
    if not (isinstance(default, Mapping) and isinstance(own, Mapping)):
        return own
    return {
        key: _merged(default.get(key), own[key]) if key in own else default[key]
        for key in (*default, *(key for key in own if key not in default))
    }


def _rules(told: Object, faces: tuple[str, ...], calendar: Calendar, where: str) -> tuple[Rule, ...]:
    known(told, ("range", "rate", "accumulation", "flat", "no_data", "schedule", *DIRECTIONS), where)
    given = {key: one for key, one in told.items() if one is not None}
    common = _built(lambda: dated(Rule(**_range(given, where), **_schedule(given, where)), calendar), where)
    others = [part(given, where) for part in (_rate, _accumulation, _flat, _no_data)]
    first = _built(lambda: replace(common, **{key: one for other in others for key, one in other.items()}), where)
    return tuple(_face(common if k else first, given, face, f"{where}.{face}") for k, face in enumerate(faces))


def _face(rule: Rule, given: Object, face: str, where: str) -> Rule:
    return _built(lambda: replace(rule, **_levels(given[face], face, where)), where) if face in given else rule


def _built(make: Callable[[], T], where: str) -> T:
    try:
        return make()
    except RuleError as error:
        raise RulesFileError(where, str(error)) from None


def _range(told: Object, where: str) -> dict[str, Any]:
    if "range" not in told:
        return {}
    ends = told["range"]
    if not isinstance(ends, list) or len(ends) != 2:
        raise RulesFileError(f"{where}.range", "is [low, high], an open end is null")
    low, high = (None if end is None else number(end, f"{where}.range") for end in ends)
    return {"low": -inf if low is None else low, "high": inf if high is None else high}


def _levels(told: Any, face: str, where: str) -> dict[str, Any]:
    told = an_object(told, where)
    counts = {name: count(told[name], f"{where}.{name}") for name in COUNTS if told.get(name) is not None}
    times = {name: duration(told[name], f"{where}.{name}") for name in TIMES if told.get(name) is not None}
    limits = {key: one for key, one in told.items() if key not in (*COUNTS, *TIMES)}
    return {"direction": DIRECTIONS[face], **counts, **times, **_limits(limits, face in ("inside", "outside"), where)}


def _limits(told: Object, banded: bool, where: str) -> dict[str, Threshold | Band]:
    """Either one limit with its level, red where none is named, or one a colour."""
    if "raise" in told or not told.keys() & COLOURS.keys():
        known(told, ("raise", "clear", "level"), where)
        return {level(told, "red", where).name.lower(): _limit(told, banded, where)}
    known(told, tuple(COLOURS), where)
    found = {}
    for colour, one in told.items():
        if one is not None:
            known(an_object(one, f"{where}.{colour}"), ("raise", "clear"), f"{where}.{colour}")
            found[colour] = _limit(one, banded, f"{where}.{colour}")
    return found


def _limit(told: Object, banded: bool, where: str) -> Threshold | Band:
    """Where no clearing value is given it is the raising one."""
    up = needed(told, "raise", where)
    down = up if told.get("clear") is None else told["clear"]
    if not banded:
        return Threshold(raise_at=number(up, f"{where}.raise"), clear_at=number(down, f"{where}.clear"))
    (a, b), (c, d) = pair(up, f"{where}.raise"), pair(down, f"{where}.clear")
    return Band(raise_low=a, raise_high=b, clear_low=c, clear_high=d)


def _rate(told: Object, where: str) -> dict[str, Any]:
    if "rate" not in told:
        return {}
    where, rate = f"{where}.rate", an_object(told["rate"], f"{where}.rate")
    known(rate, ("limit", "per", "level"), where)
    limit = number(needed(rate, "limit", where), f"{where}.limit")
    per = 0 if rate.get("per") is None else duration(rate["per"], f"{where}.per")
    return {"rate_limit": limit, "rate_per": per, "rate_level": level(rate, "yellow", where)}


def _accumulation(told: Object, where: str) -> dict[str, Any]:
    if "accumulation" not in told:
        return {}
    where, one = f"{where}.accumulation", an_object(told["accumulation"], f"{where}.accumulation")
    known(one, ("windows", "counter"), where)
    counter = False if one.get("counter") is None else one["counter"]
    if not isinstance(counter, bool):
        raise RulesFileError(f"{where}.counter", "is true or false")
    windows = []
    for name, limits in an_object(needed(one, "windows", where), f"{where}.windows").items():
        at = f"{where}.windows.{name}"
        if limits is not None:
            levels: Any = _limits(an_object(limits, at), False, at)
            windows.append(Window(length=duration(name, at), **levels))
    return {"windows": tuple(sorted(windows, key=lambda window: window.length)), "counter": counter}


def _flat(told: Object, where: str) -> dict[str, Any]:
    if "flat" not in told:
        return {}
    where, flat = f"{where}.flat", an_object(told["flat"], f"{where}.flat")
    known(flat, ("after", "tolerance", "level"), where)
    tolerance = 0.0 if flat.get("tolerance") is None else number(flat["tolerance"], f"{where}.tolerance")
    after = duration(needed(flat, "after", where), f"{where}.after")
    return {"flat_after": after, "flat_tolerance": tolerance, "flat_level": level(flat, "blue", where)}


def _no_data(told: Object, where: str) -> dict[str, Any]:
    if "no_data" not in told:
        return {}
    where, one = f"{where}.no_data", an_object(told["no_data"], f"{where}.no_data")
    known(one, ("after", "level"), where)
    after = duration(needed(one, "after", where), f"{where}.after")
    return {"no_data_after": after, "no_data_level": level(one, "blue", where)}


def _schedule(told: Object, where: str) -> dict[str, Any]:
    if "schedule" not in told:
        return {}
    where, one = f"{where}.schedule", an_object(told["schedule"], f"{where}.schedule")
    known(one, ("weekly", "season"), where)
    weekly, season = [] if one.get("weekly") is None else one["weekly"], one.get("season")
    if not isinstance(weekly, list):
        raise RulesFileError(f"{where}.weekly", 'is a list of {"days": [1, …], "from": "08:00", "to": "18:00"}')
    spans = tuple(_span(span, f"{where}.weekly.{k}") for k, span in enumerate(weekly))
    return {"schedule": _built(lambda: Schedule(spans=spans, season=_season(season, where)), where)}


def _season(told: Any, where: str) -> Season | None:
    if told is None:
        return None
    if not isinstance(told, list) or len(told) != 2:
        raise RulesFileError(f"{where}.season", 'is ["MM-DD", "MM-DD"]')
    return two(told[0], "-", f"{where}.season"), two(told[1], "-", f"{where}.season")


def _span(told: Any, where: str) -> Span:
    known(an_object(told, where), ("days", "from", "to", "season"), where)
    given = {key: value for key, value in told.items() if value is not None}
    days = given.get("days", list(range(1, 8)))
    if not isinstance(days, list):
        raise RulesFileError(f"{where}.days", f"is a list of 1 (Monday) to 7 (Sunday) or {', '.join(KINDS_OF_DAY)}")
    start, end = two(given.get("from", "00:00"), ":", where), two(given.get("to", "24:00"), ":", where)
    days, season = tuple(_day(day, f"{where}.days") for day in days), _season(given.get("season"), where)
    begin, until = start[0] * 60 + start[1], end[0] * 60 + end[1]
    return _built(lambda: Span(days=days, start=begin, end=until, season=season), where)


def _day(told: Any, where: str) -> int:
    if isinstance(told, str):
        if told not in KINDS_OF_DAY:
            raise RulesFileError(where, f"{told!r:.60} is none of {', '.join(KINDS_OF_DAY)}")
        return KINDS_OF_DAY[told]
    if not 1 <= count(told, where) <= 7:
        raise RulesFileError(where, f"days are 1 (Monday) to 7 (Sunday), not {told}")
    return int(told)
