"""What people type about video."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.monitoring.models import CameraAccess
from anlan.monitoring.video.sealing import seal


class SealedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A password that is left empty stays as it was; it is never shown, and goes where `needs_password` is false."""

    password = forms.CharField(
        label=_("口令"),
        required=False,
        max_length=100,
        strip=False,
        help_text=_("留空则不改;加密保存,不再显示"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def needs_password(self) -> bool:
        return True

    def save(self, commit: bool = True) -> Any:
        if password := self.cleaned_data["password"]:
            self.instance.sealed = seal(password)
        if not self.needs_password():
            self.instance.sealed = ""
        return super().save(commit)


class AccessForm(SealedForm):
    """How a camera is reached."""

    class Meta:
        model = CameraAccess
        fields = ("rtsp_url", "onvif_url", "user")

    def needs_password(self) -> bool:
        return bool(self.cleaned_data["user"])


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("接入密码"),
        min_length=8,
        max_length=100,
        strip=False,
        help_text=_("与设备上填写的一致;系统只保存校验值,不再显示"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
