"""Photos from the field: checked by what they contain, kept byte for byte, with what the camera wrote beside them."""

import hashlib
from typing import Unpack

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.accounts.acts import Act, moment, say
from anlan.command.flows import IncidentState, OrderStep
from anlan.command.kinds import EntryKind
from anlan.command.models import Order, Photo
from anlan.command.services.orders import order_locked
from anlan.command.services.steps import entry_add, order_announce
from anlan.kit.flow import IllegalStep
from anlan.kit.photos import photo_examine, photo_suffix
from anlan.kit.vault import vault_store

FOLDER = "photos"


@transaction.atomic
def photo_add(*, order: Order, content: bytes, **act: Unpack[Act]) -> Photo:
    """Adds a photo to an order. The same picture sent again is the picture already there; raises `ValidationError`."""
    known = photo_examine(content)
    row, _state, _stops = order_locked(order, act, OrderStep.PHOTO)
    if row.incident.state == IncidentState.CLOSED:
        raise IllegalStep(gettext("事件已结案，不能再上传照片。"))
    sha256 = hashlib.sha256(content).hexdigest()
    if (same := row.photos.filter(sha256=sha256).first()) is not None:
        return same
    vault_store(FOLDER, content, photo_suffix(known["content_type"]))
    photo = Photo.objects.create(
        order=row, sha256=sha256, size=len(content), uploaded_at=moment(act), uploaded_by=act["by"], **known
    )
    text = say(_("%(team)s上传现场照片，校验值 %(sha)s"), team=row.team, sha=sha256[:16])
    data = {"photo": photo.pk, "sha256": sha256}
    entry_add(kind=EntryKind.ORDER, step=OrderStep.PHOTO, text=text, act=act, order=row, data=data)
    order_announce(row)
    return photo
