"""A simulated recorder beside the replay: registers by GB/T 28181, shows eight cameras, alarms now and then.

`ANLAN_REPLAY_SIP=<code of 20 digits>:<password>` names it; the platform must be registered under 视频接入 with that password.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from itertools import count

from anlan.monitoring.replaying.camera import Device, Recorder
from anlan.protocols.manscdp import is_code

CAMERAS, HEARTBEAT, ALARM_EVERY = 8, 60.0, 5
"""An alarm with every fifth heartbeat."""
SERVER = "44030000002000000001"
BEIJING = timezone(timedelta(hours=8))


def recorder_of(words: Mapping[str, str] = os.environ, *, host: str = "127.0.0.1") -> Recorder | None:
    """None where none is named, or no SIP server is on. ValueError for a name without a code of 20 digits."""
    told, port = words.get("ANLAN_REPLAY_SIP", ""), int(words.get("ANLAN_PORT_SIP") or 0)
    if not told or not port:
        return None
    code, _colon, password = told.partition(":")
    if not is_code(code):
        raise ValueError("ANLAN_REPLAY_SIP is <20 digits>:<password>")
    server = words.get("ANLAN_SIP_ID") or SERVER
    channels = [_channel(code, number) for number in range(1, CAMERAS + 1)]
    return Recorder(code=code, password=password, server=server, host=host, port=port, channels=channels)


def _channel(code: str, number: int) -> dict[str, object]:
    own = f"{code[:10]}1321{code[-3:]}{number:03d}"
    return {"DeviceID": own, "Name": f"仿真摄像头{number}", "Manufacturer": "仿真", "ParentID": code, "Status": "ON"}


async def recorder_run(
    recorder: Recorder, stop: asyncio.Event, say: Callable[[str], None], *, pause: float = HEARTBEAT
) -> None:
    """Until it is stopped; registers again whenever its heartbeat is refused or unanswered."""
    device = await Device(recorder=recorder).open()
    try:
        status = 0
        for number in count():
            with contextlib.suppress(TimeoutError):
                if status != 200:
                    status = await device.register()
                    say(f"recorder {recorder.code}: REGISTER {status}")
                elif number % ALARM_EVERY == 0:
                    await device.alarm(str(recorder.channels[0]["DeviceID"]), number, **_alarm())
                status = await device.keepalive() if status == 200 else 0
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            if stop.is_set():
                return
    finally:
        await device.close()


def _alarm() -> dict[str, object]:
    now = datetime.now(BEIJING).isoformat()[:19]
    return {"AlarmPriority": 3, "AlarmMethod": 5, "AlarmTime": now, "Info": "<AlarmType>2</AlarmType>"}
