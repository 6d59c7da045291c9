"""原因树: what explains what, what it would hide, who signed it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from anlan.monitoring.cause_selectors import cause_preview, hides_now, keys_known, tree_of
from anlan.monitoring.causes import cause_end, cause_propose, cause_sign, may_propose, may_sign
from anlan.monitoring.models import Alarm, CauseRule, Device, Level
from anlan.monitoring.views.access import page

EXAMPLES = (
    (gettext_lazy("主电故障 → 同一设施内的其他设备"), "device_kind=fire_panel&key=*:ac&scope=facility"),
    (gettext_lazy("网关失联 → 经其通信的设备"), "kind=2&scope=network"),
    (gettext_lazy("上级电源报警 → 由其供电的设备"), "scope=power"),
)


class CauseForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rule as an administrator makes it: this explains the silence of those, within there."""

    explained = forms.MultipleChoiceField(
        label=gettext_lazy("所解释的设备类别"), required=False, choices=Device.Kind.choices,
        widget=forms.CheckboxSelectMultiple, help_text=gettext_lazy("不选为任何类别"),
    )  # fmt: skip

    class Meta:
        model = CauseRule
        fields = (
            "name", "device_kind", "device", "key", "kind", "scope", "radius", "silence", "level_to", "within_minutes",
        )  # fmt: skip

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        device: Any = self.fields["device"]
        device.queryset = Device.objects.visible_to(user).order_by("name")
        self.fields["key"].widget.attrs["list"] = "keys"
        level: Any = self.fields["level_to"]
        level.choices = [(int(one), one.label if one else _("不隐去")) for one in Level]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("scope") == CauseRule.Scope.NEAR and not found.get("radius"):
            self.add_error("radius", _("按半径隐去须填写半径。"))
        self.instance.explains = ",".join(found.get("explained", ()))
        return found


@page("causerule")
def causes(request: HttpRequest) -> HttpResponse:
    """The rules, the tree device by device, and the form for administrators."""
    return _list(request, CauseForm(initial=request.GET.dict(), user=request.user))


def _list(request: HttpRequest, form: CauseForm, *, preview: Any = None, status: int = 200) -> HttpResponse:
    now = hides_now()
    rules = CauseRule.objects.visible_to(request.user).select_related("device", "proposed_by", "signed_by")
    context = {
        "rules": [(rule, now.get(rule.pk, 0)) for rule in rules.order_by("-active", "pk")],
        "tree": tree_of(request.user), "form": form, "preview": preview, "examples": EXAMPLES,
        "may_propose": may_propose(request.user), "keys": keys_known(),
        "open": form.is_bound or bool(request.GET.get("scope")),
    }  # fmt: skip
    return render(request, "monitoring/causes.html", context, status=status)


@require_POST
@page("causerule")
def cause_new(request: HttpRequest) -> HttpResponse:
    """Shows what the rule would hide, or with `propose` keeps it for another person to sign."""
    if not may_propose(request.user):
        raise PermissionDenied(_("您的角色不能提出原因树规则。"))
    form = CauseForm(request.POST, user=request.user)
    if not form.is_valid():
        return _list(request, form, status=422)
    rule = form.save(commit=False)
    if "propose" not in request.POST:
        return _list(request, form, preview=cause_preview(rule, request.user))
    try:
        cause_propose(rule=rule, by=request.user)
    except ValidationError as error:
        form.add_error(None, error)
        return _list(request, form, status=422)
    messages.success(request, _("已提出规则“%s”,须由另一人签发后生效。") % rule)
    return redirect("monitoring:cause", rule.pk)


@page("causerule")
def cause(request: HttpRequest, pk: int) -> HttpResponse:
    rule = _rule(request, pk)
    context = {
        "rule": rule, "preview": cause_preview(rule, request.user), "may_sign": may_sign(request.user, rule),
        "may_end": rule.active and may_propose(request.user), "now": hides_now().get(rule.pk, 0),
        "kind": Alarm.Kind(rule.kind).label if rule.kind is not None else "",
    }  # fmt: skip
    return render(request, "monitoring/cause.html", context)


def _rule(request: HttpRequest, pk: int) -> CauseRule:
    rows = CauseRule.objects.visible_to(request.user).select_related("device", "proposed_by", "signed_by")
    return get_object_or_404(rows, pk=pk)


@require_POST
@page("causerule")
def cause_signed(request: HttpRequest, pk: int) -> HttpResponse:
    rule = cause_sign(rule=_rule(request, pk), by=request.user)
    messages.success(request, _("规则“%s”已签发,即刻生效。") % rule)
    return redirect("monitoring:cause", pk)


@require_POST
@page("causerule")
def cause_ended(request: HttpRequest, pk: int) -> HttpResponse:
    rule = _rule(request, pk)
    out = cause_end(rule=rule, by=request.user)
    messages.success(request, _("规则“%(rule)s”已停用,放出 %(count)d 条报警。") % {"rule": rule, "count": len(out)})
    return redirect("monitoring:cause", pk)
