"""The thematic database's first rows: enterprises, people, places, facilities, teams, shelters, stock."""

from django.contrib.gis.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from anlan.accounts.checks import check_credit_code, check_identity_number
from anlan.accounts.rows import OwnedRow, PlacedRow
from anlan.kit.entities import entity
from anlan.kit.layers import Layer
from anlan.registry import examples
from anlan.registry.disciplines import Discipline
from anlan.registry.industries import industry_choices


@entity(
    columns=("name", "credit_code", "area", "industry", "employees", "key_supervised", "status"),
    search=("name", "credit_code", "address"),
    filters=("area", "industry", "key_supervised", "hazardous_chemicals", "status"),
    sensitive=("contact_phone",),
    key=("credit_code",),
    example=examples.ENTERPRISE,
    layer=Layer(
        symbol="enterprise",
        colour_by="key_supervised",
        colours={"True": "orange", "False": "neutral"},
        properties=("name", "credit_code", "industry", "employees"),
        order=40,
    ),
)
class Enterprise(PlacedRow):
    """A firm of the district. `industry` is the two-digit division of GB/T 4754-2017."""

    class Status(models.TextChoices):
        OPERATING = "operating", _("在营")
        SUSPENDED = "suspended", _("停业")
        CLOSED = "closed", _("注销")

    credit_code = models.CharField(_("统一社会信用代码"), max_length=18, unique=True, validators=[check_credit_code])
    industry = models.CharField(_("行业大类"), max_length=2, blank=True, choices=industry_choices)
    legal_person = models.CharField(_("法定代表人"), max_length=40, blank=True)
    contact_name = models.CharField(_("安全负责人"), max_length=40, blank=True)
    contact_phone = models.CharField(_("联系电话"), max_length=30, blank=True)
    employees = models.PositiveIntegerField(_("从业人数"), default=0)
    key_supervised = models.BooleanField(_("重点监管"), default=False)
    hazardous_chemicals = models.BooleanField(_("涉危化品"), default=False)
    status = models.CharField(_("经营状态"), max_length=10, choices=Status.choices, default=Status.OPERATING)

    class Meta:
        verbose_name = verbose_name_plural = _("企业")
        ordering = ["id"]


@entity(
    columns=("name", "discipline", "area", "status", "members", "leader_name"),
    search=("name", "leader_name", "address"),
    filters=("area", "discipline", "status"),
    sensitive=("leader_phone",),
    key=("name",),
    example=examples.TEAM,
    layer=Layer(
        symbol="team",
        colour_by="status",
        colours={"standby": "green", "dispatched": "orange", "resting": "neutral"},
        properties=("name", "discipline", "status", "members"),
        shown=True,
        live="team",
        order=60,
    ),
)
class Team(PlacedRow):
    """A rescue team. `members` is its established strength; the people themselves are `Person` rows."""

    class Status(models.TextChoices):
        STANDBY = "standby", _("备勤")
        DISPATCHED = "dispatched", _("出动")
        RESTING = "resting", _("轮休")

    discipline = models.CharField(_("专业类别"), max_length=20, choices=Discipline.choices)
    status = models.CharField(_("状态"), max_length=10, choices=Status.choices, default=Status.STANDBY)
    members = models.PositiveIntegerField(_("人数"), default=0)
    leader_name = models.CharField(_("队长"), max_length=40, blank=True)
    leader_phone = models.CharField(_("队长电话"), max_length=30, blank=True)
    equipment = models.CharField(_("主要装备"), max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("救援队伍")
        ordering = ["id"]


@entity(
    columns=("name", "kind", "area", "organisation", "team", "position"),
    search=("name", "position"),
    filters=("kind", "area"),
    sensitive=("telephone", "id_number"),
    example=examples.PERSON,
    icon="badge",
)
class Person(OwnedRow):
    """A person whom the bureau must be able to find: official, inspector, team member, safety officer."""

    class Kind(models.TextChoices):
        OFFICIAL = "official", _("公职人员")
        INSPECTOR = "inspector", _("安全检查员")
        TEAM_MEMBER = "team_member", _("救援队员")
        SAFETY_OFFICER = "safety_officer", _("企业安全员")
        COMMUNITY = "community", _("社区人员")

    name = models.CharField(_("姓名"), max_length=40)
    kind = models.CharField(_("人员类别"), max_length=20, choices=Kind.choices)
    position = models.CharField(_("职务"), max_length=60, blank=True)
    telephone = models.CharField(_("手机"), max_length=20, blank=True)
    id_number = models.CharField(_("身份证号"), max_length=18, blank=True, validators=[check_identity_number])
    team = models.ForeignKey(
        Team,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("所属队伍"),
    )
    enterprise = models.ForeignKey(
        Enterprise,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("所属企业"),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("人员")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


@entity(
    columns=("name", "kind", "area", "address"),
    search=("name", "address"),
    filters=("kind", "area"),
    example=examples.PLACE,
    layer=Layer(symbol="place", colour_by="kind", properties=("name", "kind", "address"), order=30),
)
class Place(PlacedRow):
    """A place that matters in an emergency: school, hospital, market, small premises, waterlogging point, hill."""

    class Kind(models.TextChoices):
        SCHOOL = "school", _("学校")
        HOSPITAL = "hospital", _("医院")
        MARKET = "market", _("商场市场")
        RESIDENCE = "residence", _("住宅小区")
        PARK = "park", _("工业园区")
        SMALL_PREMISES = "small_premises", _("三小场所")
        WATERLOGGING = "waterlogging", _("易积水点")
        HILL = "hill", _("山头片区")

    kind = models.CharField(_("场所类别"), max_length=20, choices=Kind.choices)

    class Meta:
        verbose_name = verbose_name_plural = _("场所")
        ordering = ["id"]


@entity(
    columns=("name", "kind", "area", "enterprise", "status"),
    search=("name", "address"),
    filters=("kind", "area", "status"),
    example=examples.FACILITY,
    layer=Layer(symbol="facility", colour_by="kind", properties=("name", "kind", "status"), order=35),
)
class Facility(PlacedRow):
    """A piece of infrastructure or equipment with a hazard of its own."""

    class Kind(models.TextChoices):
        GAS_STATION = "gas_station", _("燃气场站")
        BRIDGE = "bridge", _("桥梁")
        RESERVOIR = "reservoir", _("水库")
        PUMP_STATION = "pump_station", _("排涝泵站")
        TANK_FARM = "tank_farm", _("储罐区")
        SUBSTATION = "substation", _("变电站")
        TUNNEL = "tunnel", _("下沉隧道")
        FIRE_WATER = "fire_water", _("消防水源")

    class Status(models.TextChoices):
        NORMAL = "normal", _("正常")
        REPAIR = "repair", _("检修")
        STOPPED = "stopped", _("停用")

    kind = models.CharField(_("设施类别"), max_length=20, choices=Kind.choices)
    enterprise = models.ForeignKey(
        Enterprise, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("权属企业")
    )
    status = models.CharField(_("状态"), max_length=10, choices=Status.choices, default=Status.NORMAL)

    class Meta:
        verbose_name = verbose_name_plural = _("设施")
        ordering = ["id"]


@entity(
    columns=("name", "area", "category", "capacity", "occupancy", "status"),
    search=("name", "address"),
    filters=("area", "category", "status"),
    sensitive=("manager_phone",),
    key=("name",),
    example=examples.SHELTER,
    layer=Layer(
        symbol="shelter",
        colour_by="status",
        colours={"closed": "neutral", "open": "green", "full": "red"},
        properties=("name", "category", "capacity", "occupancy", "status"),
        shown=True,
        live="shelter",
        order=55,
    ),
)
class Shelter(PlacedRow):
    """A building or square where people can stay in a disaster."""

    class Category(models.TextChoices):
        INDOOR = "indoor", _("室内")
        OUTDOOR = "outdoor", _("室外")

    class Status(models.TextChoices):
        CLOSED = "closed", _("未启用")
        OPEN = "open", _("已启用")
        FULL = "full", _("已满")

    category = models.CharField(_("类型"), max_length=10, choices=Category.choices)
    capacity = models.PositiveIntegerField(_("可容纳人数"), help_text=_("人"))
    occupancy = models.PositiveIntegerField(_("已入住人数"), default=0)
    status = models.CharField(_("状态"), max_length=10, choices=Status.choices, default=Status.CLOSED)
    manager_name = models.CharField(_("管理员"), max_length=40, blank=True)
    manager_phone = models.CharField(_("管理员电话"), max_length=30, blank=True)
    cameras = models.PositiveSmallIntegerField(_("监控镜头数"), default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("应急避难场所")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(occupancy__lte=F("capacity")),
                name="shelter_not_overfull",
                violation_error_message=_("已入住人数不能超过可容纳人数。"),
            )
        ]


@entity(
    columns=("name", "item", "area", "quantity", "unit", "minimum", "expires_on"),
    search=("name", "item"),
    filters=("area", "category", "holder"),
    sensitive=("keeper_phone",),
    example=examples.STOCK,
    layer=Layer(symbol="stock", properties=("name", "item", "quantity", "unit", "expires_on"), order=50),
)
class Stock(PlacedRow):
    """Goods in one store. `name` is the store, `item` the goods; the quantity counts in `unit`."""

    class Category(models.TextChoices):
        FLOOD = "flood", _("防汛物资")
        FIRE = "fire", _("灭火物资")
        HAZCHEM = "hazchem", _("危化处置物资")
        RESCUE = "rescue", _("抢险救援装备")
        LIVING = "living", _("生活保障物资")
        MEDICAL = "medical", _("医疗防护物资")
        POWER = "power", _("照明供电物资")

    class Holder(models.TextChoices):
        GOVERNMENT = "government", _("政府储备")
        ENTERPRISE = "enterprise", _("企业储备")

    item = models.CharField(_("物资名称"), max_length=60)
    category = models.CharField(_("物资类别"), max_length=10, choices=Category.choices)
    holder = models.CharField(_("储备方式"), max_length=10, choices=Holder.choices, default=Holder.GOVERNMENT)
    quantity = models.PositiveIntegerField(_("数量"))
    unit = models.CharField(_("计量单位"), max_length=10)
    minimum = models.PositiveIntegerField(_("最低储备"), default=0)
    expires_on = models.DateField(_("有效期至"), null=True, blank=True)
    keeper_name = models.CharField(_("保管人"), max_length=40, blank=True)
    keeper_phone = models.CharField(_("保管人电话"), max_length=30, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("应急物资")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name}·{self.item}"


__all__ = ["Discipline", "Enterprise", "Facility", "Person", "Place", "Shelter", "Stock", "Team"]
