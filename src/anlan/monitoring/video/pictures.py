"""Pictures of sightings: really pictures, written anew without what was hidden in them, kept by day and hash.

`var/media/sightings/<year>/<month>/<day>/<sha256>.<jpg|png>`; reached only through a view that asks who wants it.
"""

import hashlib
import io
import os
import secrets
import warnings
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from PIL import Image

LARGEST = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000
SUFFIX = {"JPEG": "jpg", "PNG": "png"}
TYPES = {"jpg": "image/jpeg", "png": "image/png"}


class BadPicture(ValueError):
    """The bytes are no picture that can be kept; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """`sha256` is that of the kept bytes."""

    content: bytes
    suffix: str
    sha256: str


def picture_read(data: bytes) -> Picture:
    """Decodes and writes anew, so that no metadata and nothing appended survives. Raises `BadPicture`."""
    if len(data) > LARGEST:
        raise BadPicture(f"over {LARGEST} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return _anew(data)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadPicture(f"no JPEG or PNG: {error}"[:200]) from error


def _anew(data: bytes) -> Picture:
    with Image.open(io.BytesIO(data), formats=list(SUFFIX)) as image:
        if image.width * image.height > MOST_PIXELS:
            raise BadPicture("too many pixels")
        image.load()
        form = str(image.format)
        plain = image.convert("RGB")
        clean = Image.frombytes("RGB", plain.size, plain.tobytes())
    out = io.BytesIO()
    clean.save(out, form, **({"quality": 92} if form == "JPEG" else {}))
    content = out.getvalue()
    return Picture(content=content, suffix=SUFFIX[form], sha256=hashlib.sha256(content).hexdigest())


def picture_path(sha256: str, suffix: str, arrived: datetime) -> Path:
    day = timezone.localtime(arrived)
    return Path(settings.MEDIA_ROOT) / "sightings" / f"{day:%Y/%m/%d}" / f"{sha256}.{suffix}"


def picture_keep(picture: Picture, arrived: datetime) -> None:
    """Writes the bytes once; a half-written file never has the final name."""
    path = picture_path(picture.sha256, picture.suffix, arrived)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{secrets.token_hex(8)}")
    with fresh.open("wb") as file:
        file.write(picture.content)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
