"""Who qualifies, what we recorded and what Credly holds: compared, and brought together.

Reading order: ``causes`` (what can be the matter, and what mends it), ``runs`` (begin one, hold it, leave it), ``work``
(a run from where it stands to its end), ``credly_side``, ``our_side`` and ``learner_side`` (the three steps),
``compare`` (what two accounts of one badge say of each other), ``fixes`` (mend one difference), ``nightly``.
"""

from .nightly import nightly as nightly
