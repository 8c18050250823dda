from django.urls import path

from contacts.views import bulk, detail, edit, export, filtering, import_runs, imports, inline, saved, table, trash

app_name = "contacts"
urlpatterns = [
    path("", table.table, name="list"),
    path("columns/", table.choose_columns, name="columns"),
    path("filter/", filtering.filtering, name="filter"),
    path("api-call/", filtering.api_call, name="api_call"),
    path("views/", saved.views, name="views"),
    path("views/new/", saved.new, name="view_new"),
    path("views/order/", saved.reorder, name="views_order"),
    path("views/<int:view_pk>/", saved.edit, name="view"),
    path("views/<int:view_pk>/save/", saved.save, name="view_save"),
    path("views/<int:view_pk>/delete/", saved.delete, name="view_delete"),
    path("export/", export.export, name="export"),
    path("imports/", imports.imports, name="imports"),
    path("imports/new/", imports.new, name="import_new"),
    path("imports/<int:import_pk>/", import_runs.detail, name="import"),
    path("imports/<int:import_pk>/columns/", imports.columns, name="import_columns"),
    path("imports/<int:import_pk>/discard/", imports.discard, name="import_discard"),
    path("imports/<int:import_pk>/start/", import_runs.start, name="import_start"),
    path("imports/<int:import_pk>/cancel/", import_runs.cancel, name="import_cancel"),
    path("imports/<int:import_pk>/rows/", import_runs.repair, name="import_rows"),
    path("imports/<int:import_pk>/errors.csv", import_runs.errors, name="import_errors"),
    path("imports/<int:import_pk>/undo/", import_runs.undo, name="import_undo"),
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
