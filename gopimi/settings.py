"""Settings, all from the environment or a `.env` file beside manage.py. The README has the table of them."""

import contextlib
import os
import secrets
import sys
from pathlib import Path
from typing import Any

import environ
import structlog

from gopimi import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env.str("GOPIMI_DATA_DIR", default=str(BASE_DIR / ".data"))).expanduser().resolve()
TESTING = "pytest" in sys.modules


def _kept_secret() -> str:
    """The secret key of this data directory, made at the first start. Whoever writes the file first, wins."""
    path = DATA_DIR / "secret-key"
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):  # another process was faster
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


# Core
DEMO = env.bool("GOPIMI_DEMO", default=True)  # loaded into a fresh embedded database
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or _kept_secret()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "gopimi.urls"
WSGI_APPLICATION = "gopimi.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "workspaces.User"

INSTALLED_APPS = [
    "gopimi.workspaces",
    "organizations",
    "customfields",
    "contacts",
    "tickets",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "ninja",
    "procrastinate.contrib.django",
    "whitenoise.runserver_nostatic",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tickets.express.NewsMiddleware",
    "gopimi.workspaces.compression.PageCompression",
    "gopimi.lib.requestid.RequestIdMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "gopimi.workspaces.languages.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "gopimi.workspaces.authentication.ApiMiddleware",
    "gopimi.workspaces.errors.OnlyForForms",
    "gopimi.workspaces.middleware.WorkspaceMiddleware",
    "gopimi.workspaces.idempotency.KeepAnswerMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gopimi.workspaces.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "gopimi.workspaces.templatetags.said",
                "gopimi.workspaces.templatetags.ui",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Database: two roles of one server. The application's obeys row-level security; the owner's migrates and backs up.
EMBEDDED = not env.str("DATABASE_URL", default="")


def _databases() -> tuple[dict[str, Any], dict[str, Any]]:
    if EMBEDDED:
        socket = str(embedded.socket_directory(DATA_DIR))
        app = {"NAME": embedded.DATABASE, "HOST": socket, "USER": embedded.APP_ROLE, "PASSWORD": "", "PORT": ""}
        owner = {"HOST": socket, "USER": embedded.OWNER_ROLE, "PASSWORD": "", "PORT": ""}
        return app, owner
    app = env.db_url("DATABASE_URL")
    owner_url = env.str("DATABASE_OWNER_URL", default="")
    owner = env.db_url("DATABASE_OWNER_URL") if owner_url else app
    return app, {key: owner.get(key, "") for key in ("USER", "PASSWORD", "HOST", "PORT")}


_app, DATABASE_OWNER = _databases()
DATABASE_ROLE = _app["USER"]  # kept apart: `as_owner` swaps the credentials in DATABASES
PGBOUNCER = env.bool("GOPIMI_PGBOUNCER", default=False)  # in transaction mode it forgets between two transactions
_options: dict[str, Any] = {
    "connect_timeout": 5,
    "application_name": "gopimi",
    "prepare_threshold": None if PGBOUNCER else 3,  # of what `gopimi.lib.statements` runs
    # A merge join reads an index from its beginning, and the planner can't know that other workspaces' rows are there.
    **({} if PGBOUNCER else {"options": "-c enable_mergejoin=off"}),
    **_app.pop("OPTIONS", {}),
}
if env.bool("GOPIMI_POOL", default=False):
    _options["pool"] = {"min_size": 1, "max_size": env.int("GOPIMI_POOL_SIZE", default=8), "timeout": 5}
DATABASES = {
    "default": {
        **_app,
        "ENGINE": "gopimi.database",
        "OPTIONS": _options,
        "CONN_MAX_AGE": 0 if "pool" in _options or TESTING else 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": PGBOUNCER,
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "gopimi_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# Accounts
AUTHENTICATION_BACKENDS = ["gopimi.workspaces.signedin.Backend"]
SESSION_ENGINE = "gopimi.workspaces.sessions"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "gopimi.workspaces.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # members come by command or by an invitation to their address
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = None  # asked at sign-in
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no mail to strangers
ACCOUNT_FORMS = {
    "login": "gopimi.workspaces.accounts.SignInForm",
    "signup": "gopimi.workspaces.accounts.SignUpForm",
    "reset_password": "gopimi.workspaces.accounts.ResetForm",
    "change_password": "gopimi.workspaces.accounts.ChangePasswordForm",
    "reauthenticate": "gopimi.workspaces.accounts.AgainForm",
    "reset_password_from_key": "gopimi.workspaces.accounts.NewPasswordForm",
}
MFA_ADAPTER = "gopimi.workspaces.accounts.TwoStepAdapter"
MFA_TOTP_ISSUER = "GoPimi"
MFA_TOTP_TOLERANCE = 1  # of 30 seconds each: phones' clocks differ
MFA_FORMS = {
    "authenticate": "gopimi.workspaces.accounts.CodeForm",
    "reauthenticate": "gopimi.workspaces.accounts.CodeAgainForm",
    "activate_totp": "gopimi.workspaces.accounts.FirstCodeForm",
}
PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip", "login_failed": "10/m/ip,10/5m/key"}
SIGNUP_OPEN = env.bool("GOPIMI_SIGNUP", default=False)
CONTACT_QUOTA = env.int("GOPIMI_CONTACT_QUOTA", default=0) or None  # of new workspaces
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# HTTPS is expected wherever a real database is configured; GOPIMI_HTTPS=false is for a trial without a certificate.
HTTPS = env.bool("GOPIMI_HTTPS", default=not EMBEDDED)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
BEHIND_PROXY = env.bool("GOPIMI_BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
ALLAUTH_TRUSTED_PROXY_COUNT = int(BEHIND_PROXY)  # whose X-Forwarded-For the rate limits believe
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "gopimi.workspaces.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}
# What is uploaded goes to a temporary file while it comes; a body that is larger is refused before.
UPLOAD_MAX_BYTES = 201 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "gopimi.lib.uploads.LimitHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # 10,000 selected ids in one form

# Language, time, static files, uploads
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # each by its own name
LOCALE_PATHS = [BASE_DIR / "gopimi" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = DATA_DIR / "uploads"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = TESTING or DEBUG
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["png", "woff2", "gz", "br", "map"]

# Mail. Without EMAIL_URL every mail that goes out is a file in the data directory, for a trial.
_email = env.email_url("EMAIL_URL", default=f"filemail:///{str(DATA_DIR / 'sent-mail').lstrip('/')}")
if "EMAIL_FILE_PATH" in _email and not env.str("EMAIL_URL", default=""):
    _email["EMAIL_FILE_PATH"] = str(DATA_DIR / "sent-mail")
if _email["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend":
    _email["EMAIL_BACKEND"] = "gopimi.lib.smtp.EmailBackend"
globals().update(_email)
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="GoPimi <gopimi@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Where GoPimi is found, for links in mails that no request leads to.
SITE_URL = env.str("GOPIMI_URL", default="").rstrip("/") or (
    f"https://{next((host for host in ALLOWED_HOSTS if not host.startswith(('*', '.'))), 'localhost')}"
    if HTTPS
    else f"http://127.0.0.1:{env.int('PORT', default=8000)}"
)
MAIL_MAX_BYTES = 50 * 1024 * 1024  # of one that comes in, at any door
RAW_MAIL_DAYS = env.int("GOPIMI_RAW_MAIL_DAYS", default=90)  # 0 is for ever

# API
API_RATE = env.int("GOPIMI_API_RATE", default=600)  # requests a minute and token; 0 is off

# Logs: one line of JSON each, to standard error
LOG_LEVEL = env.str("GOPIMI_LOG_LEVEL", default="WARNING" if EMBEDDED else "INFO")
_log_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _log_processors,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": LOG_LEVEL},
        # 4xx are answers, not faults; a 500 is logged as an error by the same logger.
        "django.request": {"level": "ERROR"},
        "mail": {"level": "WARNING"},  # aiosmtpd tells who writes to whom
        "procrastinate": {"level": "WARNING"},  # it tells its tasks at every start
        "django.server": {"handlers": [], "propagate": False},
    },
}
structlog.configure(
    processors=[*_log_processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
