from django.urls import path

from customfields import views

app_name = "customfields"
urlpatterns = [
    path("", views.fields, name="list"),
    path("new/", views.new, name="new"),
    path("key/", views.key, name="key"),
    path("reorder/", views.reorder, name="reorder"),
    path("<int:pk>/", views.edit, name="detail"),
    path("<int:pk>/archive/", views.archive, name="archive"),
    path("<int:pk>/restore/", views.restore, name="restore"),
    path("<int:pk>/delete/", views.delete, name="delete"),
    path("<int:pk>/options/<int:option_pk>/delete/", views.delete_option, name="option_delete"),
    path("<int:pk>/options/<int:option_pk>/replacing/", views.replacing, name="option_replacing"),
]
