"""Forms of the log-in and of one's own account."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class LogInForm(AuthenticationForm):
    """One sentence for every failure, so that nobody learns which names exist."""

    error_messages = {"invalid_login": _("用户名或密码不正确。"), "inactive": _("用户名或密码不正确。")}


class CodeForm(forms.Form):
    """Six digits of an authenticator."""

    code = forms.RegexField(
        r"^\s*\d{3}\s?\d{3}\s*$",
        label=_("动态口令"),
        error_messages={"invalid": _("动态口令是 6 位数字。")},
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True, "maxlength": 7}
        ),
    )

    def clean_code(self) -> str:
        return "".join(str(self.cleaned_data["code"]).split())


class OwnPasswordForm(PasswordChangeForm):
    """The new password must be another one."""

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("new_password1") and found["new_password1"] == found.get("old_password"):
            raise ValidationError({"new_password1": _("新密码不能与原密码相同。")})
        return found


class PasswordAgainForm(forms.Form):
    """The person's own password once more, before something that weakens the account."""

    password = forms.CharField(
        label=_("当前密码"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if not self.user.check_password(password):
            raise ValidationError(_("密码不正确。"))
        return password
