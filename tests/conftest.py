"""Shared by all tests: a real private cluster, and jobs run where the test can see them."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from anlan.site import cluster
from anlan.site.translations import compile_translations

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_configure(config: pytest.Config) -> None:
    compile_translations()
    if not os.environ.get("DATABASE_URL") and not cluster.running():
        cluster.start()
        config.add_cleanup(cluster.stop)


@pytest.fixture
def run_jobs(db: None) -> Callable[[], int]:
    """Runs every waiting job, and those that they defer, inside the test's transaction; returns how many ran."""
    from django.db import connection
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.models import ProcrastinateJob

    def run() -> int:
        done = 0
        while jobs := list(ProcrastinateJob.objects.filter(status="todo").order_by("id")):
            for job in jobs:
                with connection.cursor() as cursor:
                    cursor.execute("delete from procrastinate_jobs where id = %s", [job.pk])
                app.tasks[job.task_name].func(**job.args)
                done += 1
        return done

    return run


@pytest.fixture(autouse=True)
def _the_language_of_the_product() -> None:
    """A page that an earlier test read in English leaves its language behind in this thread."""
    from django.conf import settings
    from django.utils import translation

    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def _no_jobs_left(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """The queue is no table of Django's, so nothing but this empties it after a test that commits."""
    yield
    marker = request.node.get_closest_marker("django_db")
    if (marker and marker.kwargs.get("transaction")) or "transactional_db" in request.fixturenames:
        from django.db import connection

        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("delete from procrastinate_jobs")
