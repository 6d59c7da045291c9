"""The back office's pages of people who log in, and of the audit log."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import services
from anlan.accounts.changes import changes_in_words
from anlan.accounts.models import AuditEntry, User
from anlan.kit.backoffice.admin import admin_of
from anlan.kit.entities import entities

PEOPLE: Any = admin_of(entities()["accounts.user"])
ENTRIES: Any = admin_of(entities()["accounts.auditentry"])


@admin.register(User)
class PersonAdmin(PEOPLE):
    """People are made with a one-time password, and locked instead of deleted."""

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return bool(super().has_change_permission(request, obj)) and not above

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> HttpResponse:
        return self._password_page(request, obj)

    def detail_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        answer = super().detail_view(request, object_id)
        person = answer.context_data["original"]
        answer.template_name = "accounts/backoffice/person.html"
        answer.context_data |= {
            "may_change": self.has_change_permission(request, person),
            "authenticator": services.second_factor(person),
            "is_self": person.pk == request.user.pk,
        }
        return answer

    def get_urls(self) -> list[URLPattern]:
        steps = {"password": self._give_password, "unlock": self._unlock, "active": self._turn, "factor": self._disarm}
        wrap = self.admin_site.admin_view
        ours = [
            path(f"<int:number>/{name}/", wrap(require_POST(view)), name=f"accounts_user_{name}")
            for name, view in steps.items()
        ]
        return ours + super().get_urls()

    def _give_password(self, request: HttpRequest, number: int) -> HttpResponse:
        return self._password_page(request, self._person(request, number))

    def _unlock(self, request: HttpRequest, number: int) -> HttpResponse:
        person = self._person(request, number)
        services.account_unlock(user=person)
        return self._done(request, person, _("已解除登录锁定。"))

    def _turn(self, request: HttpRequest, number: int) -> HttpResponse:
        person = self._person(request, number)
        if person.pk == request.user.pk:
            raise PermissionDenied(_("不能停用自己的账号。"))
        services.account_set_active(user=person, active=not person.is_active)
        return self._done(request, person, _("账号已启用。") if person.is_active else _("账号已停用。"))

    def _disarm(self, request: HttpRequest, number: int) -> HttpResponse:
        person = self._person(request, number)
        services.second_factor_remove(user=person)
        return self._done(request, person, _("动态口令已解除,此人下次登录只需密码。"))

    def _person(self, request: HttpRequest, number: int) -> User:
        person: User | None = self.get_object(request, str(number))
        if person is None:
            raise Http404(_("没有这条记录。"))
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        return person

    def _done(self, request: HttpRequest, person: User, sentence: str) -> HttpResponse:
        messages.success(request, sentence)
        return HttpResponseRedirect(self.page(person, "detail"))

    def _password_page(self, request: HttpRequest, person: User) -> HttpResponse:
        """Shows the password in the answer itself: it is kept nowhere, and a second look makes another."""
        context = self.admin_site.each_context(request) | {
            "title": _("一次性密码"),
            "person": person,
            "password": services.account_give_password(user=person),
            "back": self.page(person, "detail"),
        }
        answer = TemplateResponse(request, "accounts/backoffice/password.html", context)
        answer.headers["Cache-Control"] = "no-store"
        return answer


@admin.register(AuditEntry)
class AuditEntryAdmin(ENTRIES):
    """Read only: the database itself refuses anything else."""

    def detail_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        answer = super().detail_view(request, object_id)
        answer.template_name = "accounts/backoffice/audit_entry.html"
        raw = AuditEntry._meta.get_field("fields").verbose_name
        facts = [fact for fact in answer.context_data["facts"] if fact["label"] != raw]
        answer.context_data |= {"facts": facts, "changes": changes_in_words(answer.context_data["original"])}
        return answer
