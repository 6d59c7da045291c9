"""What a device's page shows of its credentials."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from anlan.monitoring.life.accesses import LENIENT, access_modes, is_strict
from anlan.monitoring.life.certificates import certificate_header
from anlan.monitoring.life.credentials import has_code, has_password
from anlan.monitoring.models import Device, DeviceAccess
from anlan.monitoring.wording import error_title

BROKERED = ("json", "sparkplug")
WITH_TOKENS = ("json", "http", "mqtt", "sparkplug")


@dataclass(frozen=True, kw_only=True)
class Credential:
    """One kind of them: whether the device has it, and what is to be known of it."""

    code: str
    title: str
    has: bool
    state: str
    words: str


def credentials_of(device: Device, access: DeviceAccess) -> list[Credential]:
    """Every kind that a device of this protocol can have."""
    found = []
    if device.protocol in WITH_TOKENS:
        found.append(_token(device, access))
    found.append(_certificate(device))
    if has_password(device.protocol):
        found.append(_password(access))
    if has_code(device.protocol):
        found.append(_code(access))
    return found


def _token(device: Device, access: DeviceAccess) -> Credential:
    has, words = bool(device.token_hash), _("设备经 HTTP、SensorThings 或消息代理上报时用它证明身份;令牌只显示一次。")
    if has and not access.broker_hash:
        words = _("令牌签发较早,消息代理还不认识它;经消息代理接入的须重新签发。")
    state = _("已签发") if has else _("未签发")
    return Credential(code="token", title=_("接入令牌"), has=has, state=state, words=words)


def _certificate(device: Device) -> Credential:
    has = bool(device.certificate_hash)
    if has:
        words = device.certificate_hash
    elif certificate_header() or device.protocol not in WITH_TOKENS:
        words = _("经 TLS 接入而没有绑定指纹时,证书的名称须是设备编码。")
    else:
        words = _("前置代理没有转交证书,不核对。")
    return Credential(
        code="certificate", title=_("客户端证书"), has=has, state=_("已绑定") if has else _("未绑定"), words=words
    )


def _password(access: DeviceAccess) -> Credential:
    has = bool(access.secret_hash)
    words = _("每份报文里的口令须与它一致。") if has else _("没有约定口令,任何人都能以这个编码发报文。")
    state = _("已设置") if has else _("未设置")
    return Credential(code="password", title=_("通信口令"), has=has, state=state, words=words)


def _code(access: DeviceAccess) -> Credential:
    title = _("鉴权码")
    if access.proven_at:
        words = _("终端已出示过;再次注册须先收回。")
        return Credential(code="code", title=title, has=True, state=_("已启用"), words=words)
    if access.secret_hash:
        words = _("已发给终端,终端还没有出示。")
        return Credential(code="code", title=title, has=True, state=_("待出示"), words=words)
    words = _("终端下次注册时发给它。")
    return Credential(code="code", title=title, has=False, state=_("未签发"), words=words)


def credentials_context(device: Device) -> dict[str, Any]:
    access = DeviceAccess.objects.filter(device=device).first() or DeviceAccess(device=device)
    usual = is_strict(access_modes(), "", device.protocol, device.kind)
    return {
        "access": access,
        "credentials": credentials_of(device, access),
        "modes": DeviceAccess.Mode.choices,
        "usual_mode": DeviceAccess.Mode.STRICT.label if usual else DeviceAccess.Mode(LENIENT).label,
        "by_broker": device.protocol in BROKERED,
        "checked": has_password(device.protocol) or has_code(device.protocol),
        "refusal": error_title(access.last_refusal) if access.last_refusal else "",
    }
