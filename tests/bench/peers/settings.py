"""The same tables behind the peers: Django's usual middleware, and the apps that a peer needs."""

import os

from gopimi.settings import *  # noqa: F403
from gopimi.settings import INSTALLED_APPS, STORAGES

INSTALLED_APPS = [
    *(app for app in INSTALLED_APPS if not app.startswith("allauth")),  # it insists on its middleware
    *os.environ.get("BENCH_APPS", "").split(),
]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
ROOT_URLCONF = os.environ.get("BENCH_URLS", "gopimi.urls")
WSGI_APPLICATION = None
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
