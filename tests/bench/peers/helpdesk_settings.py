"""django-helpdesk as its documentation sets it up, in a schema of its own beside GoPimi's tables, sending nothing."""

import os

from gopimi.settings import DATABASE_OWNER
from gopimi.settings import DATABASES as GOPIMI

SCHEMA = "helpdesk"
SECRET_KEY = "bench"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        **{name: GOPIMI["default"][name] for name in ("NAME", "HOST", "PORT")},
        **{name: DATABASE_OWNER[name] for name in ("USER", "PASSWORD")},
        "OPTIONS": {"options": f"-c search_path={SCHEMA}"},
    }
}
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "rest_framework",
    "helpdesk",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
SITE_ID = 1
USE_TZ = True
ROOT_URLCONF = "tests.bench.peers.helpdesk_urls"
MEDIA_ROOT = os.environ["BENCH_MEDIA"]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
HELPDESK_TEAMS_MODE_ENABLED = False
SILENCED_SYSTEM_CHECKS = ["admin.E403", "admin.E408", "admin.E409", "admin.E410"]  # no admin is served
