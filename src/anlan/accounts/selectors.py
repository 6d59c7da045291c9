"""What one's own account page and the log-in read."""

from django.db.models import Q, QuerySet

from anlan.accounts.audit import Action
from anlan.accounts.models import AuditEntry, User

LOGINS = (Action.LOGIN, Action.LOGIN_FAILED, Action.LOCKED, Action.LOGOUT)


def recent_logins(user: User, *, count: int = 10) -> QuerySet[AuditEntry]:
    """The person's own log-ins, and what was tried under their name; newest first."""
    own = Q(subject="accounts.user", subject_id=str(user.pk), action__in=LOGINS)
    return AuditEntry.objects.filter(own).order_by("-seq")[:count]
