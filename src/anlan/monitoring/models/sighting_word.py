"""What GB/T 28181 and ONVIF call the things that cameras report, and which kind of sighting each is to us."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.kit.entities import entity
from anlan.kit.models import LawRule
from anlan.kit.rows import RowManager
from anlan.monitoring.models.sighting import SightingKind


@entity(
    columns=("protocol", "code", "title", "kind", "verified", "source", "active"),
    search=("code", "title"),
    filters=("protocol", "kind", "verified", "active"),
    key=("protocol", "code"),
    example={
        "protocol": "onvif", "code": "RuleEngine/LineDetector", "title": "越线", "kind": "intrusion",
        "source": "ONVIF Analytics Service Specification", "verified": "repo",
    },
)  # fmt: skip
class SightingWord(models.Model):
    """One row. Of GB/T 28181 `code` is `<AlarmMethod>/<AlarmType>/<EventType>`, of ONVIF a topic without prefixes.

    The longest beginning that is here decides: `5/6` also holds for `5/6/1`. Which
    kind it is to us is our own proposal; `verified` tells whether the word itself was found in its source.
    """

    class Protocol(models.TextChoices):
        GB28181 = "gb28181", "GB/T 28181"
        ONVIF = "onvif", "ONVIF"

    protocol = models.CharField(_("协议"), max_length=10, choices=Protocol.choices)
    code = models.CharField(_("代码或主题"), max_length=120)
    title = models.CharField(_("名称"), max_length=60)
    kind = models.ForeignKey(
        SightingKind, on_delete=models.PROTECT, related_name="words", verbose_name=_("视频事件类型")
    )
    source = models.CharField(_("来源"), max_length=300)
    verified = models.CharField(
        _("核实情况"), max_length=10, choices=LawRule.Verified.choices, default=LawRule.Verified.OWN
    )
    active = models.BooleanField(_("启用"), default=True)

    objects = RowManager()

    class Meta:
        verbose_name = verbose_name_plural = _("视频事件对应")
        ordering = ["protocol", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "code"],
                name="sighting_word_once",
                violation_error_message=_("该代码或主题已有对应。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"
