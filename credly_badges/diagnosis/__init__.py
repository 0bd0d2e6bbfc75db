"""What an operator wants to know when badges do not come: one finding for each thing that has to work.

``diagnose`` looks at everything; ``heartbeat`` is the short answer for the LMS's own health check.
"""

from .everything import diagnose as diagnose
from .finding import Finding as Finding
from .finding import Level as Level
from .heartbeat import heartbeat as heartbeat
