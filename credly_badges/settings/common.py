"""The plugin's settings and their defaults.

An LMS runs this before it reads its own configuration file, so whatever an operator writes there wins.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

DEFAULTS: dict[str, Any] = {
    # .. setting_name: CREDLY_BADGES_ENCRYPTION_KEYS
    # .. setting_default: []
    # .. setting_description: The key ring that encrypts Credly API keys in the database: Fernet keys, the newest first.
    #   The first one encrypts, all of them decrypt, so a new key is added in front and the old one stays until every
    #   stored key was encrypted anew by ``credly_keys rotate-encryption``. Make one with
    #   ``python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"``.
    # .. setting_warning: An API key whose encryption key is lost cannot be read again and must be entered anew.
    "CREDLY_BADGES_ENCRYPTION_KEYS": [],
    # .. setting_name: CREDLY_BADGES_API_KEYS
    # .. setting_default: {}
    # .. setting_description: Credly API keys for sites that keep secrets out of the database: a mapping of organization
    #   IDs to keys, or to functions (or their dotted paths) that fetch one; or one function, or its dotted path, for
    #   every organization. A function takes the organization's UUID and returns its key, or an empty text if it has
    #   none. A key given here is used instead of the one stored with the organization. In the mapping, words joined by
    #   dots are taken for a dotted path.
    "CREDLY_BADGES_API_KEYS": {},
    # .. setting_name: CREDLY_BADGES_API_URLS
    # .. setting_default: {}
    # .. setting_description: Further Credly API addresses that an organization may be connected to, by name, beside
    #   Credly's own production and sandbox: a proxy, or the stand-in Credly of the demonstration.
    # .. setting_warning: Learners' names and e-mail addresses are sent there. Only list addresses that you trust.
    "CREDLY_BADGES_API_URLS": {},
    # .. setting_name: CREDLY_BADGES_LMS_BACKEND
    # .. setting_default: "credly_badges.lms.EdxPlatform"
    # .. setting_description: Dotted path of the class through which the plugin asks about learners, courses and roles.
    #   Only a host that is no LMS needs another one.
    "CREDLY_BADGES_LMS_BACKEND": "credly_badges.lms.EdxPlatform",
    # .. setting_name: CREDLY_BADGES_CELERY_QUEUE
    # .. setting_default: None
    # .. setting_description: The Celery queue of the plugin's tasks. None leaves them on the default queue of the LMS.
    # .. setting_warning: A queue that no worker listens to is never worked off.
    "CREDLY_BADGES_CELERY_QUEUE": None,
    # .. setting_name: CREDLY_BADGES_CONNECT_TIMEOUT
    # .. setting_default: 5
    # .. setting_description: Seconds to wait for a connection to Credly.
    "CREDLY_BADGES_CONNECT_TIMEOUT": 5,
    # .. setting_name: CREDLY_BADGES_READ_TIMEOUT
    # .. setting_default: 20
    # .. setting_description: Seconds to wait for Credly's answer once a request is sent.
    "CREDLY_BADGES_READ_TIMEOUT": 20,
    # .. setting_name: CREDLY_BADGES_MAX_ATTEMPTS
    # .. setting_default: 12
    # .. setting_description: How often a message to Credly is tried before it waits for a person.
    "CREDLY_BADGES_MAX_ATTEMPTS": 12,
    # .. setting_name: CREDLY_BADGES_FIRST_WAIT
    # .. setting_default: 30
    # .. setting_description: Seconds before the second attempt of a message. Each further wait is about twice as long.
    "CREDLY_BADGES_FIRST_WAIT": 30,
    # .. setting_name: CREDLY_BADGES_LONGEST_WAIT
    # .. setting_default: 21600
    # .. setting_description: The longest wait between two attempts, in seconds; six hours unless set.
    "CREDLY_BADGES_LONGEST_WAIT": 6 * 60 * 60,
    # .. setting_name: CREDLY_BADGES_LEASE_SECONDS
    # .. setting_default: 120
    # .. setting_description: For how many seconds a worker holds a message. If it has not finished by then, for example
    #   because it was killed, another worker takes the message up.
    # .. setting_warning: Must be longer than the connect and read time-outs together.
    "CREDLY_BADGES_LEASE_SECONDS": 120,
    # .. setting_name: CREDLY_BADGES_FOLLOW_UP_SECONDS
    # .. setting_default: 900
    # .. setting_description: The longest countdown, in seconds, of a task that a worker leaves for itself. A message
    #   that is due later is looked at again when the countdown ends.
    # .. setting_warning: With Redis as the broker, a countdown beyond its visibility time-out runs a task twice.
    "CREDLY_BADGES_FOLLOW_UP_SECONDS": 900,
    # .. setting_name: CREDLY_BADGES_SWEEP_SECONDS
    # .. setting_default: 300
    # .. setting_description: How often, in seconds, the work that nobody was woken for is looked for: by a Celery beat
    #   where the site runs one, and by workers that deliver something anyway. A cron job may run ``credly_outbox run``
    #   instead.
    "CREDLY_BADGES_SWEEP_SECONDS": 300,
    # .. setting_name: CREDLY_BADGES_SUPPRESS_CREDLY_EMAIL
    # .. setting_default: False
    # .. setting_description: Whether Credly is asked not to send its own e-mail to a learner who was issued a badge.
    "CREDLY_BADGES_SUPPRESS_CREDLY_EMAIL": False,
    # .. setting_name: CREDLY_BADGES_API_KEY_CACHE_SECONDS
    # .. setting_default: 60
    # .. setting_description: For how many seconds each process remembers an API key that a function named in
    #   ``CREDLY_BADGES_API_KEYS`` gave it; 0 asks the function each time. When Credly refuses the key, the function is
    #   asked at once.
    "CREDLY_BADGES_API_KEY_CACHE_SECONDS": 60,
    # .. setting_name: CREDLY_BADGES_WEBHOOK_SECRET_REQUIRED
    # .. setting_default: False
    # .. setting_description: Whether Credly's notices are only taken at the address that ends with the organization's
    #   secret, and no longer at the plain one. The admin shows that address on the organization's page.
    # .. setting_warning: Paste the address with the secret into Credly first; until then only the events feed tells.
    "CREDLY_BADGES_WEBHOOK_SECRET_REQUIRED": False,
    # .. setting_name: CREDLY_BADGES_WEBHOOK_RATE
    # .. setting_default: 120
    # .. setting_description: How many of Credly's notices to one organization are taken in a minute from one sender
    #   address; from all addresses together four times as many. The others are asked to come again, and the events
    #   feed brings them as well. Counted in Django's default cache, so set up one that all processes share.
    "CREDLY_BADGES_WEBHOOK_RATE": 120,
    # .. setting_name: CREDLY_BADGES_NOTICE_DAYS
    # .. setting_default: 90
    # .. setting_description: For how many days a notice from Credly is kept once it is finished. One that Credly did
    #   not confirm is kept for a week.
    "CREDLY_BADGES_NOTICE_DAYS": 90,
    # .. setting_name: CREDLY_BADGES_EVENT_DAYS
    # .. setting_default: 365
    # .. setting_description: For how many days an event is kept that decides nothing: that no badge counts for its
    #   learner. 0 keeps all of them for ever. What decided something is kept as long as it does.
    # .. setting_warning: A removed event can no longer be explained, nor counted when requirements change.
    "CREDLY_BADGES_EVENT_DAYS": 365,
    # .. setting_name: CREDLY_BADGES_BREAKER_FAILURES
    # .. setting_default: 5
    # .. setting_description: After how many failures in a row, of all workers together, nothing is sent to Credly for
    #   an organization for a while. An answer of any kind begins the count anew. 0 never stops sending.
    "CREDLY_BADGES_BREAKER_FAILURES": 5,
    # .. setting_name: CREDLY_BADGES_BREAKER_SECONDS
    # .. setting_default: 60
    # .. setting_description: For how many seconds nothing is sent then. After them one request finds out whether Credly
    #   answers again; each time it does not, the wait doubles, up to ``CREDLY_BADGES_LONGEST_WAIT``.
    "CREDLY_BADGES_BREAKER_SECONDS": 60,
    # .. setting_name: CREDLY_BADGES_RECONCILE_HOURS
    # .. setting_default: 24
    # .. setting_description: After how many hours each organization's badges are compared with Credly's again, by the
    #   scheduled work; 0 never begins a comparison by itself.
    "CREDLY_BADGES_RECONCILE_HOURS": 24,
    # .. setting_name: CREDLY_BADGES_RECONCILE_FIX
    # .. setting_default: ["state", "replaced", "deleted"]
    # .. setting_description: Which kinds of differences the scheduled comparison mends, by the names that
    #   ``credly_reconcile --fix`` takes. Those of the default only correct our own record. The others wait for a
    #   person; so does ``deleted`` where more than 20 badges at once seem to be gone, as Credly may be wrong then.
    # .. setting_warning: ``not_awarded``, ``not_sent``, ``not_revoked`` and ``address`` issue, revoke and move badges
    #   at Credly without anybody being asked.
    "CREDLY_BADGES_RECONCILE_FIX": ["state", "replaced", "deleted"],
    # .. setting_name: CREDLY_BADGES_RECONCILE_SLICE_SECONDS
    # .. setting_default: 120
    # .. setting_description: For how many seconds one round of the scheduled work compares badges. The next round goes
    #   on where it stopped.
    "CREDLY_BADGES_RECONCILE_SLICE_SECONDS": 120,
    # .. setting_name: CREDLY_BADGES_RECONCILE_GRACE_SECONDS
    # .. setting_default: 900
    # .. setting_description: For how many seconds after its last change an award is left out of comparisons, because
    #   Credly's search may not show the change yet.
    "CREDLY_BADGES_RECONCILE_GRACE_SECONDS": 900,
    # .. setting_name: CREDLY_BADGES_FEED_MINUTES
    # .. setting_default: 15
    # .. setting_description: How often, in minutes, Credly's events feed is read for what no webhook has told us. It is
    #   part of the scheduled work, so never more often than ``CREDLY_BADGES_SWEEP_SECONDS``.
    "CREDLY_BADGES_FEED_MINUTES": 15,
    # .. setting_name: CREDLY_BADGES_BATCH_SIZE
    # .. setting_default: 25
    # .. setting_description: How many badges of one organization go to Credly in one request where several are waiting,
    #   at most 50. With 1, each goes in a request of its own.
    # .. setting_warning: An answer that is lost has each badge of the request looked for, so a small number costs less
    #   where the connection is bad.
    "CREDLY_BADGES_BATCH_SIZE": 25,
    # .. setting_name: CREDLY_BADGES_SYNC_HOURS
    # .. setting_default: 24
    # .. setting_description: After how many hours each organization's badge templates are synced in whole again, by the
    #   scheduled work; 0 never does so by itself. Single changes come by webhook or with the events feed in between.
    "CREDLY_BADGES_SYNC_HOURS": 24,
    # .. setting_name: CREDLY_BADGES_RETIREMENT_DELETES_AT_CREDLY
    # .. setting_default: True
    # .. setting_description: Whether Credly is asked to delete the badges of a learner whom the LMS retires. The order
    #   goes through the outbox: it is tried again until Credly has confirmed it.
    # .. setting_warning: The API key needs the permission to delete.
    "CREDLY_BADGES_RETIREMENT_DELETES_AT_CREDLY": True,
    # .. setting_name: CREDLY_BADGES_RETIREMENT_ERASES_AWARDS
    # .. setting_default: False
    # .. setting_description: Whether the awards of a retired learner are erased here. Unless it is set they stay for
    #   the counts, with their template, dates and state, and nothing that tells whose they were.
    "CREDLY_BADGES_RETIREMENT_ERASES_AWARDS": False,
    # .. setting_name: CREDLY_BADGES_REVIEW_REQUIRED
    # .. setting_default: False
    # .. setting_description: Whether a badge has to be submitted for review, and approved by somebody with the
    #   permission to approve badges, before learners can earn it. Without it, who may activate badges does so directly.
    "CREDLY_BADGES_REVIEW_REQUIRED": False,
    # .. setting_name: CREDLY_BADGES_SEPARATE_APPROVER
    # .. setting_default: False
    # .. setting_description: Whether a badge has to be approved or activated by somebody else than the person who
    #   submitted it for review, or who changed its requirements last.
    "CREDLY_BADGES_SEPARATE_APPROVER": False,
    # .. setting_name: CREDLY_BADGES_EVENTS
    # .. setting_default: []
    # .. setting_description: Dotted paths of further kinds of events that requirements can listen to, each leading to
    #   an ``EventType`` of ``credly_badges.events.catalogue`` or to a list of them. Plugins register theirs with the
    #   entry point group ``credly_badges.events`` instead.
    "CREDLY_BADGES_EVENTS": [],
    # .. setting_name: CREDLY_BADGES_METRICS_TOKEN
    # .. setting_default: ""
    # .. setting_description: With this token, sent as ``Authorization: Bearer``, a monitoring system reads
    #   ``/badges/health?format=prometheus`` without a session. Empty lets nobody in without one.
    # .. setting_warning: Take one that cannot be guessed, such as from ``openssl rand -hex 32``.
    "CREDLY_BADGES_METRICS_TOKEN": "",
    # .. setting_name: CREDLY_BADGES_API_RATES
    # .. setting_default: {"key": 600, "user": 120, "anonymous": 60, "claim": 10}
    # .. setting_description: How many requests to the REST API are taken in a minute: of each API key that has no limit
    #   of its own, of each user, of each address without a log-in, and how many claim codes one learner may try, and
    #   how many tries from one address may fail. What is left out keeps its default. Counted in Django's default
    #   cache, so set up one that all processes share.
    "CREDLY_BADGES_API_RATES": {"key": 600, "user": 120, "anonymous": 60, "claim": 10},
    # .. setting_name: CREDLY_BADGES_API_MASTER_SECRET
    # .. setting_default: ""
    # .. setting_description: With this secret, requests signed as BadgeKit's master (``key`` is ``master``) may do
    #   everything at every level. Empty takes none of them.
    # .. setting_warning: At least 32 characters that cannot be guessed, such as from ``openssl rand -hex 32``.
    "CREDLY_BADGES_API_MASTER_SECRET": "",
    # .. setting_name: CREDLY_BADGES_EVIDENCE_STORAGE
    # .. setting_default: ""
    # .. setting_description: Where the pictures are kept that learners send with their applications: the dotted path of
    #   a Django storage class, or the name of one in ``STORAGES``. Empty is the default storage of the LMS.
    # .. setting_warning: Choose one whose files the public cannot read; the REST API gives them to reviewers.
    "CREDLY_BADGES_EVIDENCE_STORAGE": "",
    # .. setting_name: CREDLY_BADGES_EVIDENCE_MAX_BYTES
    # .. setting_default: 5242880
    # .. setting_description: How large such a picture may be, in bytes; five megabytes unless set.
    "CREDLY_BADGES_EVIDENCE_MAX_BYTES": 5 * 1024 * 1024,
    # .. setting_name: CREDLY_BADGES_PUBLIC_PAGES
    # .. setting_default: True
    # .. setting_description: Whether anybody may see the page of a badge that learners can earn, its Open Badges
    #   document, and the page of an award that its learner chose to share.
    "CREDLY_BADGES_PUBLIC_PAGES": True,
    # .. setting_name: CREDLY_BADGES_SUBSCRIBER_HOSTS
    # .. setting_default: []
    # .. setting_description: Hosts and networks (``hooks.example.com``, ``10.1.0.0/16``) that subscribers may be at
    #   although their addresses are private or loopback ones.
    # .. setting_warning: Whoever may set up a subscriber can have the LMS send requests there.
    "CREDLY_BADGES_SUBSCRIBER_HOSTS": [],
    # .. setting_name: CREDLY_BADGES_SUBSCRIBER_TIMEOUT
    # .. setting_default: 5
    # .. setting_description: Seconds that a subscriber has to take a message, from the first connection to the last
    #   byte.
    "CREDLY_BADGES_SUBSCRIBER_TIMEOUT": 5,
    # .. setting_name: CREDLY_BADGES_SUBSCRIBER_DAYS
    # .. setting_default: 30
    # .. setting_description: For how many days a message to a subscriber is kept once it is finished.
    "CREDLY_BADGES_SUBSCRIBER_DAYS": 30,
}


def plugin_settings(settings: Any) -> None:
    """Give the LMS every setting that it does not have yet."""
    for name, default in DEFAULTS.items():
        if not hasattr(settings, name):
            setattr(settings, name, deepcopy(default))
