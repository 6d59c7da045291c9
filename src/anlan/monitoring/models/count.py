"""What the ledger counts: frames as they arrive, and the one state in which each of their readings ends."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.models.whole import WholeManager
from anlan.rules.states import Ledger

LEDGER_TITLES = {
    Ledger.NORMAL: _("正常"),
    Ledger.ALARM: _("报警"),
    Ledger.SUPPRESSED: _("抑制"),
    Ledger.LATE: _("迟到"),
    Ledger.DUPLICATE: _("重复"),
    Ledger.OUT_OF_RANGE: _("超量程"),
    Ledger.NOT_A_NUMBER: _("无效值"),
    Ledger.UNKNOWN_DEVICE: _("未登记设备"),
    Ledger.FUTURE: _("超前时间"),
}


class LedgerCount(models.Model):
    """How many readings of a source ended in a state within an hour of arrival."""

    hour = models.DateTimeField(_("小时"))
    source = models.CharField(_("来源"), max_length=20)
    state = models.PositiveSmallIntegerField(_("状态"), choices=[(s.value, t) for s, t in LEDGER_TITLES.items()])
    count = models.BigIntegerField(_("数量"), default=0)

    objects = WholeManager()

    class Meta:
        verbose_name = verbose_name_plural = _("读数台账")
        ordering = ["-hour", "source", "state"]
        constraints = [models.UniqueConstraint(fields=["hour", "source", "state"], name="ledger_count_once")]


class FrameCount(models.Model):
    """How many frames of a source were good ("ok") or failed (the error's kind), with the readings they carried.

    `readings` is counted from the frames before anything is judged: it is what the ledger must add up to.
    """

    GOOD = "ok"

    hour = models.DateTimeField(_("小时"))
    source = models.CharField(_("来源"), max_length=20)
    kind = models.CharField(_("结果"), max_length=20)
    frames = models.BigIntegerField(_("报文数"), default=0)
    readings = models.BigIntegerField(_("读数数"), default=0)

    objects = WholeManager()

    class Meta:
        verbose_name = verbose_name_plural = _("报文计数")
        ordering = ["-hour", "source", "kind"]
        constraints = [models.UniqueConstraint(fields=["hour", "source", "kind"], name="frame_count_once")]
