from django.urls import path

from organizations import views

app_name = "organizations"
urlpatterns = [
    path("", views.organizations, name="list"),
    path("new/", views.new, name="new"),
    path("options/", views.options, name="options"),
    path("<int:pk>/", views.edit, name="detail"),
    path("<int:pk>/delete/", views.delete, name="delete"),
]
