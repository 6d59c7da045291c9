"""Subcommands of `anlan`: each module has `arguments(parser)` and `run(arguments) -> exit code`."""
