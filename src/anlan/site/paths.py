"""Where things lie on this machine."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
"""The checkout: the folder that holds `src/`, `Makefile` and `node_modules/`."""

VAR = Path(os.environ.get("ANLAN_VAR") or ROOT / "var")
"""What Anlan writes: the private database cluster, the secret key, uploaded files, logs."""
