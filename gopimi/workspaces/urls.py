from django.urls import path

from gopimi.workspaces import views

app_name = "settings"
urlpatterns = [
    path("", views.workspace_settings, name="workspace"),
]
