"""Somebody looks after badge templates in the admin: the list, a template's page, its requirements, its activation."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from credly_badges import conf, lms, slugs
from credly_badges.models import AuditEntry, BadgeAward, BadgeTemplate, DataRule
from credly_badges.progress import trying
from credly_badges.testing.factories import (
    COURSE_KEY,
    AwardFactory,
    GroupFactory,
    OrganizationFactory,
    ProgressFactory,
    RequirementFactory,
    RuleFactory,
    TemplateFactory,
    UserFactory,
    a_badge_for_passing,
)

pytestmark = pytest.mark.django_db

GRADE = "org.openedx.learning.course.persistent_grade_summary.changed.v1"
PROGRAM = "org.openedx.learning.program.certificate.awarded.v1"
LIST = reverse("admin:credly_badges_badgetemplate_changelist")


@pytest.fixture(autouse=True)
def courses(settings):
    """The LMS has one course, Demonstration Course."""
    settings.CREDLY_BADGES_LMS_BACKEND = "credly_badges.testing.lms.StandInLMS"
    backend = lms.backend()
    backend.clear()
    backend.add_course(COURSE_KEY, "Demonstration Course")
    yield backend
    backend.clear()


@pytest.fixture
def log_in(client):
    """Log somebody in who has just these permissions; without any named, all."""

    def log_in(*permissions):
        user = UserFactory(is_staff=True, is_superuser=not permissions)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        assert user.user_permissions.count() == len(permissions)
        client.force_login(user)
        return user

    return log_in


def address(template, page="change"):
    return reverse(f"admin:credly_badges_badgetemplate_{page}", args=[template.pk])


def text_of(answer):
    """What can be read on a page."""
    page = answer.content.decode()
    page = re.sub(r"<(script|style|head).*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("&amp;", "&").split())


# The list


@pytest.mark.parametrize("rows", [5, 50])
def test_the_list_takes_the_same_few_queries_however_long_it_is(client, log_in, django_assert_num_queries, rows):
    log_in()
    for _row in range(rows):
        template = TemplateFactory(organization=OrganizationFactory())
        RequirementFactory(group__template=template)
        AwardFactory(template=template)
    client.get(LIST)  # The second time, content types are remembered.

    with django_assert_num_queries(9):
        answer = client.get(LIST)

    assert answer.context["cl"].result_count == rows


def test_the_list_shows_what_each_template_is_and_what_hangs_on_it(client, log_in):
    log_in()
    template = TemplateFactory(name="Statistics", image_url="https://images.example/1.png")
    group = GroupFactory(template=template)
    RequirementFactory.create_batch(2, group=group)
    AwardFactory.create_batch(3, template=template)

    page = client.get(LIST).content.decode()

    assert 'src="https://images.example/1.png" alt="Image of Statistics"' in page
    assert 'loading="lazy"' in page
    assert '<td class="field-requirement_count">2</td><td class="field-award_count">3</td>' in page
    assert '<span class="credly-sandbox">sandbox</span>' in page


def test_an_image_address_that_is_no_web_address_is_not_put_on_the_page(client, log_in):
    log_in()
    template = TemplateFactory(image_url="javascript:alert(1)", criteria_url="javascript:alert(2)")

    pages = [client.get(LIST), client.get(address(template))]

    assert not [page for page in pages if "javascript:alert" in page.content.decode()]


@pytest.mark.parametrize(
    "query",
    [
        "status__exact=active",
        "credly_state__exact=archived",
        "level=Advanced",
        "q=statis",
        "organization__id__exact={}",
    ],
)
def test_the_list_can_be_narrowed_down(client, log_in, query):
    log_in()
    wanted = TemplateFactory(name="Statistics", level="Advanced", active=True, archived=True)
    TemplateFactory(name="Painting", level="Intermediate")

    answer = client.get(f"{LIST}?{query.format(wanted.organization_id)}")

    assert list(answer.context["cl"].result_list) == [wanted]


def test_nobody_adds_or_deletes_a_template(client, log_in):
    log_in()
    template = TemplateFactory()

    answers = [
        client.post(reverse("admin:credly_badges_badgetemplate_add"), {"name": "Mine"}),
        client.post(address(template, "delete"), {"post": "yes"}),
        client.post(address(template), {"name": "Mine"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 405]
    assert BadgeTemplate.objects.get().name == template.name


# One template


def test_the_page_shows_what_credly_says_as_text_and_nothing_to_type_into(client, log_in):
    log_in()
    template = TemplateFactory(
        description="Shows <script>alert(1)</script>",
        skills=["Statistics"],
        activities=[{"title": "Final exam", "type": "Assessment", "url": "https://example.com/exam"}],
        alignments=[{"name": "ESCO", "url": "javascript:alert(1)", "description": "European skills"}],
    )

    page = client.get(address(template)).content.decode()

    assert "Shows &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<li>Statistics</li>" in page
    assert '<a href="https://example.com/exam" rel="noopener noreferrer">Final exam</a>' in page
    assert "<li>ESCO" in page
    assert "javascript:" not in page
    assert 'type="text"' not in page


def test_the_page_says_in_words_what_a_learner_has_to_do(client, log_in):
    log_in()
    template = TemplateFactory()
    courses = GroupFactory(template=template, name="Courses")
    RuleFactory(requirement=RequirementFactory(group=courses, description="Pass the course"))
    either = GroupFactory(template=template, needs="at_least", at_least=1)
    grade = RequirementFactory(group=either, description="", event_type=GRADE, scope="edX+DemoX")
    RuleFactory(requirement=grade, path="grade.percent", field_type="number", operator="gte", value="80")
    RequirementFactory(group=either, event_type=PROGRAM, scope="")

    page = text_of(client.get(address(template)))

    assert "a learner must meet every one of these groups: Courses Pass the course" in page
    assert f"Course passing status, in Demonstration Course ({COURSE_KEY}) Learner is passing: yes." in page
    assert "at least 1 of these Course grade, in any run of the course edX+DemoX Grade is 80 % or more." in page
    assert "Program certificate awarded, in any program The event alone is enough" in page


def test_a_template_without_requirements_says_what_to_do_next(client, log_in):
    log_in()
    template = TemplateFactory()

    answer = client.get(address(template))

    assert "It has no requirement, so nobody could earn it. Add at least one." in text_of(answer)
    assert "Add the first requirement" in text_of(answer)
    assert address(template, "requirements") in answer.content.decode()
    assert "Activate…" not in text_of(answer)


def test_the_page_takes_the_same_queries_however_much_a_badge_asks_for(client, log_in, django_assert_max_num_queries):
    log_in()
    template = TemplateFactory()
    for _group in range(10):
        for requirement in RequirementFactory.create_batch(5, group=GroupFactory(template=template)):
            RuleFactory.create_batch(2, requirement=requirement)

    with django_assert_max_num_queries(22):
        page = client.get(address(template))

    assert page.status_code == 200


def test_the_page_leads_to_what_was_made_of_the_badge(client, log_in):
    log_in()
    template = TemplateFactory(status=BadgeTemplate.Status.ACTIVE)

    page = client.get(address(template)).content.decode()

    for model in ("badgeaward", "bulkissue", "claimcode", "application"):
        assert f"/{model}/?template__id__exact={template.pk}" in page
    assert f"/applicationform/add/?template={template.pk}" in page
    assert f'href="{slugs.public_path(template)}"' in page


def test_the_page_leads_nobody_to_where_they_are_refused(client, log_in):
    log_in("view_badgetemplate")
    template = TemplateFactory()

    page = client.get(address(template)).content.decode()

    for model in ("badgeaward", "bulkissue", "claimcode", "application", "applicationform"):
        assert f"/credly_badges/{model}/" not in page
    assert slugs.public_path(template) not in page


# Activation


def test_an_admin_is_asked_and_then_learners_can_earn_the_badge(client, log_in):
    admin = log_in("view_badgetemplate", "activate_badgetemplate")
    template = a_badge_for_passing()
    BadgeTemplate.objects.update(status="draft")

    question = client.post(address(template, "activate"))
    still_inactive = not BadgeTemplate.objects.get().is_active
    done = client.post(address(template, "activate"), {"confirmed": "yes"}, follow=True)

    assert "Yes: Activate" in text_of(question)
    assert "Learner is passing: yes." in text_of(question)
    assert still_inactive
    assert BadgeTemplate.objects.get().is_active
    assert "is active: learners can earn it from now on" in text_of(done)
    assert f"by {admin}" in text_of(done)


def test_a_template_that_cannot_be_activated_says_why_and_stays_as_it_is(client, log_in):
    log_in("view_badgetemplate", "activate_badgetemplate")
    template = a_badge_for_passing(archived=True)
    BadgeTemplate.objects.update(status="draft")

    page = client.get(address(template))
    question = client.get(address(template, "activate"))
    done = client.post(address(template, "activate"), {"confirmed": "yes"}, follow=True)

    for answer in (page, question, done):
        assert "At Credly the template is archived" in text_of(answer)
    assert "Yes: Activate" not in text_of(question)
    assert not BadgeTemplate.objects.get().is_active


def test_deactivating_keeps_the_reason(client, log_in):
    log_in("view_badgetemplate", "activate_badgetemplate")
    template = a_badge_for_passing()

    client.post(address(template, "deactivate"), {"confirmed": "yes", "because": "The course is closed."})

    assert not BadgeTemplate.objects.get().is_active
    assert AuditEntry.objects.get().because == "The course is closed."
    assert "Reason: The course is closed." in text_of(client.get(address(template)))


def test_activating_several_tells_of_each_what_came_of_it(client, log_in):
    log_in("view_badgetemplate", "activate_badgetemplate")
    good, active = a_badge_for_passing(name="Good"), a_badge_for_passing(name="Active")
    empty = TemplateFactory(name="Empty")
    BadgeTemplate.objects.filter(pk=good.pk).update(status="draft")
    chosen = {"action": "activate_selected", "_selected_action": [good.pk, active.pk, empty.pk]}

    question = client.post(LIST, chosen)
    untouched = BadgeTemplate.objects.filter(status="active").count() == 1
    done = text_of(client.post(LIST, {**chosen, "confirmed": "yes"}, follow=True))

    assert "Empty ( Example University" not in text_of(question)
    assert "cannot be activated It has no requirement" in text_of(question)
    assert untouched
    assert "“Good” is active: learners can earn it from now on." in done
    assert "“Active” was active already." in done
    assert "“Empty” was not activated. It has no requirement" in done
    assert set(BadgeTemplate.objects.filter(status="active")) == {good, active}


def test_whoever_may_only_look_changes_nothing(client, log_in):
    log_in("view_badgetemplate")
    template = a_badge_for_passing()
    shape = json.dumps([])

    page = client.get(address(template))
    requirements = client.get(address(template, "requirements"))
    refused = [
        client.post(address(template, "requirements"), {"shape": shape, "seen": "", "do": "save"}),
        client.post(address(template, "activate"), {"confirmed": "yes"}),
        client.post(address(template, "deactivate"), {"confirmed": "yes"}),
    ]
    client.post(LIST, {"action": "deactivate_selected", "_selected_action": [template.pk], "confirmed": "yes"})

    assert "Learner is passing: yes." in text_of(page)
    assert "Edit requirements" not in text_of(page)
    assert "Deactivate…" not in text_of(page)
    assert 'name="do"' not in requirements.content.decode()
    assert not re.findall(r"<(?:select|input type=.(?:text|number).)(?![^>]*disabled)[^>]*>", _form(requirements))
    assert [answer.status_code for answer in refused] == [403, 403, 403]
    assert BadgeTemplate.objects.get().is_active
    assert DataRule.objects.count() == 1


def _form(answer):
    return re.search(r'<form[^>]*id="requirements-editor".*</form>', answer.content.decode(), re.DOTALL).group()


def test_whoever_may_edit_requirements_may_not_activate(client, log_in):
    log_in("view_badgetemplate", "change_badgetemplate")
    template = a_badge_for_passing()

    answers = [client.get(address(template, "requirements")), client.post(address(template, "deactivate"))]

    assert [answer.status_code for answer in answers] == [200, 403]


def test_without_permission_there_is_nothing_to_see(client, log_in):
    log_in("view_badgeaward")
    template = TemplateFactory()

    answers = [client.get(each) for each in (LIST, address(template), address(template, "requirements"))]

    assert [answer.status_code for answer in answers] == [403, 403, 403]


def test_production_is_not_marked_as_sandbox(client, log_in):
    log_in()
    template = TemplateFactory(organization__environment=conf.PRODUCTION)

    pages = [client.get(LIST), client.get(address(template))]

    assert not [page for page in pages if "credly-sandbox" in page.content.decode()]


# Its terms

TERMS = {
    "expiry": "template",
    "repeat": "once",
    "on_duplicate": "adopt",
    "release": "at_once",
    "on_loss": "keep",
    "on_change": "move",
}


def test_terms_are_saved_and_kept_in_the_audit_log_and_read_on_the_page(client, log_in):
    user, template = log_in("view_badgetemplate", "change_badgetemplate"), TemplateFactory()
    wanted = {
        **TERMS,
        "expiry": "period",
        "expiry_days": "365",
        "renewal_days": "30",
        "repeat": "once",
        "on_duplicate": "stop",
        "evidence_grade": "on",
        "evidence_note": "Well done.",
        "suppress_email": "True",
    }

    asked = client.get(address(template, "terms"))
    page = client.post(address(template, "terms"), wanted, follow=True)

    assert asked.context["form"].initial["expiry"] == "template"
    assert "365 days after it was earned" in text_of(page)
    assert "from 30 days before it expires" in text_of(page)
    assert "show the grade, “Well done.”" in text_of(page)
    entry = AuditEntry.objects.get(action="template.changed")
    assert entry.actor == user
    assert entry.before["expiry"] == "template"
    assert entry.after == {
        "expiry": "period",
        "expiry_days": 365,
        "renewal_days": 30,
        "on_duplicate": "stop",
        "evidence_grade": True,
        "evidence_note": "Well done.",
        "suppress_email": True,
    }


def test_a_day_of_arrival_that_is_moved_is_the_day_of_those_who_wait_for_it(client, log_in):
    log_in()
    far, near = (timezone.now().date() + timedelta(days=days) for days in (90, 1))
    template = TemplateFactory(active=True, release="date", release_on=far)
    now = timezone.now()
    waiting = ProgressFactory(
        template=template, completed_at=now, earned_at=now, withheld="Earned", try_again_at=now + timedelta(days=90)
    )

    client.post(address(template, "terms"), TERMS | {"release": "date", "release_on": near.isoformat()})
    trying.try_again()

    waiting.refresh_from_db()
    assert timezone.localtime(waiting.try_again_at).date() == near
    assert not BadgeAward.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"expiry": "date"}, "no date is given"),
        ({"expiry": "date", "expiry_date": "2020-01-01"}, "an expiry date that is yet to come"),
        ({"expiry": "period"}, "Give the days until it expires"),
        ({"expiry": "never", "renewal_days": "30"}, "nothing to renew"),
        ({"repeat": "period"}, "Give the days between two badges"),
        ({"expiry": "whenever"}, "whenever is not one of the available choices"),
    ],
)
def test_terms_that_make_no_sense_together_are_not_saved(client, log_in, wanted, sentence):
    log_in()
    template = TemplateFactory()

    page = client.post(address(template, "terms"), TERMS | wanted)

    assert "Nothing was saved." in text_of(page)
    assert sentence in text_of(page)
    assert BadgeTemplate.objects.get().expiry == "template"
    assert not AuditEntry.objects.exists()


def test_terms_that_are_as_they_were_write_nothing(client, log_in):
    log_in()
    template = TemplateFactory()

    page = client.post(address(template, "terms"), TERMS, follow=True)

    assert "Nothing was changed." in text_of(page)
    assert not AuditEntry.objects.exists()


def test_terms_are_for_those_who_may_change_templates(client, log_in):
    template = TemplateFactory()

    stranger = client.get(address(template, "terms"))
    log_in("view_badgetemplate", "activate_badgetemplate")
    page = client.get(address(template))
    refused = [client.get(address(template, "terms")), client.post(address(template, "terms"), TERMS)]

    assert "/admin/login/" in stranger["Location"]
    assert "Edit terms" not in text_of(page)
    assert [answer.status_code for answer in refused] == [403, 403]


def test_a_template_with_faulty_terms_is_not_activated(client, log_in):
    log_in()
    template = a_badge_for_passing(expiry="period")

    page = client.get(address(template))

    assert "Give the days until it expires." in text_of(page)
