from django.urls import path

from gopimi.workspaces import views

app_name = "tickets"
urlpatterns = [
    path("tickets/", views.home, name="list"),
    path("inbox/", views.home, name="inbox"),
]
