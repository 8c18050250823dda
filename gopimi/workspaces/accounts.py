"""How people get an account: closed unless the operator opened sign-up (GOPIMI_SIGNUP)."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: Any) -> bool:
        return settings.SIGNUP_OPEN
