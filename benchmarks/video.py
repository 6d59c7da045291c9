"""SIP and its bodies: messages read a second, beside Python's own reader of mail (the same header grammar) and ElementTree.

example: python benchmarks/video.py --quick --json
"""

import argparse
import email.parser
import email.policy
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from anlan.protocols.manscdp import build, parse
from anlan.protocols.sip import parse_datagram
from anlan.protocols.sip_talk import Ends, Talk

ITEM = "<Item><DeviceID>44031000001320000001</DeviceID><Name>东街口球机</Name><Status>ON</Status></Item>"


def message() -> bytes:
    ends = Ends(own="4" * 20, own_host="10.0.0.1", own_port=5060, peer="3" * 20, peer_host="10.0.0.2", peer_port=5060)
    body = build("Response", "Catalog", 7, "4" * 20, {"SumNum": 18_000, "DeviceList": ITEM * 4})
    return Talk(ends=ends, call_id="c", tag="t").request("MESSAGE", 1, "b", body=body).encode()


def each_second(run: Callable[[], object], seconds: float) -> float:
    times, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for _ in range(50):
            run()
        times += 50
    return times / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    words = parser.parse_args()
    seconds = 0.3 if words.quick else 3.0
    raw = message()
    head, _blank, body = raw.partition(b"\r\n\r\n")
    mail = email.parser.BytesParser(policy=email.policy.compat32)
    lines = head.partition(b"\r\n")[2]
    text = body.decode("gb18030").partition("?>")[2]
    figures = {
        "sip_messages_a_second": round(each_second(lambda: parse_datagram(raw), seconds)),
        "email_parser_a_second": round(each_second(lambda: mail.parsebytes(lines, headersonly=True), seconds)),
        "manscdp_bodies_a_second": round(each_second(lambda: parse(body), seconds)),
        "elementtree_a_second": round(each_second(lambda: ElementTree.fromstring(text), seconds)),
    }
    ratios = {
        "sip_to_email": round(figures["sip_messages_a_second"] / figures["email_parser_a_second"], 2),
        "manscdp_to_elementtree": round(figures["manscdp_bodies_a_second"] / figures["elementtree_a_second"], 2),
    }
    if words.json:
        print(json.dumps(figures | ratios))
        return
    for name, value in (figures | ratios).items():
        print(f"{name:28} {value}")


if __name__ == "__main__":
    main()
