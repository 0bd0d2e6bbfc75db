"""How a badge comes about: from an empty LMS to a badge at Credly."""

from __future__ import annotations

from uuid import UUID

from credly_badges import activation, keys
from credly_badges.models import BadgeProgress, BadgeTemplate, CredlyOrganization
from credly_badges.sync import organizations
from demo.cast import AMINA, READING, TELLING
from demo.story.scenes import DATA, in_words, require
from demo.telling import Teller
from demo.world import ENVIRONMENT, World, award_of, command, days_ago, passes


def tell(world: World, teller: Teller) -> None:
    """Tell how everything is set up, and how the first learner earns a badge."""
    teller.part("From a passing grade to a badge")
    _connect(world, teller)
    _sync(world, teller)
    _require(world, teller)
    _activate(world, teller)
    _first_course(world, teller)
    _second_course(world, teller)
    _repeat(world, teller)


def _connect(world: World, teller: Teller) -> None:
    teller.chapter("The organization is connected")
    typo = world.there.key[:-1] + ("x" if world.there.key[-1] != "x" else "y")
    here = CredlyOrganization(uuid=UUID(world.there.uuid), environment=ENVIRONMENT, api_key=typo)
    teller.say(
        "A badge manager enters the organization's ID and its API key, the key with one wrong letter. The answer:"
    )
    refused = organizations.check(here)
    teller.quote([refused.sentence])
    teller.check("Connected", refused.ok, False)
    here.api_key = world.there.key
    here.save()
    teller.say("Then with the right one:")
    found = keys.look(here)
    keys.entered(here, world.admin, found=found)
    teller.quote([found.answer.sentence, found.permissions(), f"It expires {keys.expiry_in_words(world.here)}."])
    teller.check("Connected", found.answer.ok, True)
    teller.check("Its name, read from Credly", world.here.name, world.there.name)
    teller.check("Of the key, people are shown only", str(world.here.key), f"••••{world.there.key[-4:]}")


def _sync(world: World, teller: Teller) -> None:
    teller.chapter("Its badge templates are synced")
    teller.say("The operator runs the command credly_sync. It answers:")
    teller.quote(command("credly_sync"))
    teller.check("Templates here", BadgeTemplate.objects.count(), len(world.credly.store.templates))
    teller.check("Of these, active here", BadgeTemplate.objects.filter(status="active").count(), 0)
    teller.say("And again, as a cron job would:")
    teller.quote(command("credly_sync"))


def _require(world: World, teller: Teller) -> None:
    teller.chapter("What it takes is set")
    badge = world.template(DATA)
    teller.say(f"“{DATA}” cannot be activated yet. The reason given:")
    teller.quote(activation.reasons_not_to_activate(badge))
    require(world, badge, (READING.key, READING.title), (TELLING.key, TELLING.title))
    teller.say("The badge manager asks for two courses, each a group of its own. In words, the badge now takes:")
    teller.quote(in_words(badge))
    teller.check("Reasons left not to activate it", activation.reasons_not_to_activate(badge), [])


def _activate(world: World, teller: Teller) -> None:
    teller.chapter("The template is activated")
    activation.activate(world.template(DATA), by=world.admin)
    active = list(BadgeTemplate.objects.filter(status="active").values_list("name", flat=True))
    teller.check("Active templates", active, [DATA])


def _first_course(world: World, teller: Teller) -> None:
    teller.chapter(f"{AMINA.name} passes the first of two courses")
    teller.say(f"{AMINA.short} passed “{READING.title}” three days ago, and the LMS sends its signal.")
    passes(AMINA, READING, at=days_ago(3))
    progress = BadgeProgress.objects.get(template__name=DATA)
    teller.check("Progress", f"{progress.percent} %", "50 %")
    teller.check("Badges at Credly", len(world.credly.badges()), 0)
    teller.check("Orders that Credly received", world.orders(), 0)


def _second_course(world: World, teller: Teller) -> None:
    teller.chapter(f"{AMINA.name} passes the second")
    passed_at = days_ago(1, hour=16)
    passes(AMINA, TELLING, at=passed_at)
    progress = BadgeProgress.objects.get(template__name=DATA)
    teller.check("Progress", f"{progress.percent} %", "100 %")
    badges = world.badges_of(AMINA)
    teller.check("Badges at Credly", len(badges), 1)
    if not badges:
        return
    (badge,), award = badges, award_of(AMINA)
    teller.say("Credly's own record of it:")
    parts = ("issued_to_first_name", "issued_to_middle_name", "issued_to_last_name")
    teller.quote(
        [
            f"id         {badge['id']}",
            f"state      {badge['state']} (until the learner accepts it)",
            f"issued to  {' '.join(badge[part] for part in parts if badge[part])}, {badge['recipient_email']}",
            f"issued at  {badge['issued_at']}",
        ]
    )
    teller.check("The ID that the LMS stored is the same", str(award and award.credly_id), badge["id"])
    teller.check("The issue date is the moment of passing", badge["issued_at"], f"{passed_at:%Y-%m-%dT%H:%M:%S.000Z}")


def _repeat(world: World, teller: Teller) -> None:
    teller.chapter("The LMS repeats itself")
    before = len(world.credly.requests())
    teller.say(f"It does so whenever it recalculates a grade: five times more, {AMINA.short} passes “{TELLING.title}”.")
    for _ in range(5):
        passes(AMINA, TELLING, at=days_ago(0, hour=0))
    teller.check("Badges at Credly", len(world.badges_of(AMINA)), 1)
    teller.check("Requests that the repetitions cost", len(world.credly.requests()) - before, 0)
