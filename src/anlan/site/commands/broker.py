"""Writes Mosquitto's password file, access list and listeners from the devices' credentials.

example: anlan broker files /etc/mosquitto/anlan
         ANLAN_BROKER_PIDFILE=/run/mosquitto/mosquitto.pid anlan broker files /etc/mosquitto/anlan

Anlan's own name at the broker is that of ANLAN_MQTT_URL. With ANLAN_BROKER_FILES set to the folder, the worker writes
the files again whenever a token or certificate is given or taken, or a device is retired; with ANLAN_BROKER_PIDFILE the
broker is told to read them. Exit code 1 where a device with credentials could not be written.
"""

import argparse
import os
from pathlib import Path

from anlan.site.standing import stand_up


def arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    files = what.add_parser("files", help="write passwd, acl and anlan.conf")
    files.add_argument("folder", type=Path, metavar="DIR")


def run(arguments: argparse.Namespace) -> int:
    stand_up()
    from anlan.monitoring.life.broker import broker_files_renew
    from anlan.monitoring.life.tokens_kept import FOLDER

    os.environ[FOLDER] = str(arguments.folder)
    made = broker_files_renew()
    assert made is not None
    print(f"{arguments.folder}: {made.members} names, {made.passwords} of them with a password")
    if made.old:
        print(f"{len(made.old)} tokens are older than these files, issue them anew: {', '.join(made.old[:20])}")
    if made.unsayable:
        print(f"{len(made.unsayable)} devices have codes that cannot be names: {', '.join(made.unsayable[:20])}")
    print("the broker reads them now" if made.reloaded else "tell the broker to read them: kill -HUP of mosquitto")
    return 1 if made.old or made.unsayable else 0
