from django.urls import path

from gopimi.workspaces import views

app_name = "settings"
urlpatterns = [
    path("", views.workspace_settings, name="workspace"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/new/", views.new_token, name="new_token"),
    path("tokens/<int:token_id>/revoke/", views.revoke_token, name="revoke_token"),
]
