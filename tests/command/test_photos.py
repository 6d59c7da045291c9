"""Photos: checked by what they hold, kept byte for byte, the same one once."""

import hashlib
import io

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from PIL import ExifTags, Image

from anlan.command.models import Entry, Order
from anlan.command.services import order_receive, photo_add
from anlan.command.services.photos import FOLDER
from anlan.kit.flow import IllegalStep
from anlan.kit.photos import SIZE_LIMIT
from anlan.kit.vault import vault_path

from .conftest import District

pytestmark = pytest.mark.django_db


@pytest.fixture
def received(town: District, order: Order) -> Order:
    return order_receive(order=order, by=town.leader)


def picture(kind: str = "JPEG", *, exif: bool = False) -> bytes:
    image, out = Image.new("RGB", (64, 48), (180, 60, 20)), io.BytesIO()
    tags = Image.Exif()
    if exif:
        tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:24 03:04:05"
        tags.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (22.0, 41.0, 24.0), 3: "E", 4: (114.0, 21.0, 36.0)})
    image.save(out, kind, exif=tags)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "mime", "end"), [
    ("JPEG", "image/jpeg", ".jpg"), ("PNG", "image/png", ".png"), ("WEBP", "image/webp", ".webp"),
])  # fmt: skip
def test_a_photo_is_kept_byte_for_byte_under_its_hash(
    town: District, received: Order, kind: str, mime: str, end: str
) -> None:
    content = picture(kind)
    photo = photo_add(order=received, content=content, by=town.leader)
    assert (photo.content_type, photo.width, photo.height) == (mime, 64, 48)
    assert vault_path(FOLDER, hashlib.sha256(content).hexdigest(), end).read_bytes() == content


def test_what_the_camera_wrote_is_kept_with_the_hash_of_its_block(town: District, received: Order) -> None:
    photo = photo_add(order=received, content=picture(exif=True), by=town.leader)
    assert photo.taken_at.isoformat() == "2026-11-24T03:04:05+08:00"
    assert photo.position.coords == pytest.approx((114.36, 22.69), abs=1e-9)
    assert len(photo.exif_sha256) == 64


def test_the_same_photo_again_is_the_photo_that_is_there(town: District, received: Order) -> None:
    content = picture()
    first = photo_add(order=received, content=content, by=town.leader)
    assert photo_add(order=received, content=content, by=town.leader) == first
    assert Entry.objects.filter(order=received, step="photo").count() == 1


@pytest.mark.parametrize("content", [
    b"", b"GIF89a", b"<svg onload=alert(1)>", b"\xff\xd8\xff" + b"x" * 200, picture()[:300], b"%PDF-1.7",
])  # fmt: skip
def test_a_file_that_is_no_photo_is_refused(town: District, received: Order, content: bytes) -> None:
    with pytest.raises(ValidationError, match="不是可用的照片"):
        photo_add(order=received, content=content, by=town.leader)


def test_a_photo_over_the_limit_is_refused(town: District, received: Order) -> None:
    with pytest.raises(ValidationError, match="15 MB"):
        photo_add(order=received, content=b"x" * (SIZE_LIMIT + 1), by=town.leader)


def test_a_picture_of_too_many_points_is_refused_unopened(town: District, received: Order) -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 9_000)).save(out, "PNG")
    with pytest.raises(ValidationError, match="不是可用的照片"):
        photo_add(order=received, content=out.getvalue(), by=town.leader)


def test_an_order_that_nobody_received_takes_no_photo(town: District, order: Order) -> None:
    with pytest.raises(IllegalStep, match="待签收"):
        photo_add(order=order, content=picture(), by=town.leader)


def test_another_teams_leader_adds_no_photo(town: District, received: Order) -> None:
    with pytest.raises(PermissionDenied):
        photo_add(order=received, content=picture(), by=town.other_leader)
