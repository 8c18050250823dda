from django.urls import path

from customfields import views

app_name = "customfields"
urlpatterns = [
    path("", views.fields, name="list"),
    path("new/", views.new, name="new"),
    path("key/", views.key, name="key"),
    path("reorder/", views.reorder, name="reorder"),
    path("<int:field_id>/", views.edit, name="detail"),
    path("<int:field_id>/archive/", views.archive, name="archive"),
    path("<int:field_id>/restore/", views.restore, name="restore"),
    path("<int:field_id>/delete/", views.delete, name="delete"),
    path("<int:field_id>/options/<int:option_id>/delete/", views.delete_option, name="option_delete"),
]
