from django.urls import path

from gopimi.workspaces import views

app_name = "contacts"
urlpatterns = [
    path("", views.home, name="list"),
]
