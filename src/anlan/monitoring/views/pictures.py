"""One picture of a device: shown where its kind is known, else handed over as a file."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control

from anlan.monitoring.models import DevicePicture
from anlan.monitoring.views.access import page

SHOWN = frozenset(("image/jpeg", "image/png"))


@cache_control(private=True, max_age=86_400)
@page("device")
def picture(request: HttpRequest, pk: int, picture_pk: int) -> HttpResponse:
    row = get_object_or_404(DevicePicture.objects.visible_to(request.user), pk=picture_pk, device=pk)
    media = row.media if row.media in SHOWN else "application/octet-stream"
    answer = HttpResponse(bytes(row.data), content_type=media)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Disposition"] = "inline" if row.media in SHOWN else f'attachment; filename="picture-{row.pk}"'
    return answer
