"""Photos from the field, checked by what they contain, with what the camera wrote in them."""

import hashlib
import io
import warnings
from datetime import datetime
from typing import Any

from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from PIL import ExifTags, Image

SIZE_LIMIT = 15 * 1024 * 1024
PIXEL_LIMIT = 100_000_000
TYPES = {"JPEG": ("image/jpeg", ".jpg"), "PNG": ("image/png", ".png"), "WEBP": ("image/webp", ".webp")}


def photo_suffix(content_type: str) -> str:
    return next(suffix for kind, suffix in TYPES.values() if kind == content_type)


def photo_examine(content: bytes) -> dict[str, Any]:
    """Format, size and EXIF of a picture that opens as what it says; raises `ValidationError`."""
    if len(content) > SIZE_LIMIT:
        raise ValidationError(gettext("照片不能超过15 MB。"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return _read(content)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValidationError(gettext("文件不是可用的照片（JPEG、PNG 或 WebP）。")) from error


def _read(content: bytes) -> dict[str, Any]:
    with Image.open(io.BytesIO(content), formats=list(TYPES)) as image:
        width, height = image.size
        if width * height > PIXEL_LIMIT:
            raise ValueError("too many pixels")
        image.load()
        block, exif = image.info.get("exif", b""), image.getexif()
        return {
            "content_type": TYPES[str(image.format)][0],
            "width": width,
            "height": height,
            "exif_sha256": hashlib.sha256(block).hexdigest() if block else "",
            "taken_at": _taken_at(exif),
            "position": _position(exif),
        }


def _taken_at(exif: Image.Exif) -> datetime | None:
    """The camera's own clock, taken as local time."""
    text = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
    try:
        return timezone.make_aware(datetime.strptime(str(text), "%Y:%m:%d %H:%M:%S")) if text else None
    except ValueError:
        return None


def _position(exif: Image.Exif) -> Point | None:
    """Longitude and latitude of the camera (WGS 84), None where absent or impossible."""
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        latitude = _degrees(gps[2]) * (-1 if gps.get(1) == "S" else 1)
        longitude = _degrees(gps[4]) * (-1 if gps.get(3) == "W" else 1)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    inside = abs(latitude) <= 90 and abs(longitude) <= 180
    return Point(longitude, latitude, srid=4490) if inside else None


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
