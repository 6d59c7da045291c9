"""What else is to be done when a device's token is given or taken: the broker's digest of it, and the broker's files."""

import os

from django.db import transaction

from anlan.monitoring.life.proofs import broker_digest
from anlan.monitoring.models import Device, DeviceAccess

FOLDER = "ANLAN_BROKER_FILES"


def token_kept(device: Device, token: str) -> None:
    """In the transaction that gives it."""
    DeviceAccess.objects.update_or_create(device=device, defaults={"broker_hash": broker_digest(token)})
    broker_files_due()


def credentials_end(device: Device) -> None:
    """In the transaction that takes all of them; what was told of the device's visits stays."""
    DeviceAccess.objects.filter(device=device).update(broker_hash="", secret_hash="", proven_at=None)
    broker_files_due()


def broker_files_due() -> None:
    """The broker's files are written anew after this transaction, where they are kept by us."""
    if os.environ.get(FOLDER):
        transaction.on_commit(_defer, robust=True)


def _defer() -> None:
    from procrastinate.exceptions import AlreadyEnqueued

    from anlan.monitoring.jobs import broker_files

    try:
        broker_files.defer()
    except AlreadyEnqueued:
        return
