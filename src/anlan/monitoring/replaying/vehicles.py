"""Vehicles that drive round their blocks for ten minutes and are back where they began, and meters that count."""

import math

ROUND = 620.0
"""Seconds of one round."""
STRETCH = (0.0115, 0.0080)
"""Half the length and half the width of a block, degrees."""
DEGREE = 111_195.0
"""Metres in a degree of latitude."""
TANKERS = ((114.345, 22.690), (114.362, 22.702), (114.330, 22.678), (114.372, 22.686))
RESCUERS = ((114.352, 22.712), (114.338, 22.668))
SOS = (200.0, 330.0)
"""Seconds between which the first tanker's driver holds the alarm button."""


def tanker(place: int, second: float) -> dict[str, float]:
    return _round(TANKERS[place % len(TANKERS)], second, place) | {
        "alarm:sos": float(place == 0 and SOS[0] < second < SOS[1])
    }


def rescue_car(place: int, second: float) -> dict[str, float]:
    return _round(RESCUERS[place % len(RESCUERS)], second, place + 7)


def meter(place: int, second: float) -> dict[str, float]:
    return {"volume": round(52_310.0 + 917 * place + second / 100, 2), "settled": 51_900.0 + 917 * place}


def _round(middle: tuple[float, float], second: float, place: int) -> dict[str, float]:
    """Somewhere on the streets round a block; every second vehicle drives the other way, each at its own pace."""
    way = 1 if place % 2 == 0 else -1
    turn = second / ROUND + place / 7
    lon, lat, metres, heading = _street(middle, way * turn)
    return {
        "lon": round(lon, 6),
        "lat": round(lat, 6),
        "speed": round(metres / ROUND * 3.6 + 2 * math.sin(second / 40 + place), 1),
        "direction": float(heading if way > 0 else (heading + 180) % 360),
        "altitude": 42.0,
        "mileage": round(18_204.0 + 311 * place + second * metres / ROUND / 1000, 1),
    }


def _street(middle: tuple[float, float], turn: float) -> tuple[float, float, float, int]:
    """Longitude, latitude, the round's length in metres, and the heading there in degrees."""
    east, north = STRETCH[0] * DEGREE * math.cos(math.radians(middle[1])), STRETCH[1] * DEGREE
    left = turn % 1 * 4 * (east + north)
    sides = ((2 * east, 90, -1, -1), (2 * north, 0, 1, -1), (2 * east, 270, 1, 1), (2 * north, 180, -1, 1))
    before = [sum(side[0] for side in sides[:place]) for place in range(len(sides))]
    place = max(place for place in range(len(sides)) if before[place] <= left)
    _length, heading, x, y = sides[place]
    x_east = x * east + (left - before[place]) * round(math.sin(math.radians(heading)))
    y_north = y * north + (left - before[place]) * round(math.cos(math.radians(heading)))
    lon = middle[0] + x_east / DEGREE / math.cos(math.radians(middle[1]))
    return lon, middle[1] + y_north / DEGREE, 4 * (east + north), heading
