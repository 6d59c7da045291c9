"""What is done to accounts: one-time passwords, locks, the second factor."""

import secrets
from base64 import b32encode
from typing import Any

import django_otp
from axes.utils import reset as axes_reset
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from anlan.accounts.audit import Action, audit_record
from anlan.accounts.models import User
from anlan.accounts.roles import Role

ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits that nobody mixes up when a password is read out."""
LENGTH = 14


def password_random() -> str:
    """A password of about 80 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


@transaction.atomic
def account_create_administrator(*, username: str, password: str = "", display_name: str = "") -> str:
    """The first person of an instance: sees and may do everything, belongs to no area.

    Without a password one is made, must be changed at the first log-in, and is returned; else the return is empty.
    Raises ValidationError for a name that is taken or misspelt, and for a weak password.
    """
    made = "" if password else password_random()
    user = User(
        username=username,
        display_name=display_name or username,
        role=Role.ADMINISTRATOR,
        is_staff=True,
        is_superuser=True,
        must_change_password=bool(made),
    )
    validate_password(password or made, user)
    user.set_password(password or made)
    user.full_clean()
    user.save()
    return made


def account_give_password(*, user: User) -> str:
    """Sets a random password that must be changed at the next log-in; returns it, the only time it is seen."""
    password = password_random()
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    axes_reset(username=user.username)
    return password


def account_unlock(*, user: User) -> int:
    """Ends the lock that failed log-ins brought about; returns how many counts were forgotten."""
    forgotten = int(axes_reset(username=user.username))
    audit_record(action=Action.UNLOCKED, subject=user)
    return forgotten


def account_set_active(*, user: User, active: bool) -> None:
    """A person who is not active cannot log in, and is logged out at the next request."""
    user.is_active = active
    user.save(update_fields=["is_active"])


def second_factor(user: Any) -> TOTPDevice | None:
    """The confirmed authenticator of a person."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


@transaction.atomic
def second_factor_begin(*, user: User) -> TOTPDevice:
    """The authenticator that waits to be confirmed; made where there is none."""
    waiting = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    return waiting or TOTPDevice.objects.create(user=user, name=user.username, confirmed=False)


def second_factor_secret(device: TOTPDevice) -> str:
    """The key in the letters that an authenticator takes by hand."""
    return b32encode(device.bin_key).decode()


@transaction.atomic
def second_factor_confirm(*, user: User, code: str) -> bool:
    """Turns the waiting authenticator on where its code is right."""
    waiting = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    if waiting is None or not waiting.verify_token(code):
        return False
    waiting.confirmed = True
    waiting.save(update_fields=["confirmed"])
    audit_record(action=Action.SECOND_FACTOR, subject=user, fields={"second_factor": [None, "on"]})
    return True


@transaction.atomic
def second_factor_remove(*, user: User) -> bool:
    """Takes the authenticator away; False where there was none."""
    gone, _rows = TOTPDevice.objects.filter(user=user).delete()
    if gone:
        audit_record(action=Action.SECOND_FACTOR, subject=user, fields={"second_factor": ["on", None]})
    return bool(gone)


def second_factor_matches(*, user: User, device: TOTPDevice, code: str) -> bool:
    """True where the code is right and neither used before nor held back by the throttle."""
    return django_otp.verify_token(user, device.persistent_id, code) is not None
