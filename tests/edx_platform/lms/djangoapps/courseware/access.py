"""As in ``lms/djangoapps/courseware/access.py``, as far as staff of the whole site goes."""


class AccessResponse:
    def __init__(self, has_access):
        self.has_access = has_access

    def __bool__(self):
        return self.has_access


def has_access(user, action, obj, course_key=None):
    return AccessResponse(action == "staff" and user.is_staff)
