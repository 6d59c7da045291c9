"""A whole Anlan in its own folder and on its own ports: what `make run` starts, for one journey."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from anlan.site.paths import ROOT

COMMAND = [sys.executable, "-m", "anlan.site.cli"]
TCP = ("sl651", "hj212", "gb26875", "jt808", "cjt188")


def free_ports(count: int) -> list[int]:
    """Ports that are free now and were not handed out twice."""
    holders = [socket.socket() for _ in range(count)]
    try:
        for holder in holders:
            holder.bind(("127.0.0.1", 0))
        return [holder.getsockname()[1] for holder in holders]
    finally:
        for holder in holders:
            holder.close()


def port_pair() -> int:
    """A free port whose next one is free too."""
    while True:
        (port,) = free_ports(1)
        with socket.socket() as following:
            try:
                following.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def wait_for(ready: object, seconds: float = 60.0) -> None:
    """Polls until `ready()` is true; fails loudly when it never is."""
    until = time.monotonic() + seconds
    while not ready():  # type: ignore[operator]
        if time.monotonic() > until:
            raise AssertionError(f"not ready within {seconds} s")
        time.sleep(0.1)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """A real Mosquitto on a free port of this machine."""
    (port,) = free_ports(1)
    conf = folder / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", str(conf)], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: listens(port))
        yield port
    finally:
        process.terminate()
        process.wait(10)


@dataclass
class Anlan:
    """A running product: its folder, ports and demo log-ins (role → username, password)."""

    folder: Path
    mqtt: int
    port: int = field(default_factory=port_pair)
    devices: dict[str, int] = field(default_factory=lambda: dict(zip(TCP, free_ports(len(TCP)), strict=True)))
    logins: dict[str, tuple[str, str]] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        own = {"ANLAN_VAR": str(self.folder), "ANLAN_MQTT_URL": f"mqtt://127.0.0.1:{self.mqtt}"}
        ports = {f"ANLAN_PORT_{name.upper()}": str(port) for name, port in self.devices.items()}
        inherited = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        return inherited | own | ports | {"PYTHONPATH": str(ROOT / "src")}

    def command(self, *words: str) -> str:
        """Runs one `anlan` command on this instance and returns what it printed."""
        done = subprocess.run([*COMMAND, *words], env=self.environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def demo(self, scale: float) -> None:
        self.command("setup")
        told = json.loads(self.command("demo", "--scale", str(scale), "--json"))
        self.logins = {row["username"]: (row["username"], row["password"]) for row in told["logins"]}

    def start(self) -> None:
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "serve", "--port", str(self.port)], env=self.environment, stdout=log, stderr=log
            )
        wait_for(lambda: answers(f"{self.url}/login/") and answers(f"http://127.0.0.1:{self.port + 1}/live"))
        for port in self.devices.values():
            wait_for(lambda port=port: listens(port))

    def kill(self) -> None:
        """What a power cut does to the product: every process of it ends at once (the database is another's)."""
        assert self.process is not None
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        self.process.kill()
        for child in found:
            subprocess.run(["pkill", "-9", "-P", child], check=False)
            os.kill(int(child), signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        subprocess.run([*COMMAND, "stop"], env=self.environment, capture_output=True, check=False)
