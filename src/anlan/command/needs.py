"""What an event of each type calls for: the teams' disciplines, the goods, and whether people may need shelter."""

from dataclasses import dataclass

from anlan.command.kinds import EventType
from anlan.registry.models import Discipline as D
from anlan.registry.models import Stock

C = Stock.Category


@dataclass(frozen=True, kw_only=True)
class Needs:
    """Empty `disciplines` or `goods`: any will do."""

    disciplines: tuple[str, ...] = ()
    goods: tuple[str, ...] = ()
    shelter: bool = False


NEEDS: dict[str, Needs] = {
    EventType.FIRE: Needs(
        disciplines=(D.FIRE, D.COMPREHENSIVE, D.MEDICAL), goods=(C.FIRE, C.RESCUE, C.POWER), shelter=True
    ),
    EventType.GAS_LEAK: Needs(
        disciplines=(D.GAS, D.FIRE, D.COMPREHENSIVE), goods=(C.RESCUE, C.FIRE, C.HAZCHEM), shelter=True
    ),
    EventType.HAZCHEM_LEAK: Needs(
        disciplines=(D.HAZCHEM, D.FIRE, D.MEDICAL), goods=(C.HAZCHEM, C.MEDICAL, C.FIRE), shelter=True
    ),
    EventType.WATERLOGGING: Needs(
        disciplines=(D.FLOOD, D.WATER, D.COMPREHENSIVE, D.POWER), goods=(C.FLOOD, C.POWER, C.LIVING), shelter=True
    ),
    EventType.FOREST_FIRE: Needs(
        disciplines=(D.FOREST_FIRE, D.FIRE, D.AIR, D.MOUNTAIN), goods=(C.FIRE, C.RESCUE, C.POWER), shelter=True
    ),
    EventType.COLLAPSE: Needs(
        disciplines=(D.ENGINEERING, D.COMPREHENSIVE, D.MEDICAL, D.GAS), goods=(C.RESCUE, C.POWER), shelter=True
    ),
    EventType.BRIDGE: Needs(disciplines=(D.ENGINEERING, D.COMPREHENSIVE), goods=(C.RESCUE, C.POWER)),
    EventType.WATER_POLLUTION: Needs(disciplines=(D.HAZCHEM, D.WATER), goods=(C.HAZCHEM,)),
    EventType.TRAFFIC: Needs(disciplines=(D.COMPREHENSIVE, D.FIRE, D.MEDICAL), goods=(C.RESCUE, C.MEDICAL)),
    EventType.OTHER: Needs(),
}
