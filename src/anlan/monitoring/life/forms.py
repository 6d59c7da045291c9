"""What people type about how a device proves itself, and how we prove ourselves to it."""

from django.utils.translation import gettext_lazy as _

from anlan.monitoring.models import PollAccess
from anlan.monitoring.video.forms import SealedForm


class PollAccessForm(SealedForm):
    class Meta:
        model = PollAccess
        fields = ("security", "login", "user", "fingerprint")
        help_texts = {"fingerprint": _("SHA-256;留空则不核对服务器是谁")}

    field_order = ("security", "login", "user", "password", "fingerprint")

    def clean_fingerprint(self) -> str:
        return str(self.cleaned_data["fingerprint"]).replace(":", "").replace(" ", "").lower()

    def needs_password(self) -> bool:
        return bool(self.instance.login == PollAccess.Login.PASSWORD)
