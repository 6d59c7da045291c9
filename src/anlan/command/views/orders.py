"""The team leader's phone: my orders, one order with big buttons, photos."""

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from anlan.accounts.stepping import Step, Steps, Trouble, page
from anlan.command import forms, services
from anlan.command.flows import ANSWERED, ORDER, OrderState
from anlan.command.models import Entry, Order, Photo
from anlan.command.selectors import orders_of_team
from anlan.command.services.photos import FOLDER
from anlan.command.views.access import FIELD_PAGES
from anlan.kit.photos import photo_suffix
from anlan.kit.vault import vault_path

SHOWN = 60


def _photo(*, order: Order, photo: Any, **act: Any) -> Photo:
    return services.photo_add(order=order, content=photo.read(), **act)


def _finish(*, order: Order, result: str, photo: Any = None, **act: Any) -> Order:
    """Done, with a photo of it where there is one; the photo first, since a wrong file must stop the step."""
    if photo:
        services.photo_add(order=order, content=photo.read(), by=act["by"], position=act.get("position"))
    return services.order_finish(order=order, result=result, **act)


STEPS = Steps(
    subject="order",
    steps={
        "receive": Step(service=services.order_receive),
        "arrive": Step(service=services.order_arrive),
        "finish": Step(service=_finish, form=forms.FinishForm),
        "decline": Step(service=services.order_decline, form=forms.ReasonForm),
        "feedback": Step(service=services.order_feedback, form=forms.FeedbackForm),
        "photo": Step(service=_photo, form=forms.PhotoForm),
    },
)


def _visible(request: HttpRequest, pk: int) -> Order:
    rows = Order.objects.visible_to(request.user).select_related("incident__area", "team", "sent_by")
    return get_object_or_404(rows, pk=pk)


@page(*FIELD_PAGES)
def orders_mine(request: HttpRequest) -> HttpResponse:
    rows = list(orders_of_team(request.user)[:SHOWN])
    waiting = [row for row in rows if row.state not in ANSWERED]
    context = {"waiting": waiting, "ended": [row for row in rows if row.state in ANSWERED]}
    part = request.headers.get("HX-Request") == "true"
    return render(request, "command/_orders.html" if part else "command/orders.html", context)


@page(*FIELD_PAGES)
def order(request: HttpRequest, pk: int) -> HttpResponse:
    return order_page(request, _visible(request, pk))


def order_page(request: HttpRequest, row: Order, trouble: Trouble | None = None) -> HttpResponse:
    user: Any = request.user
    possible = ORDER.possible(row.state, user)
    context = {
        "order": row,
        "possible": possible,
        "forms": STEPS.forms(row, user, possible, trouble),
        "trouble": trouble,
        "photos": Photo.objects.visible_to(user).filter(order=row),
        "entries": Entry.objects.filter(order=row).select_related("actor").order_by("-at", "-id"),
        "waits_receipt": row.state == OrderState.SENT,
        "waits_arrival": row.state in {OrderState.SENT, OrderState.RECEIVED},
    }
    return render(request, "command/order.html", context, status=trouble.status if trouble else 200)


@require_POST
@page(*FIELD_PAGES)
def order_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    row = _visible(request, pk)
    trouble = STEPS.take(request, row, step)
    return order_page(request, _visible(request, pk), trouble) if trouble else redirect("command:order", pk)


@page(*FIELD_PAGES)
def photo(request: HttpRequest, pk: int) -> FileResponse:
    """The picture, to who may see its order."""
    row = get_object_or_404(Photo.objects.visible_to(request.user), pk=pk)
    path = vault_path(FOLDER, row.sha256, photo_suffix(row.content_type))
    if not path.exists():
        raise Http404
    response = FileResponse(path.open("rb"), content_type=row.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response
