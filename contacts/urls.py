from django.urls import path

from contacts.views import bulk, detail, edit, export, filtering, inline, table, trash

app_name = "contacts"
urlpatterns = [
    path("", table.table, name="list"),
    path("columns/", table.choose_columns, name="columns"),
    path("filter/", filtering.filtering, name="filter"),
    path("api-call/", filtering.api_call, name="api_call"),
    path("export/", export.export, name="export"),
    path("options/", detail.options, name="options"),
    path("new/", edit.new, name="new"),
    path("delete/", bulk.delete, name="delete"),
    path("undo/<uuid:deletion>/", bulk.undo, name="undo"),
    path("trash/", trash.trash, name="trash"),
    path("restore/", bulk.restore, name="restore"),
    path("<int:pk>/", detail.detail, name="detail"),
    path("<int:pk>/edit/", edit.edit, name="edit"),
    path("<int:pk>/fields/<int:field_pk>/", inline.field, name="field"),
    path("<int:pk>/properties/<str:property>/", inline.contact_property, name="property"),
]
