"""The host's addresses: a page that plays the LMS, the admin, and whatever plugins bring."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path
from edx_django_utils.plugins import get_plugin_url_patterns

from demo import views

admin.site.site_header = admin.site.site_title = "The LMS of the demonstration"

urlpatterns = [
    path("", views.home, name="demo"),
    path("learner/", views.play_the_lms, name="demo_learner"),
    path("credly/", views.play_credly, name="demo_credly"),
    path("login/", LoginView.as_view(template_name="demo/login.html"), name="demo_login"),
    path("logout/", LogoutView.as_view(next_page="demo"), name="demo_logout"),
    path("admin/", admin.site.urls),
    *get_plugin_url_patterns("lms.djangoapp"),
]
