"""Creates an administrator, the first person of an instance. There is no default password.

example: anlan createadmin --username admin          a random password is printed once
         anlan createadmin --username admin --ask    asks for the password

Exit code 1 where the name is taken or the password is too weak.
"""

import argparse
import getpass
import sys

from anlan.site.commands.serve import prepare


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--username", default="admin")
    parser.add_argument("--name", default="", help="the person's name as pages show it")
    parser.add_argument("--ask", action="store_true", help="ask for the password instead of making one")


def run(arguments: argparse.Namespace) -> int:
    prepare()
    from django.core.exceptions import ValidationError

    from anlan.accounts.services import account_create_administrator

    password = _ask() if arguments.ask else ""
    try:
        made = account_create_administrator(username=arguments.username, display_name=arguments.name, password=password)
    except ValidationError as error:
        print(f"anlan createadmin: {' '.join(error.messages)}", file=sys.stderr)
        return 1
    print(f"username: {arguments.username}")
    if made:
        print(f"password: {made}   (shown only now; it must be changed at the first log-in)")
    return 0


def _ask() -> str:
    first = getpass.getpass("password: ")
    if first != getpass.getpass("password again: "):
        raise ValueError("the two passwords differ")
    if not first:
        raise ValueError("an empty password")
    return first
