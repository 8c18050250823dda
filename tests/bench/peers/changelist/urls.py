from django.urls import path

from tests.bench.peers.changelist.admin import site

urlpatterns = [path("admin/", site.urls)]
