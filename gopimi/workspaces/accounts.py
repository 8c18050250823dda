"""How people get an account and sign in: allauth, in the product's words and look.

Its forms answer a mistake with 200, not 422: from 400 on the request is rolled back, and with it the count of failed
attempts that the rate limit lives on.
"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm as ChangePassword
from allauth.account.forms import LoginForm, ReauthenticateForm, ResetPasswordForm, ResetPasswordKeyForm, SignupForm
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AuthenticateAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy

from gopimi.lib.words import Words


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy("Email or password is wrong."),
        "too_many_login_attempts": gettext_lazy("Too many failed attempts. Wait a few minutes, then try again."),
    }

    def is_open_for_signup(self, request: Any) -> bool:
        """Closed unless the operator opened it (GOPIMI_SIGNUP); members come by command or invitation."""
        return settings.SIGNUP_OPEN


class TwoStepAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("This code is wrong, or too old."),
    }

    def build_totp_svg(self, url: str) -> SafeString:
        """As a part of the page: an image of its own would need `data:` in the content security policy."""
        return mark_safe(super().build_totp_svg(url).partition("?>")[2])  # noqa: S308  drawn by the library


class ProductLook(forms.Form):
    """Our labels and inputs on a form of allauth's."""

    labels: dict[str, Words] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in self.labels.items():
            field = self.fields[name]
            field.label, field.help_text = label, ""
            field.widget.attrs.pop("placeholder", None)
            if field.widget.attrs.get("type") == "email":
                field.widget.attrs["autocomplete"] = "username"
            field.widget.attrs["class"] = "check" if isinstance(field, forms.BooleanField) else "input"
        self.fields[next(iter(self.labels))].widget.attrs["autofocus"] = True


class SignInForm(ProductLook, LoginForm):
    labels = {
        "login": gettext_lazy("Email"),
        "password": gettext_lazy("Password"),
        "remember": gettext_lazy("Keep me signed in"),
    }


class SignUpForm(ProductLook, SignupForm):
    labels = {"email": gettext_lazy("Email"), "password1": gettext_lazy("Password")}


class ResetForm(ProductLook, ResetPasswordForm):
    labels = {"email": gettext_lazy("Email")}


class NewPasswordForm(ProductLook, ResetPasswordKeyForm):
    labels = {"password1": gettext_lazy("New password"), "password2": gettext_lazy("New password again")}


class ChangePasswordForm(ProductLook, ChangePassword):
    labels = {
        "oldpassword": gettext_lazy("Current password"),
        "password1": gettext_lazy("New password"),
        "password2": gettext_lazy("New password again"),
    }


class AgainForm(ProductLook, ReauthenticateForm):
    labels = {"password": gettext_lazy("Password")}


class CodeForm(ProductLook, AuthenticateForm):
    labels = {"code": gettext_lazy("Code")}


class CodeAgainForm(ProductLook, AuthenticateAgainForm):
    labels = {"code": gettext_lazy("Code")}


class FirstCodeForm(ProductLook, ActivateTOTPForm):
    labels = {"code": gettext_lazy("Code from the app")}
