"""Who may open which page, and how a step's outcome becomes an answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from anlan.accounts.roles import Role
from anlan.command.forms import StepForm
from anlan.command.services import AlreadyDone
from anlan.kit.flow import IllegalStep

P = ParamSpec("P")
Answer = HttpResponse | FileResponse
View = Callable[Concatenate[HttpRequest, P], Answer]

DESK_PAGES = (Role.DUTY_OFFICER, Role.COMMANDER, Role.ADMINISTRATOR)
READERS = (*DESK_PAGES, Role.LEADER, Role.DEPARTMENT, Role.STREET)
FIELD_PAGES = (*READERS, Role.TEAM_LEADER)


def page(*roles: Role) -> Callable[[View[P]], View[P]]:
    """A page for people of these roles; who is not logged in is led to the log-in."""

    def guard(view: View[P]) -> View[P]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> Answer:
            user: Any = request.user
            if not user.is_superuser and user.role not in roles:
                raise PermissionDenied(_("您的角色不能查看此页。"))
            return view(request, *args, **kwargs)

        return guarded  # type: ignore[return-value]

    return guard


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why a step was not taken: the sentences, the status of the answer, and the form to show again."""

    sentences: list[str] = field(default_factory=list)
    status: int = 422
    step: str = ""
    form: StepForm | None = None


def attempt(form: StepForm, step: str, run: Callable[..., Any]) -> Trouble | None:
    """Runs a service with what the form holds; None when it is done, now or by the same form before."""
    if not form.is_valid():
        return Trouble(sentences=[_("填写有误，请改正后再提交。")], step=step, form=form)
    try:
        act = form.act()
        run(**form.cleaned_data, **act)
    except AlreadyDone:
        return None
    except IllegalStep as error:
        return Trouble(sentences=[str(error)], status=409, step=step, form=form)
    except PermissionDenied as error:
        return Trouble(sentences=[str(error)], status=403, step=step, form=form)
    except ValidationError as error:
        return Trouble(sentences=error.messages, step=step, form=form)
    return None
