"""Requirements as files: written for review and other sites, checked, compared with what there is, and applied.

Imported only by who reads or writes files, as it needs the extra ``files``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from .. import lint, versions
from ..models import BadgeProgress, BadgeTemplate
from . import circles, form, keys, yaml_text
from .differences import differences
from .errors import Circle, NotSaved, WouldStopAnActiveBadge, said_with_its_code
from .form import Wanted
from .saving import save
from .specs import Groups, content, fingerprint, stored
from .yaml_text import Document, Path


@dataclass(frozen=True)
class Remark:
    """Something about a file: on which line (0: none in particular), a sentence, and whether it stands in the way."""

    line: int
    sentence: str
    is_error: bool = True

    def as_data(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {"line": self.line, "level": "error" if self.is_error else "hint", "sentence": self.sentence}


class Faulty(Exception):
    """The file cannot be applied. Nothing was written; ``remarks`` say what to mend."""

    def __init__(self, remarks: Iterable[Remark]) -> None:
        self.remarks = sorted(remarks, key=lambda remark: remark.line)
        super().__init__(" ".join(remark.sentence for remark in self.remarks))


@dataclass(frozen=True)
class Change:
    """What a file changes of one badge: in lines, and which version it makes (0: it is changed in place).

    ``on_their_way`` is how many learners are judged by another version then.
    """

    template: BadgeTemplate
    lines: tuple[str, ...]
    version: int = 0
    on_their_way: int = 0

    def as_data(self) -> dict[str, Any]:
        """The same as JSON values; which badge it is, is for the caller to say."""
        return {"lines": list(self.lines), "version": self.version, "on_their_way": self.on_their_way}


@dataclass(frozen=True)
class File:
    """A file that could be read, and the badges here that it is about, in its order."""

    document: Document
    badges: tuple[tuple[Wanted, BadgeTemplate], ...]

    def remark(self, path: Path, sentence: str, *, is_error: bool = True) -> Remark:
        """A remark at a part of the file."""
        return Remark(self.document.line(path), sentence, is_error)


def export(templates: Iterable[BadgeTemplate]) -> str:
    """What these badges ask for now, as a file. Names stand in comments only: IDs are what counts."""
    head = yaml_text.comment(
        _("Requirements of badges, for credly_requirements. Comments are for people and stay in this file.")
    )
    text = head + yaml_text.write({"format": form.FORMAT})
    entries = [(template, versions.data(template)) for template in templates]
    if not entries:
        return text + yaml_text.write({"badges": []})
    text += "badges:\n"
    for template, entry in entries:
        said = yaml_text.comment(f"{template.name} ({template.organization.name})")
        text += f"\n  {said}" + yaml_text.write({"badges": [entry]}).partition("\n")[2]
    return text


def read(text: str) -> File:
    """A file, with the badges that it is about. Raises Faulty."""
    try:
        document = yaml_text.read(text)
    except yaml_text.Unreadable as fault:
        raise Faulty([Remark(fault.line, fault.sentence)]) from None
    if document.data is None:
        raise Faulty([Remark(0, _("There is nothing in this file. Begin with what “export” writes."))])
    wanted, mistakes = form.read(document.data)
    if mistakes:
        raise Faulty(Remark(document.line(each.path), each.sentence) for each in mistakes)
    here = {
        (template.organization.uuid, template.uuid): template
        for template in BadgeTemplate.objects.filter(uuid__in=[each.template for each in wanted]).select_related(
            "organization"
        )
    }
    missing = [each for each in wanted if (each.organization, each.template) not in here]
    if missing:
        sentence = _(
            "There is no badge template %(template)s of the organization %(organization)s here. Sync the organization, "
            "or take the badge out of the file."
        )
        raise Faulty(
            Remark(
                document.line(each.path),
                sentence % {"template": each.template, "organization": each.organization},
            )
            for each in missing
        )
    return File(document, tuple((each, here[each.organization, each.template]) for each in wanted))


def diff(file: File) -> list[Change]:
    """What applying a file would change; empty where nothing. Nothing is written."""
    changes = []
    for wanted, template in file.badges:
        before = stored(template)
        changes.append(_change(template, before, keys.complete(before, wanted.groups)))
    return [change for change in changes if change is not None]


def check(file: File, *, despite: Collection[str] = ()) -> list[Remark]:
    """What is wrong with the requirements in a file, once it were applied. Nothing is written.

    ``despite`` are the codes of what the lint finds and is meant; that is told, and stands in nobody's way.
    """
    with transaction.atomic():
        remarks = list(_checked(file, despite))
        transaction.set_rollback(True)
    return sorted(remarks, key=lambda remark: remark.line)


@transaction.atomic
def apply(
    file: File, *, by: AbstractBaseUser | None, despite: Collection[str] = (), dry_run: bool = False
) -> list[Change]:
    """Make the badges ask for what the file says, all or none; what that changed. A second time it changes nothing.

    ``despite`` are the codes of what the lint finds and is meant. With ``dry_run`` everything is done and taken back.
    Raises Faulty.
    """
    circles.take_turns(group for wanted, _template in file.badges for group in wanted.groups)
    before = {template.pk: stored(template) for template in _locked(file)}
    if refused := _save_all(file, by, despite):
        raise Faulty(refused)
    now = {template.pk: stored(template) for template in _locked(file)}
    changes = [_change(template, before[template.pk], now[template.pk]) for _wanted, template in file.badges]
    if dry_run:
        transaction.set_rollback(True)
    return [change for change in changes if change is not None]


def _locked(file: File) -> list[BadgeTemplate]:
    """The badges, as they are; nobody else changes them until the transaction ends."""
    ids = [template.pk for _wanted, template in file.badges]
    return list(BadgeTemplate.objects.select_for_update().filter(pk__in=ids).order_by("pk"))


def _save_all(file: File, by: AbstractBaseUser | None, despite: Collection[str]) -> list[Remark]:
    """Save every badge; what stood in the way.

    A circle may be there only until another badge of the file is saved, so those that it stops are tried again.
    """
    refused: list[Remark] = []
    waiting = list(file.badges)
    while waiting:
        stopped: list[tuple[tuple[Wanted, BadgeTemplate], Circle]] = []
        for each in waiting:
            wanted, template = each
            try:
                _save(wanted, template, by, despite)
            except Circle as circle:
                stopped.append((each, circle))
            except NotSaved as refusal:
                refused += _refusal(file, wanted, refusal)
        if len(stopped) == len(waiting):
            refused += (remark for (wanted, _t), circle in stopped for remark in _refusal(file, wanted, circle))
            break
        waiting = [each for each, _circle in stopped]
    return refused


def _save(wanted: Wanted, template: BadgeTemplate, by: AbstractBaseUser | None, despite: Collection[str]) -> None:
    present = BadgeTemplate.objects.get(pk=template.pk)
    save(present, wanted.groups, by=by, seen=fingerprint(stored(present)), despite=despite)


def _refusal(file: File, wanted: Wanted, refusal: NotSaved) -> Iterator[Remark]:
    if isinstance(refusal, WouldStopAnActiveBadge):
        where = _where(wanted.groups, wanted.path)
        for fault in refusal.faults:
            path = where.get(fault.requirement_key) or where.get(fault.group_key, wanted.path)
            yield file.remark(path, said_with_its_code(fault))
    else:
        yield from (file.remark(wanted.path, sentence) for sentence in refusal.reasons)


def _checked(file: File, despite: Collection[str]) -> Iterator[Remark]:
    known = {template.pk: set(lint.faults(template)) for _wanted, template in file.badges}
    if refused := _save_all(file, None, lint.CAN_BE_MEANT):
        yield from refused
        return
    for wanted, template in file.badges:
        present = BadgeTemplate.objects.get(pk=template.pk)
        where = _where(stored(present), wanted.path)
        for fault in lint.faults(present):
            path = where.get(fault.requirement_key) or where.get(fault.group_key)
            if path or fault not in known[template.pk]:  # What else is wrong with the badge is not the file's fault.
                is_error = bool(lint.errors([fault], despite=despite))
                sentence = said_with_its_code(fault) if is_error else fault.sentence
                yield file.remark(path or wanted.path, sentence, is_error=is_error)


def _where(groups: Groups, path: Path) -> dict[str, Path]:
    """Where in a file each group and requirement stands, by its key."""
    found: dict[str, Path] = {}
    for place, group in enumerate(groups):
        here = (*path, "groups", place)
        found[group.key] = here
        found |= {each.key: (*here, "requirements", number) for number, each in enumerate(group.requirements)}
    return {key: where for key, where in found.items() if key}


def _change(template: BadgeTemplate, before: Groups, after: Groups) -> Change | None:
    """What differs; ``template`` is the badge as it was before."""
    if content(before) == content(after):
        return None
    change = Change(template, tuple(differences(before, after)))
    if not (template.is_listening or versions.is_sealed(template)):
        return change
    moves = template.is_listening and template.on_change == BadgeTemplate.OnChange.MOVE
    on_their_way = BadgeProgress.objects.filter(template=template, completed_at=None)
    return replace(change, version=template.version + 1, on_their_way=on_their_way.count() if moves else 0)
