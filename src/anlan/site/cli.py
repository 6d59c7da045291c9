"""The `anlan` command. Each module of `anlan.site.commands` is a subcommand, found by being there.

Exit codes: 0 done, 1 what was asked for is not so (a broken chain, a bad frame), 2 wrong words, 3 not able
(no database, no right to install).
"""

import argparse
import os
import sys
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from anlan.site import commands

NOT_ABLE = 3


def _modules() -> dict[str, ModuleType]:
    return {m.name: import_module(f"{commands.__name__}.{m.name}") for m in iter_modules(commands.__path__)}


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="anlan", description="安澜 Anlan: a district emergency bureau's operating system."
    )
    sub = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in _modules().items():
        text = (module.__doc__ or "").strip()
        one = sub.add_parser(
            name.replace("_", "-"),
            help=text.partition("\n")[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.arguments(one)
        one.set_defaults(run=module.run)
    return top


def main(argv: list[str] | None = None) -> int:
    """Runs one command; what went wrong is one sentence on standard error."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.site.settings")
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("ANLAN_DEBUG") == "1":
            raise
        print(f"anlan: {error}", file=sys.stderr)
        return NOT_ABLE


if __name__ == "__main__":
    sys.exit(main())
