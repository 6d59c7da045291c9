"""Files that prove something, kept under the hash of their bytes; never reached by address, only through a view."""

import hashlib
import os
import secrets
from pathlib import Path

from django.conf import settings


def vault_path(folder: str, sha256: str, suffix: str) -> Path:
    return Path(settings.MEDIA_ROOT) / folder / sha256[:2] / f"{sha256}{suffix}"


def vault_store(folder: str, content: bytes, suffix: str) -> str:
    """Writes the bytes once and gives their SHA-256; a half-written file never has the final name."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = vault_path(folder, sha256, suffix)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{secrets.token_hex(8)}")
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    return sha256
