"""What a SIP peer says: requests inside and outside a dialog, and answers that find their way back (RFC 3581)."""

from dataclasses import dataclass, replace

from anlan.protocols.sip import SipMessage, via_of
from anlan.protocols.sip_values import Via, address_of

AGENT = "Anlan"
REASONS = {
    100: "Trying", 200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 423: "Interval Too Brief", 481: "Call/Transaction Does Not Exist", 486: "Busy Here",
    487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event", 500: "Server Internal Error", 503: "Service Unavailable",
}  # fmt: skip
Headers = tuple[tuple[str, str], ...]


def answer(
    request: SipMessage, status: int, *, tag: str = "", headers: Headers = (), peer: tuple[str, int] | None = None
) -> SipMessage:
    """An answer with the request's Via, From, To, Call-ID and CSeq. `peer` is where the request really came from."""
    vias = request.all("via")
    if peer is not None:
        vias[0] = _marked(via_of(request), peer).text()
    to = request.get("to")
    if tag and "tag" not in address_of(to).params:
        to = f"{to};tag={tag}"
    kept = [("from", request.get("from")), ("to", to), ("call-id", request.get("call-id"))]
    path = [("via", via) for via in vias]
    lines = (*path, *kept, ("cseq", request.get("cseq")), ("user-agent", AGENT), *headers)
    return SipMessage(status=status, reason=REASONS.get(status, "Unknown"), headers=lines)


def _marked(via: Via, peer: tuple[str, int]) -> Via:
    params = dict(via.params)
    if "rport" in params:
        params["rport"] = str(peer[1])
    if "rport" in params or via.host != peer[0]:
        params["received"] = peer[0]
    return replace(via, params=params)


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Both ends of what is said: ids of 20 digits, and where each listens."""

    own: str
    own_host: str
    own_port: int
    peer: str
    peer_host: str
    peer_port: int
    transport: str = "UDP"

    @property
    def uri(self) -> str:
        return f"sip:{self.peer}@{_bracketed(self.peer_host)}:{self.peer_port}"

    @property
    def contact(self) -> str:
        return f"<sip:{self.own}@{_bracketed(self.own_host)}:{self.own_port}>"

    def via(self, branch: str) -> str:
        return f"SIP/2.0/{self.transport} {_bracketed(self.own_host)}:{self.own_port};rport;branch=z9hG4bK{branch}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A dialog as its asking end knows it; `to` has the peer's tag once the peer has answered."""

    ends: Ends
    call_id: str
    tag: str
    to: str = ""

    def request(self, method: str, number: int, branch: str, *, headers: Headers = (), body: bytes = b"") -> SipMessage:
        ends = self.ends
        lines = (
            ("via", ends.via(branch)),
            ("from", f"<sip:{ends.own}@{ends.own[:10]}>;tag={self.tag}"),
            ("to", self.to or f"<{ends.uri}>"),
            ("call-id", self.call_id),
            ("cseq", f"{number} {method}"),
            ("max-forwards", "70"),
            ("user-agent", AGENT),
            *headers,
        )
        return SipMessage(method=method, uri=ends.uri, headers=lines, body=body)

    def ack(self, answer: SipMessage, invite: SipMessage | None, branch: str) -> SipMessage:
        """For the answer to our INVITE. A refusal's belongs to the INVITE's own transaction (RFC 3261, 17.1.1.3)."""
        made = self.request("ACK", answer.cseq[0], branch)
        if answer.status < 300 or invite is None:
            return made
        return made.with_header("via", invite.get("via"))

    def cancel(self, invite: SipMessage) -> SipMessage:
        """Takes an INVITE back that was not answered yet (RFC 3261, 9.1)."""
        made = replace(self, to="").request("CANCEL", invite.cseq[0], "")
        return made.with_header("via", invite.get("via"))

    def answered(self, response: SipMessage) -> "Talk":
        """The dialog that a 200 makes of it. The peer's Contact is not followed: a NAT may stand between."""
        return replace(self, to=response.get("to"))

    @classmethod
    def of_answer(cls, answer: SipMessage, ends: Ends) -> "Talk":
        """The dialog of an answer to a request that nobody remembers. SipError where it names no sip address."""
        return cls(
            ends=ends,
            call_id=answer.get("call-id"),
            tag=address_of(answer.get("from")).params.get("tag", ""),
            to=answer.get("to"),
        )
