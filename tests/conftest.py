"""Shared by all tests: a real private cluster, and jobs run where the test can see them."""

import os
from collections.abc import Callable

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
