"""Several processes seal the audit log at the same moment."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from credly_badges import audit
from tests.stages.test_audit_seals import written

WORKERS = 3


@pytest.mark.django_db(transaction=True)
def test_of_several_that_seal_at_once_each_entry_is_sealed_by_one():
    written(30)
    gate, made, wrong = threading.Barrier(WORKERS), [], []

    def work():
        try:
            gate.wait()
            made.append(audit.seal())
        except Exception as error:  # noqa: BLE001  # Whatever it is, it is what this looks for.
            wrong.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _worker in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert wrong == []
    assert sum(made) == 1
    assert [(each.number, each.count, each.fault) for each in audit.verify()] == [(1, 30, None)]
