"""The closed vocabularies of the kernel. Their numbers are stored: none is ever given a new meaning."""

from enum import IntEnum


class Ledger(IntEnum):
    """The one state in which a reading ends.

    The kernel gives all of them but SUPPRESSED, which is given by whoever knows the cause tree and the
    maintenance windows, to a reading that the kernel called ALARM.
    """

    NORMAL = 0
    ALARM = 1
    SUPPRESSED = 2
    LATE = 3
    DUPLICATE = 4
    OUT_OF_RANGE = 5
    NOT_A_NUMBER = 6
    UNKNOWN_DEVICE = 7
    FUTURE = 8


class Level(IntEnum):
    """The four warning colours of 突发事件应对法 in rising order, and none."""

    NONE = 0
    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4


class Kind(IntEnum):
    """What a transition is about. The last three are for alarms that others find: the kernel itself judges the
    series that they derive by LEVEL.
    """

    LEVEL = 0
    RATE = 1
    NO_DATA = 2
    ACCUMULATION = 3
    FLAT = 4
    FORECAST = 5
    DRIFT = 6
    DIFFERENCE = 7
