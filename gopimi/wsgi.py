import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gopimi.settings")
django = get_wsgi_application()

from tickets.express import Express  # noqa: E402 -- Django has to be set up before

application = Express(django)
