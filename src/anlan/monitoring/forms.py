"""What people type in the monitoring centre."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import User
from anlan.monitoring.models import Alarm
from anlan.monitoring.services import assignees, shelve_choices


def _note(label: Any, *, example: Any, required: bool) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 2, "placeholder": example})
    return forms.CharField(label=label, max_length=500, required=required, widget=area)


class AcknowledgeForm(forms.Form):
    note = _note(_("说明(可不填)"), example=_("如:已电话核实,现场正常"), required=False)


class CommentForm(forms.Form):
    note = _note(_("备注"), example=_("如:已通知泵站值守人员查看"), required=True)


class HandUpForm(forms.Form):
    note = _note(_("上报原因"), example=_("如:水位仍在上涨,请求指示"), required=True)


class UnshelveForm(forms.Form):
    note = _note(_("说明(可不填)"), example=_("如:检修提前完成"), required=False)


class AssignForm(forms.Form):
    to = forms.ModelChoiceField(label=_("经办人"), queryset=User.objects.none(), empty_label=_("请选择"))
    note = _note(_("说明(可不填)"), example=_("如:请到现场查看"), required=False)

    def __init__(self, *args: Any, alarm: Alarm, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to: Any = self.fields["to"]
        to.queryset = assignees(alarm)
        to.label_from_instance = lambda user: f"{user} · {user.get_role_display()}"


class ShelveForm(forms.Form):
    minutes = forms.TypedChoiceField(label=_("搁置多久"), coerce=int)
    whole = forms.ChoiceField(
        label=_("搁置什么"), required=False,
        choices=[("", _("只搁置这一条报警")), ("1", _("该指标的全部报警,连同期间新出现的(更高级别的除外)"))],
    )  # fmt: skip
    reason = _note(_("搁置原因"), example=_("如:传感器检修,已约14时更换"), required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["minutes"]
        choices.choices = [(minutes, span_words(minutes)) for minutes in shelve_choices()]

    def clean_whole(self) -> bool:
        return self.cleaned_data["whole"] == "1"


def span_words(minutes: int) -> str:
    """So many minutes in words: hours where they are whole."""
    if minutes % 60 == 0:
        return gettext("%d 小时") % (minutes // 60)
    return gettext("%d 分钟") % minutes
