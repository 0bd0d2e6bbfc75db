"""What a badge asks for, written and read as one thing: its groups, their requirements, their data rules."""

from .circles import would_circle as would_circle
from .errors import ChangedMeanwhile as ChangedMeanwhile
from .errors import Circle as Circle
from .errors import Inconsistent as Inconsistent
from .errors import InvalidScope as InvalidScope
from .errors import NotReviewed as NotReviewed
from .errors import NotSaved as NotSaved
from .errors import OutsideAvailability as OutsideAvailability
from .errors import WouldStopAnActiveBadge as WouldStopAnActiveBadge
from .fields import SUBSECTION_EXAMPLE as SUBSECTION_EXAMPLE
from .fields import InvalidAbout as InvalidAbout
from .fields import asks_about as asks_about
from .fields import field_of as field_of
from .fields import read_about as read_about
from .keys import KEY as KEY
from .places import read_place as read_place
from .places import read_scope as read_scope
from .reruns import Carried as Carried
from .reruns import carry_over as carry_over
from .saving import save as save
from .specs import GroupSpec as GroupSpec
from .specs import RequirementSpec as RequirementSpec
from .specs import RuleSpec as RuleSpec
from .specs import fingerprint as fingerprint
from .specs import stored as stored
