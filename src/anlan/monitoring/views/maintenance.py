"""维护安排: the list of windows, to plan one, to call one off."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from anlan.accounts.models import Area
from anlan.monitoring.maintenance import WindowScope, may_plan, windows_cancel, windows_plan
from anlan.monitoring.maintenance_selectors import windows_counts, windows_of
from anlan.monitoring.models import Device, Level, MaintenanceWindow
from anlan.monitoring.selectors import areas_of, devices_of
from anlan.monitoring.views.access import PAGE, page
from anlan.registry.models import Facility

STANDINGS = {"now": gettext_lazy("进行中"), "ahead": gettext_lazy("未开始"), "over": gettext_lazy("已结束")}
LOCAL = "%Y-%m-%dT%H:%M"


def _moment(label: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)
    return forms.DateTimeField(label=label, widget=widget, input_formats=[LOCAL, "%Y-%m-%dT%H:%M:%S"])


class WindowForm(forms.Form):
    """The scope comes from the address where the page was opened from a device; else a facility or an area."""

    facility = forms.ModelChoiceField(
        label=gettext_lazy("设施"), queryset=Facility.objects.none(), required=False,
        empty_label=gettext_lazy("不限设施(整个区域)"),
    )  # fmt: skip
    area = forms.ModelChoiceField(
        label=gettext_lazy("区域"), queryset=Area.objects.none(), required=False, empty_label=gettext_lazy("请选择")
    )
    starts_at = _moment(gettext_lazy("开始时间"))
    ends_at = _moment(gettext_lazy("结束时间"))
    reason = forms.CharField(
        label=gettext_lazy("事由"), max_length=200,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("如:更换传感器电池")}),
    )  # fmt: skip
    level_to = forms.TypedChoiceField(
        label=gettext_lazy("隐去报警至"), coerce=int, initial=int(Level.RED),
        choices=[(int(level), level.label) for level in Level if level],
    )  # fmt: skip
    weekly_until = forms.DateField(
        label=gettext_lazy("每周重复至(可不填)"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, user: Any, device: Device | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.device = device
        if device is not None:
            del self.fields["facility"], self.fields["area"]
            return
        facility: Any = self.fields["facility"]
        facility.queryset = Facility.objects.visible_to(user).filter(device__isnull=False).distinct().order_by("name")
        area: Any = self.fields["area"]
        area.queryset = areas_of(user)

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if self.device is None and not found.get("facility") and not found.get("area"):
            raise ValidationError(_("请选择设施或区域。"))
        return found

    def scope(self) -> WindowScope:
        found = self.cleaned_data
        return WindowScope(device=self.device, facility=found.pop("facility", None), area=found.pop("area", None))


@page("maintenancewindow")
def maintenance(request: HttpRequest) -> HttpResponse:
    """The list, with the form for those who may plan."""
    device = _device(request)
    return _list(request, WindowForm(initial=_usual(), user=request.user, device=device), device)


def _list(request: HttpRequest, form: WindowForm, device: Device | None, *, status: int = 200) -> HttpResponse:
    chosen = request.GET.get("standing", "")
    rows = windows_of(request.user, chosen)
    if device is not None:
        rows = rows.filter(device=device)
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "standings": STANDINGS.items(), "standing": chosen, "counts": windows_counts(request.user),
        "device": device, "form": form, "may_plan": may_plan(request.user), "open": form.is_bound or device,
        "query": f"standing={chosen}" if chosen in STANDINGS else "", "now": timezone.now(),
    }  # fmt: skip
    return render(request, "monitoring/maintenance.html", context, status=status)


def _usual() -> dict[str, datetime]:
    now = timezone.localtime().replace(second=0, microsecond=0)
    return {"starts_at": now, "ends_at": now + timedelta(hours=2)}


def _device(request: HttpRequest) -> Device | None:
    text = request.GET.get("device", "")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    return get_object_or_404(devices_of(request.user), pk=int(text))


@require_POST
@page("maintenancewindow")
def maintenance_plan(request: HttpRequest) -> HttpResponse:
    device = _device(request)
    form = WindowForm(request.POST, user=request.user, device=device)
    if not may_plan(request.user):
        raise PermissionDenied(_("您的角色不能安排维护。"))
    if form.is_valid():
        try:
            rows = windows_plan(scope=form.scope(), by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("已安排 %d 次维护。") % len(rows))
            return redirect(f"/maintenance/?device={device.pk}" if device else "/maintenance/")
    return _list(request, form, device, status=422)


@require_POST
@page("maintenancewindow")
def maintenance_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Calls off one window, or with `all` every later one of its weekly batch too."""
    visible = MaintenanceWindow.objects.visible_to(request.user)
    row = get_object_or_404(visible, pk=pk)
    rows = (
        visible.filter(batch=row.batch, starts_at__gte=row.starts_at) if row.batch and "all" in request.POST else [row]
    )
    done = windows_cancel(windows=rows, by=request.user)
    if done:
        messages.success(request, _("已取消 %d 次维护。") % done)
    else:
        messages.warning(request, _("该维护已结束或已取消。"))
    return redirect("/maintenance/")
