"""A step as a person takes it on a page: who may open the page, the form, and what becomes of a refusal."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django import forms
from django.contrib.auth.decorators import login_required
from django.contrib.gis.geos import Point
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from anlan.accounts.acts import AlreadyDone
from anlan.accounts.roles import Role
from anlan.kit.flow import IllegalStep

P = ParamSpec("P")
Answer = HttpResponse | FileResponse
View = Callable[Concatenate[HttpRequest, P], Answer]


def long_text(label: Any, *, rows: int = 3, required: bool = True, hint: Any = "") -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "placeholder": hint})
    return forms.CharField(label=label, widget=widget, required=required, max_length=4000)


class StepForm(forms.Form):
    """A form that may be sent twice: `key` is its own number. Fields are narrowed to what the person may see."""

    key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    lon = forms.FloatField(widget=forms.HiddenInput, required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(widget=forms.HiddenInput, required=False, min_value=-90, max_value=90)

    def __init__(self, *args: Any, user: Any, subject: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": f"{type(self).__name__.lower()}-%s", **kwargs})
        self.user, self.subject = user, subject
        self.narrow()

    def narrow(self) -> None:
        """Hook: limits choices to rows of this person."""

    def act(self) -> dict[str, Any]:
        """Who, with which form, and where the phone was."""
        data = self.cleaned_data
        lon, lat = data.pop("lon", None), data.pop("lat", None)
        position = Point(lon, lat, srid=4490) if lon is not None and lat is not None else None
        act = {"by": self.user, "key": data.pop("key", None)}
        return {**act, "position": position} if position else act


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


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step on a page: the service that takes it, its form, and the fields of the row that the form begins with.

    `initial` gives what it begins with besides.
    """

    service: Callable[..., Any]
    form: type[StepForm] = StepForm
    fields: tuple[str, ...] = ()
    initial: Callable[[Any], dict[str, Any]] = lambda row: {}


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The steps of one loop by their names. `subject`: what the services call the row that they step."""

    subject: str
    steps: Mapping[str, Step]

    def forms(
        self, row: Any, user: Any, possible: Iterable[str], trouble: Trouble | None = None
    ) -> dict[str, StepForm]:
        """A form for each possible step; the one that was refused as it was filled."""
        return {name: self._form(name, row, user, trouble) for name in self.steps if name in set(possible)}

    def _form(self, name: str, row: Any, user: Any, trouble: Trouble | None) -> StepForm:
        if trouble and trouble.step == name and trouble.form:
            return trouble.form
        step = self.steps[name]
        initial = {field: getattr(row, field) for field in step.fields} | step.initial(row)
        return step.form(user=user, subject=row, initial=initial)

    def take(self, request: HttpRequest, row: Any, name: str) -> Trouble | None:
        """Takes a step with the form that was sent; None when it is done. Raises `Http404` for an unknown step."""
        if name not in self.steps:
            raise Http404
        step = self.steps[name]
        form = step.form(request.POST, request.FILES, user=request.user, subject=row)
        return attempt(form, name, lambda **values: step.service(**{self.subject: row}, **values))
