"""What rescue teams are trained and equipped for."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Discipline(models.TextChoices):
    """What a team is trained and equipped for."""

    COMPREHENSIVE = "comprehensive", _("综合救援")
    FIRE = "fire", _("消防灭火")
    FOREST_FIRE = "forest_fire", _("森林消防")
    WATER = "water", _("水域救援")
    MOUNTAIN = "mountain", _("山地救援")
    AIR = "air", _("空中救援")
    HAZCHEM = "hazchem", _("危化救援")
    GAS = "gas", _("燃气抢险")
    FLOOD = "flood", _("防汛抢险")
    POWER = "power", _("电力抢修")
    MEDICAL = "medical", _("医疗救护")
    ENGINEERING = "engineering", _("工程抢险")
    COMMUNICATION = "communication", _("应急通信")
    VOLUNTEER = "volunteer", _("社会救援")
