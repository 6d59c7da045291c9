"""The demo's areas, organisations and log-ins."""

from anlan.accounts.demo.areas import areas_make
from anlan.accounts.demo.logins import LOGINS, logins_make, passwords_reset
from anlan.accounts.demo.organisations import organisations_make
from anlan.kit.demo import DemoWorld

__all__ = ["LOGINS", "demo", "passwords_reset"]


def demo(world: DemoWorld) -> None:
    areas_make(world)
    organisations_make(world)
    logins_make(world)
