"""A hazard's photos: examined before anything is written, kept byte for byte, each once."""

import hashlib
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from anlan.accounts.acts import Act, moment
from anlan.kit.photos import photo_examine, photo_suffix
from anlan.kit.vault import vault_store
from anlan.supervision.models import Hazard, HazardPhoto

FOLDER = "hazards"
MOST = 9


def photos_add(row: Hazard, contents: Sequence[bytes], stage: str, act: Act) -> list[HazardPhoto]:
    """Raises `ValidationError` for what is no photo, and for one that already shows this hazard."""
    if len(contents) > MOST:
        raise ValidationError(gettext("一次最多上传%(most)d张照片。") % {"most": MOST})
    examined = {hashlib.sha256(content).hexdigest(): (content, photo_examine(content)) for content in contents}
    if row.photos.filter(sha256__in=examined).exists():
        raise ValidationError(gettext("这张照片已用于本隐患，请另拍一张。"))
    made = []
    for sha256, (content, known) in examined.items():
        vault_store(FOLDER, content, photo_suffix(known["content_type"]))
        photo = HazardPhoto(hazard=row, stage=stage, turn=row.returns, sha256=sha256, size=len(content), **known)
        photo.uploaded_at, photo.uploaded_by = moment(act), act["by"]
        made.append(photo)
    return HazardPhoto.objects.bulk_create(made)
