"""Pages of hazards: the ledger, one hazard with its steps, a report from the street, photos."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts.roles import Role
from anlan.accounts.stepping import Step, Steps, Trouble, attempt, page
from anlan.kit.inbox import rows_told
from anlan.kit.masking import may_reveal
from anlan.kit.photos import photo_suffix
from anlan.kit.signals import tell_sensitive_read
from anlan.kit.vault import vault_path
from anlan.monitoring.views.access import is_part, listed
from anlan.supervision import forms, services
from anlan.supervision.flow import FINDERS, HazardState, HazardStep
from anlan.supervision.models import Hazard, HazardCategory, HazardPhoto
from anlan.supervision.selectors import (
    hazard_albums,
    hazard_own_work,
    hazard_steps,
    hazard_timeline,
    hazards_of,
    hazards_standing,
    sites_like,
)
from anlan.supervision.services.clocks import deadlines_rule
from anlan.supervision.services.photos import FOLDER

READERS = (*FINDERS, Role.LEADER, Role.ADMINISTRATOR)
STAGES = (HazardState.FOUND, HazardState.ORDERED, HazardState.RECTIFIED, HazardState.CLOSED)


def _site(row: Hazard) -> dict[str, Any]:
    return {"site": row.enterprise.name} if row.enterprise else {}


STEPS = Steps(
    subject="hazard",
    steps={
        HazardStep.ORDER: Step(
            service=services.hazard_order,
            form=forms.OrderForm,
            fields=("level", "category", "organisation", "contact_name"),
            initial=_site,
        ),
        HazardStep.REASSIGN: Step(service=services.hazard_reassign, form=forms.ReassignForm),
        HazardStep.ASK_MORE: Step(service=services.hazard_ask_more, form=forms.AskMoreForm),
        HazardStep.GRANT_MORE: Step(service=services.hazard_grant_more, form=forms.HazardForm),
        HazardStep.REFUSE_MORE: Step(service=services.hazard_refuse_more, form=forms.ReasonForm),
        HazardStep.RECTIFY: Step(service=services.hazard_rectify, form=forms.RectifyForm),
        HazardStep.PASS: Step(service=services.hazard_pass, form=forms.PassForm),
        HazardStep.SEND_BACK: Step(service=services.hazard_send_back, form=forms.SendBackForm),
        HazardStep.LIST: Step(service=services.hazard_list, form=forms.ListForm),
        HazardStep.RELEASE: Step(service=services.hazard_release, form=forms.ReleaseForm),
        HazardStep.WITHDRAW: Step(service=services.hazard_withdraw, form=forms.ReasonForm),
    },
)


@page(*READERS)
def hazards(request: HttpRequest) -> HttpResponse:
    """What nobody has ended yet, unless a state, a word or everything is asked for: the ended ones are the many."""
    rows, category = hazards_of(request.user), request.GET.get("category", "")
    if not any(request.GET.get(name) for name in ("state", "q", "all", "notice")):
        rows = rows.standing()  # type: ignore[attr-defined]
    rows = rows_told(rows, request.GET.get("notice", ""))
    if category:
        rows = rows.filter(category__code=category[:40].replace("\0", ""))
    if request.GET.get("late"):
        rows = rows.overdue()  # type: ignore[attr-defined]
    context = listed(
        request,
        rows,
        filters=("state", "level", "source"),
        words=("number", "description", "address", "enterprise__name"),
    )
    kinds = list(HazardCategory.objects.values_list("code", "name"))
    late = ("late", _("逾期"), [("1", _("只看逾期"))], "1" if request.GET.get("late") else "")
    context["filters"] += [("category", _("类别"), kinds, category), late]
    context["standing"] = hazards_standing(request.user)
    user: Any = request.user
    context["may_report"] = user.role in FINDERS
    return render(request, "supervision/hazards.html", context)


def _visible(request: HttpRequest, pk: int) -> Hazard:
    people = ("found_by", "ordered_by", "rectified_by", "checked_by", "listed_by", "released_by", "extension_asked_by")
    things = ("area", "category", "organisation", "enterprise", "place", "facility", "sighting")
    return get_object_or_404(Hazard.objects.visible_to(request.user).select_related(*people, *things), pk=pk)


@page(*READERS)
def hazard(request: HttpRequest, pk: int) -> HttpResponse:
    return hazard_page(request, _visible(request, pk))


def hazard_page(request: HttpRequest, row: Hazard, trouble: Trouble | None = None) -> HttpResponse:
    """The page; with what went wrong and the form as it was filled, where a step was refused."""
    user: Any = request.user
    possible = hazard_steps(row, user)
    context = {
        "hazard": row,
        "possible": possible,
        "forms": STEPS.forms(row, user, possible, trouble),
        "trouble": trouble,
        "albums": hazard_albums(row),
        "timeline": hazard_timeline(row),
        "stages": [(state.label, _reached(row, state)) for state in STAGES],
        "own_work": hazard_own_work(row, user),
        "may_call": bool(row.contact_phone) and may_reveal(user, Hazard),
        "rule": deadlines_rule(row.level, at=row.found_at),
    }
    return render(request, "supervision/hazard.html", context, status=trouble.status if trouble else 200)


def _reached(row: Hazard, state: HazardState) -> bool:
    """Whether the loop has passed a state; a hazard that was sent back stands before its re-check again."""
    order = [*STAGES[:3], HazardState.CHECKED, HazardState.CLOSED]
    return row.state in order and order.index(HazardState(row.state)) >= order.index(state)


@require_POST
@page(*READERS)
def hazard_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    row = _visible(request, pk)
    trouble = STEPS.take(request, row, step)
    return hazard_page(request, _visible(request, pk), trouble) if trouble else redirect("supervision:hazard", pk)


@page(*FINDERS)
def hazard_new(request: HttpRequest) -> HttpResponse:
    """A report with photos, from the phone of whoever stands before it."""
    initial = {"site": request.GET.get("site", "")[:120]}
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    form = forms.ReportForm(*posted, user=request.user, initial=initial)
    trouble, made = None, []
    if request.method == "POST":
        trouble = attempt(form, "report", lambda **values: made.append(services.hazard_report(**values)))
        if trouble is None:
            return redirect(made[0]) if made else redirect("supervision:hazards")
    context = {"form": form, "trouble": trouble}
    return render(request, "supervision/hazard_new.html", context, status=trouble.status if trouble else 200)


@page(*READERS)
def sites(request: HttpRequest) -> HttpResponse:
    """What the site field offers while somebody types."""
    words = request.GET.get("site", "")[:120].replace("\0", "")
    if not is_part(request):
        raise Http404
    return render(request, "supervision/_sites.html", {"sites": sites_like(request.user, words)})


@page(*READERS)
def phone(request: HttpRequest, pk: int) -> HttpResponse:
    """The responsible person's number in full, on asking; the reading is audited."""
    row = _visible(request, pk)
    if not may_reveal(request.user, Hazard) or not row.contact_phone:
        raise Http404
    tell_sensitive_read(Hazard, user=request.user, ids=[row.pk], fields=["contact_phone"], action="detail")
    return render(request, "supervision/_phone.html", {"number": row.contact_phone})


@page(*READERS)
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    """The picture, to who may see its hazard."""
    row = get_object_or_404(HazardPhoto.objects.visible_to(request.user), pk=pk)
    path = vault_path(FOLDER, row.sha256, photo_suffix(row.content_type))
    if not path.exists():
        raise Http404
    response = HttpResponse(path.read_bytes(), content_type=row.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response
