"""What an operator wants to know when badges do not come: one finding for each thing that has to work.

``diagnose`` looks at everything; ``heartbeat`` is the short answer for the LMS's own health check; ``figures`` is what
a monitoring system keeps over time.
"""

from .everything import diagnose as diagnose
from .figures import Figure as Figure
from .figures import figures as figures
from .finding import Finding as Finding
from .finding import Level as Level
from .heartbeat import heartbeat as heartbeat
