"""The closed loops of video: a sighting that a person confirms or rejects, a picture that is asked for and shown."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from anlan.kit.flow import Flow


class SightingState(TextChoices):
    NEW = "new", _("待核实")
    CONFIRMED = "confirmed", _("属实")
    REJECTED = "rejected", _("不属实")


class SightingStep(TextChoices):
    CONFIRM = "confirm", _("确认属实")
    REJECT = "reject", _("判为不实")
    REOPEN = "reopen", _("撤回不实")


SIGHTING: Flow[SightingState, SightingStep] = Flow(
    {
        (SightingState.NEW, SightingStep.CONFIRM): SightingState.CONFIRMED,
        (SightingState.NEW, SightingStep.REJECT): SightingState.REJECTED,
        (SightingState.REJECTED, SightingStep.REOPEN): SightingState.NEW,
    }
)
"""What was confirmed has become somebody's work and is ended there, not here."""


class PlayState(TextChoices):
    ASKED = "asked", _("正在请求")
    INVITED = "invited", _("正在接通")
    PLAYING = "playing", _("播放中")
    ENDING = "ending", _("正在关闭")
    ENDED = "ended", _("已关闭")
    FAILED = "failed", _("未能播放")


class PlayStep(TextChoices):
    INVITE = "invite", _("发出邀请")
    ACCEPT = "accept", _("接通")
    FAIL = "fail", _("失败")
    LEAVE = "leave", _("停止观看")
    CLOSE = "close", _("关闭完成")


PLAY: Flow[PlayState, PlayStep] = Flow(
    {
        (PlayState.ASKED, PlayStep.INVITE): PlayState.INVITED,
        (PlayState.ASKED, PlayStep.ACCEPT): PlayState.PLAYING,
        (PlayState.ASKED, PlayStep.FAIL): PlayState.FAILED,
        (PlayState.ASKED, PlayStep.LEAVE): PlayState.ENDED,
        (PlayState.INVITED, PlayStep.ACCEPT): PlayState.PLAYING,
        (PlayState.INVITED, PlayStep.FAIL): PlayState.FAILED,
        (PlayState.INVITED, PlayStep.LEAVE): PlayState.ENDING,
        (PlayState.PLAYING, PlayStep.LEAVE): PlayState.ENDING,
        (PlayState.PLAYING, PlayStep.FAIL): PlayState.FAILED,
        (PlayState.ENDING, PlayStep.CLOSE): PlayState.ENDED,
        (PlayState.ENDING, PlayStep.ACCEPT): PlayState.ENDING,
        (PlayState.ENDING, PlayStep.FAIL): PlayState.ENDED,
    }
)
