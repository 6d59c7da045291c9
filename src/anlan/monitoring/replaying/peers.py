"""Devices that wait to be asked, for tests and for trying plans out: a Modbus slave, an OPC UA server, a meter bus.

`anlan replay --peers` serves them on the ports in `PORTS` of this machine, with values that slowly change.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

from asyncua import ua
from asyncua.server.server import Server
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from anlan.protocols import Frame, cjt188

NAMESPACE = "urn:anlan:peer"
PORTS = {"modbus": 5020, "modbus-rtu": 5021, "opc.tcp": 4841, "cjt188": 7190}
"""By the scheme of a plan that asks them."""


@contextlib.asynccontextmanager
async def modbus_slave(
    port: int, registers: Mapping[int, int], *, rtu: bool = False, unit: int = 1
) -> AsyncIterator[ModbusTcpServer]:
    """Holding registers by address; any other address is refused with exception code 2."""
    rows = [SimData(at, values=value, datatype=DataType.REGISTERS) for at, value in sorted(registers.items())]
    framer = FramerType.RTU if rtu else FramerType.SOCKET
    server = ModbusTcpServer(SimDevice(id=unit, simdata=rows), framer=framer, address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    try:
        yield server
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]


@contextlib.asynccontextmanager
async def opc_server(port: int, values: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
    """Variables `ns=2;s=<name>` by name; gives the nodes by name."""
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    space = await server.register_namespace(NAMESPACE)
    nodes = {
        name: await server.nodes.objects.add_variable(f"ns={space};s={name}", name, value)
        for name, value in values.items()
    }
    async with server:
        yield nodes


@contextlib.asynccontextmanager
async def meter_bus(port: int, volumes: Mapping[str, float]) -> AsyncIterator[asyncio.Server]:
    """Meters by address behind one line, which echoes as some do; an address that is not there stays silent."""

    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        decoder = cjt188.decoder()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                writer.write(data)
                for event in decoder.feed(data):
                    if isinstance(event, Frame) and event.device in volumes:
                        said = {"volume": volumes[event.device], "settled": 0.0}
                        writer.write(cjt188.encode(event.device, time.time_ns() // 1_000_000, said))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield server
    finally:
        server.close()
        await _closed(writers)
        await asyncio.sleep(0.05)


async def dtu(door: int, name: str, bus: int) -> None:
    """Dials in, says its name, and passes bytes between the centre and a bus that listens on this machine."""
    to_centre, to_bus = (
        await asyncio.open_connection("127.0.0.1", door),
        await asyncio.open_connection("127.0.0.1", bus),
    )
    to_centre[1].write(f"{name}\r\n".encode())

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(4096):
            sink.write(data)
        sink.close()

    try:
        await asyncio.gather(carry(to_centre[0], to_bus[1]), carry(to_bus[0], to_centre[1]))
    finally:
        await _closed([to_centre[1], to_bus[1]])


async def _closed(writers: Iterable[asyncio.StreamWriter]) -> None:
    for writer in list(writers):
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def peers_run(stop: asyncio.Event, say: Callable[[str], None], ports: Mapping[str, int] = PORTS) -> None:
    """Until it is stopped; says so where a port is taken, and goes without all of them."""
    registers = {0: 235, 1: 655, 10: 0x41A4, 11: 0xCCCD}
    volumes = {"11031000000001": 52_310.0, "11031000000002": 53_227.0}
    try:
        async with (
            modbus_slave(ports["modbus"], registers),
            modbus_slave(ports["modbus-rtu"], registers, rtu=True),
            opc_server(ports["opc.tcp"], {"Tank1.Level": 2.5}) as nodes,
            meter_bus(ports["cjt188"], volumes),
        ):
            say("waiting to be asked: " + "  ".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items()))
            while not stop.is_set():
                await nodes["Tank1.Level"].write_value(round(2.5 + math.sin(time.time() / 60), 3))
                volumes["11031000000001"] += 0.05
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 1)
    except OSError as error:
        say(f"no peers: {error}")
