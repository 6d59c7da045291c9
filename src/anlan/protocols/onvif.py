"""ONVIF events as SOAP 1.2: the PullPoint messages of https://www.onvif.org/ver10/events/wsdl/event.wsdl.

Bytes in, events out; a password goes over the wire only as a digest (WS-UsernameToken).
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from anlan.protocols.xml_text import XmlError, local, root_of_bytes

LONGEST, MOST = 2_097_152, 200
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_SPACES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" '
    'xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2"'
)
_EVENTS = "http://www.onvif.org/ver10/events/wsdl"
ACTIONS = {
    "create": f"{_EVENTS}/EventPortType/CreatePullPointSubscriptionRequest",
    "pull": f"{_EVENTS}/PullPointSubscription/PullMessagesRequest",
    "renew": "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/RenewRequest",
    "end": "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/UnsubscribeRequest",
}


class OnvifError(ValueError):
    """An answer that is none: no SOAP, or a fault of the camera."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Empty `user`: the camera asks for none."""

    user: str = ""
    password: str = ""

    def header(self, nonce: bytes, created: str) -> str:
        """The security header; `created` is UTC as `2026-11-24T01:02:03Z`."""
        if not self.user:
            return ""
        sealed = hashlib.sha1(nonce + created.encode() + self.password.encode(), usedforsecurity=False).digest()
        kind = f"{_WSSE}-username-token-profile-1.0#PasswordDigest"
        return (
            f'<w:Security s:mustUnderstand="1" xmlns:w="{_WSSE}-wssecurity-secext-1.0.xsd"><w:UsernameToken>'
            f"<w:Username>{escape(self.user)}</w:Username>"
            f'<w:Password Type="{kind}">{base64.b64encode(sealed).decode()}</w:Password>'
            f"<w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce>"
            f'<u:Created xmlns:u="{_WSSE}-wssecurity-utility-1.0.xsd">{created}</u:Created>'
            "</w:UsernameToken></w:Security>"
        )


@dataclass(frozen=True, kw_only=True)
class OnvifEvent:
    """`topic` without prefixes, as `RuleEngine/CellMotionDetector/Motion`; `values` of source and data by name."""

    topic: str
    at: datetime | None
    operation: str
    values: dict[str, str]

    @property
    def is_on(self) -> bool:
        """True where some datum says that what the topic names is there; also where no datum says yes or no."""
        told = [value.lower() for value in self.values.values() if value.lower() in {"true", "false", "0", "1"}]
        return any(value in {"true", "1"} for value in told) if told else True


def envelope(action: str, body: str, *, to: str, security: str = "", message: str = "") -> bytes:
    """A request; `message` is its own id (a UUID)."""
    head = (
        f"<a:Action>{ACTIONS[action]}</a:Action><a:MessageID>urn:uuid:{message}</a:MessageID><a:To>{escape(to)}</a:To>"
    )
    text = f"<s:Envelope {_SPACES}><s:Header>{head}{security}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    return f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()


def create_body(seconds: int) -> str:
    term = f"<tev:InitialTerminationTime>PT{seconds}S</tev:InitialTerminationTime>"
    return f"<tev:CreatePullPointSubscription>{term}</tev:CreatePullPointSubscription>"


def pull_body(wait: int) -> str:
    words = f"<tev:Timeout>PT{wait}S</tev:Timeout><tev:MessageLimit>{MOST}</tev:MessageLimit>"
    return f"<tev:PullMessages>{words}</tev:PullMessages>"


def renew_body(seconds: int) -> str:
    return f"<wsnt:Renew><wsnt:TerminationTime>PT{seconds}S</wsnt:TerminationTime></wsnt:Renew>"


END_BODY = "<wsnt:Unsubscribe/>"


def pull_point(answer: bytes) -> str:
    """The address that a CreatePullPointSubscription answers with. Raises `OnvifError`."""
    for element in _body(answer).iter():
        if local(element) == "Address" and (element.text or "").strip().startswith(("http://", "https://")):
            return str(element.text).strip()
    raise OnvifError("no address of a pull point")


def messages(answer: bytes) -> list[OnvifEvent]:
    """The events of a PullMessages answer, at most `MOST`. Raises `OnvifError`."""
    found = [e for e in _body(answer).iter() if local(e) == "NotificationMessage"]
    return [event for one in found[:MOST] for event in _events(one)]


def _events(element: Element) -> Iterator[OnvifEvent]:
    topic = next(((e.text or "").strip() for e in element.iter() if local(e) == "Topic"), "")
    inner = next((e for e in element.iter() if local(e) == "Message" and e.get("UtcTime")), None)
    if topic and inner is not None:
        items = [e for e in inner.iter() if local(e) == "SimpleItem"]
        yield OnvifEvent(
            topic="/".join(part.rpartition(":")[2] for part in topic.split("/"))[:200],
            at=_moment(inner.get("UtcTime", "")),
            operation=inner.get("PropertyOperation", ""),
            values={e.get("Name", "")[:60]: e.get("Value", "")[:200] for e in items[:40]},
        )


def _body(answer: bytes) -> Element:
    if len(answer) > LONGEST:
        raise OnvifError("too long")
    try:
        root = root_of_bytes(answer)
    except XmlError as error:
        raise OnvifError(f"not XML: {error}") from None
    body = next((e for e in root if local(e) == "Body"), None)
    if body is None:
        raise OnvifError("no SOAP body")
    if (fault := next((e for e in body if local(e) == "Fault"), None)) is not None:
        raise OnvifError(f"fault: {' '.join(t.strip() for t in fault.itertext() if t.strip())[:200]}")
    return body


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else datetime.fromisoformat(f"{found.isoformat()}+00:00")


__all__ = ["Account", "OnvifError", "OnvifEvent", "envelope", "messages", "pull_point"]
