"""What devices prove themselves with besides token and certificate, and what came of it."""

from ipaddress import ip_network

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.models.device import Device, OfDevice


def networks_valid(text: str) -> None:
    """Raises `ValidationError` for what is no list of addresses or networks."""
    for word in text.split():
        try:
            ip_network(word, strict=False)
        except ValueError as error:
            raise ValidationError(_("“%(word)s”不是地址或网段。") % {"word": word[:60]}) from error


class DeviceAccess(models.Model):
    """`secret_hash` is of the password or code of the device's own protocol, keyed with the instance's key;
    `broker_hash` of its token as Mosquitto keeps passwords. `proven_at`: since when the device shows that code.
    `addresses` are networks from which alone it may speak, parted by spaces; empty: any.
    """

    class Mode(models.TextChoices):
        USUAL = "", _("按协议默认")
        STRICT = "strict", _("须核对")
        LENIENT = "lenient", _("放行并计数")

    class Way(models.TextChoices):
        NONE = "", _("没有出示凭证")
        TOKEN = "token", _("令牌")
        CERTIFICATE = "certificate", _("客户端证书")
        PASSWORD = "password", _("通信口令")
        CODE = "code", _("鉴权码")

    device = models.OneToOneField(
        Device, on_delete=models.CASCADE, primary_key=True, related_name="access", verbose_name=_("监测设备")
    )
    secret_hash = models.CharField(_("通信口令"), max_length=64, blank=True, editable=False)
    proven_at = models.DateTimeField(_("鉴权码启用时间"), null=True, blank=True, editable=False)
    broker_hash = models.CharField(_("消息代理口令"), max_length=160, blank=True, editable=False)
    mode = models.CharField(_("核对方式"), max_length=10, choices=Mode.choices, blank=True)
    addresses = models.CharField(_("允许的地址"), max_length=500, blank=True, validators=[networks_valid])
    last_used_at = models.DateTimeField(_("最近接入"), null=True, blank=True)
    last_way = models.CharField(_("最近凭证"), max_length=12, choices=Way.choices, blank=True)
    last_address = models.CharField(_("最近地址"), max_length=45, blank=True)
    refused = models.BigIntegerField(_("拒绝次数"), default=0)
    last_refused_at = models.DateTimeField(_("最近拒绝"), null=True, blank=True)
    last_refusal = models.CharField(_("拒绝原因"), max_length=20, blank=True)
    last_refused_address = models.CharField(_("被拒地址"), max_length=45, blank=True)

    objects = models.Manager.from_queryset(OfDevice["DeviceAccess"])()

    class Meta:
        verbose_name = verbose_name_plural = _("设备接入")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(proven_at=None) | ~models.Q(secret_hash=""),
                name="proven_device_has_a_secret",
                violation_error_message=_("没有口令或鉴权码的设备不能标为已启用。"),
            )
        ]


class PollAccess(models.Model):
    """How an OPC UA server is logged in to. `sealed` is the password, encrypted with the instance's key; `fingerprint`
    the SHA-256 of the one certificate that the server may show, empty: any.
    """

    class Security(models.TextChoices):
        NONE = "none", _("不加密")
        SIGN = "sign", _("签名(Basic256Sha256)")
        ENCRYPT = "encrypt", _("签名并加密(Basic256Sha256)")

    class Login(models.TextChoices):
        ANONYMOUS = "anonymous", _("匿名")
        PASSWORD = "password", _("用户名和口令")
        CERTIFICATE = "certificate", _("证书")

    device = models.OneToOneField(
        Device, on_delete=models.CASCADE, primary_key=True, related_name="poll_access", verbose_name=_("监测设备")
    )
    security = models.CharField(_("安全策略"), max_length=10, choices=Security.choices, default=Security.NONE)
    login = models.CharField(_("登录方式"), max_length=12, choices=Login.choices, default=Login.ANONYMOUS)
    user = models.CharField(_("用户名"), max_length=60, blank=True)
    sealed = models.TextField(_("口令"), blank=True, editable=False)
    fingerprint = models.CharField(_("服务器证书指纹"), max_length=64, blank=True)

    objects = models.Manager.from_queryset(OfDevice["PollAccess"])()

    class Meta:
        verbose_name = verbose_name_plural = _("轮询登录")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(login="anonymous")
                | models.Q(login="password", security="encrypt")
                | (models.Q(login="certificate") & ~models.Q(security="none")),
                name="poll_login_is_not_in_the_clear",
                violation_error_message=_("口令只在加密的会话里使用,证书只在签名或加密的会话里使用。"),
            ),
            models.CheckConstraint(
                condition=~models.Q(login="password") | ~models.Q(user=""),
                name="poll_password_has_a_user",
                violation_error_message=_("用口令登录须填写用户名。"),
            ),
            models.CheckConstraint(
                condition=models.Q(fingerprint="") | models.Q(fingerprint__regex=r"^[0-9a-f]{64}$"),
                name="poll_fingerprint",
                violation_error_message=_("指纹须为64位十六进制(SHA-256)。"),
            ),
        ]
