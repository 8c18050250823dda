from django.urls import path

from contacts.views import detail, inline
from gopimi.workspaces import views

app_name = "contacts"
urlpatterns = [
    path("", views.home, name="list"),
    path("options/", detail.options, name="options"),
    path("<int:pk>/", detail.detail, name="detail"),
    path("<int:pk>/fields/<int:field_id>/", inline.field, name="field"),
    path("<int:pk>/properties/<str:name>/", inline.property, name="property"),
]
