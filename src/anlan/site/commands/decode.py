"""Decodes device frames from standard input: one JSON object a frame; needs no database.

example: printf '7E7E…6BCA\\n' | anlan decode sl651 --hex
"""

import argparse
import json
import sys


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("protocol", help="sl651, hj212, gb26875, jt808, cjt188, json; any other word lists them all")
    parser.add_argument("--hex", action="store_true", help="the input is lines of hex, each a whole frame")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 where every frame was good, 1 where one was not, 2 for a protocol that does not exist."""
    from anlan.protocols import protocols
    from anlan.protocols.jsonl import decode_stream

    if arguments.protocol not in protocols():
        print(f"anlan decode: no protocol {arguments.protocol}; there are {', '.join(protocols())}", file=sys.stderr)
        return 2
    good = True
    for row in decode_stream(arguments.protocol, sys.stdin.buffer, arguments.hex):
        good = good and bool(row["ok"])
        print(json.dumps(row, ensure_ascii=False))
    return 0 if good else 1
