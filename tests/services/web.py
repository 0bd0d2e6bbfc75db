"""The site behind a web server: ``gunicorn tests.services.web:application``."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
