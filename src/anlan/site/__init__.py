"""Settings, addresses and the `anlan` command: wires everything, imported by nothing."""
