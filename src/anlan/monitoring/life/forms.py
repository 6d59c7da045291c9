"""What people type about how a device proves itself, and how we prove ourselves to it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.models import PollAccess
from anlan.monitoring.video.sealing import seal


class PollAccessForm(forms.ModelForm):  # type: ignore[type-arg]
    """A password that is left empty stays as it was; it is never shown."""

    password = forms.CharField(
        label=_("口令"),
        required=False,
        max_length=100,
        strip=False,
        help_text=_("留空则不改;加密保存,不再显示"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = PollAccess
        fields = ("security", "login", "user", "fingerprint")
        help_texts = {"fingerprint": _("SHA-256;留空则不核对服务器是谁")}

    field_order = ("security", "login", "user", "password", "fingerprint")

    def clean_fingerprint(self) -> str:
        return str(self.cleaned_data["fingerprint"]).replace(":", "").replace(" ", "").lower()

    def save(self, commit: bool = True) -> Any:
        if password := self.cleaned_data["password"]:
            self.instance.sealed = seal(password)
        if self.instance.login != PollAccess.Login.PASSWORD:
            self.instance.sealed = ""
        return super().save(commit)
