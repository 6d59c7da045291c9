"""Django's settings. Everything a deployment may change is an environment variable named `ANLAN_…` or `DATABASE_URL`."""

import os
import secrets

from django.utils.translation import gettext_lazy as _

from anlan.site import backoffice_theme, geolibs
from anlan.site.database import database_settings
from anlan.site.paths import ROOT, VAR


def _secret_key() -> str:
    """The instance's own key: from `ANLAN_SECRET_KEY`, else made once and kept under `var/`."""
    if key := os.environ.get("ANLAN_SECRET_KEY"):
        return key
    path = VAR / "secret_key"
    if not path.exists():
        VAR.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        if not path.exists():
            fresh.rename(path)
    return path.read_text().strip()


GDAL_LIBRARY_PATH, GEOS_LIBRARY_PATH = geolibs.find()

SECRET_KEY = _secret_key()
DEBUG = os.environ.get("ANLAN_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("ANLAN_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("ANLAN_TRUSTED_ORIGINS", "").split(",") if o]
ROOT_URLCONF = "anlan.site.urls"
DATABASES = {"default": database_settings()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

HOUSE = ["kit", "accounts", "onemap", "registry", "monitoring", "supervision", "command", "affairs", "apps"]
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "django_filters",
    "import_export",
    "simple_history",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "procrastinate.contrib.django",
    *(f"anlan.{part}" for part in HOUSE),
    "anlan.site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "anlan.accounts.gate.PasswordGateMiddleware",
    "anlan.kit.policy.ContentPolicyMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "src/anlan/site/templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "anlan.kit.pages.page_context",
            ],
        },
    }
]

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "anlan.accounts.backends.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
AXES_FAILURE_LIMIT = int(os.environ.get("ANLAN_LOGIN_TRIES", "5"))
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "anlan.accounts.lockout.locked_page"
AXES_DISABLE_ACCESS_LOG = True
OTP_TOTP_ISSUER = "Anlan"
ANLAN_SESSION_HOURS = float(os.environ.get("ANLAN_SESSION_HOURS", "12"))
"""A log-in ends this long after it began, however busy the person is: one duty shift."""

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("英文"))]
LOCALE_PATHS = [ROOT / "src/anlan/site/locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [
    ("maplibre", ROOT / "node_modules/maplibre-gl/dist"),
    ("htmx", ROOT / "node_modules/htmx.org/dist"),
    ("alpine", ROOT / "node_modules/@alpinejs/csp/dist"),
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
READINGS_ROOT = VAR / "readings"
OPCUA_ROOT = VAR / "opcua"
MEDIA_ROOT = VAR / "media"
MEDIA_URL = "/media/"

DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("ANLAN_HTTPS") == "1"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
IMPORT_EXPORT_USE_TRANSACTIONS = True
NINJA_PAGINATION_MAX_LIMIT = 1000

ANLAN_LIVE_URL = os.environ.get("ANLAN_LIVE_URL", "")
"""Address of the live stream; empty: the page's own host at `ANLAN_LIVE_PORT`."""
ANLAN_LIVE_PORT = int(os.environ.get("ANLAN_LIVE_PORT", "8001"))

UNFOLD = backoffice_theme.UNFOLD

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"refused": {"()": "anlan.site.logs.Refused"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("ANLAN_LOG", "WARNING")},
    "loggers": {"axes": {"level": "ERROR"}, "django.request": {"filters": ["refused"]}},
}
