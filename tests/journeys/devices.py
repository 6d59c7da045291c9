"""Devices of the field: recorded frames, moved to now, over real sockets and a real broker."""

import json
import socket
import subprocess
import time
from pathlib import Path

from anlan.protocols import protocols
from anlan.site.paths import ROOT

VECTORS = ROOT / "tests/protocols/vectors"


def recorded(protocol: str, name: str) -> bytes:
    """A recorded frame as bytes."""
    vectors = json.loads((VECTORS / f"{protocol}.json").read_text())
    found = next(vector for vector in vectors["valid"] if vector["name"] == name)
    return bytes.fromhex(found["hex"]) if "hex" in found else found["frame"].encode()


def now_ms() -> int:
    return int(time.time() * 1000)


def send(port: int, protocol: str, frame: bytes, *, answered: bool = True) -> bytes:
    """Sends one recorded frame as if it were recorded now; returns the centre's answer where the frame asks for one."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(protocols()[protocol].retime(frame, now_ms()))
        return line.recv(4096) if answered else b""


def publish(port: int, device: str, message: dict[str, object]) -> None:
    """Publishes with QoS 1 by the broker's own client; it returns when the broker has the message."""
    words = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", f"anlan/{device}/readings"]
    subprocess.run([*words, "-m", json.dumps(message)], check=True, timeout=20)


def photo(folder: Path) -> Path:
    """A small JPEG as a phone would take it."""
    from PIL import Image

    path = folder / "scene.jpg"
    Image.new("RGB", (640, 480), (180, 40, 20)).save(path)
    return path
