"""As in ``lms/djangoapps/certificates/api.py`` and ``utils.py``, where certificates are web pages."""


def get_certificate_url(user_id=None, course_id=None, uuid=None, user_certificate=None):
    return f"/certificates/{uuid}" if uuid else ""
