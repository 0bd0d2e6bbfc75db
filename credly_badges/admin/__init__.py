"""The admin: one module per subject. Importing each one registers it."""

from . import api_keys as api_keys
from . import application_forms as application_forms
from . import applications as applications
from . import audit as audit
from . import availability as availability
from . import awards as awards
from . import bulk as bulk
from . import claims as claims
from . import code_claims as code_claims
from . import events as events
from . import history as history
from . import levels as levels
from . import notices as notices
from . import organizations as organizations
from . import outbox as outbox
from . import progress as progress
from . import reconcile as reconcile
from . import regressions as regressions
from . import subscriber_messages as subscriber_messages
from . import subscribers as subscribers
from . import templates as templates
from . import versions as versions
