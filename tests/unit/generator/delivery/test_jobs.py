"""How workflows are packed into jobs."""

from __future__ import annotations

from generator.delivery.jobs import MAX_JOBS, pack


def test_each_workflow_has_a_job_of_its_own_while_there_are_jobs() -> None:
    jobs = pack({"b": 10, "a": 1})
    assert [(job.name, job.workflows) for job in jobs] == [("a", ("a",)), ("b", ("b",))]


def test_no_workflow_is_no_job() -> None:
    assert pack({}) == ()


def test_500_workflows_are_at_most_256_jobs_and_each_is_in_one() -> None:
    sizes = {f"w{number:03}": number * 7919 % 1000 for number in range(500)}
    jobs = pack(sizes)
    assert len(jobs) == MAX_JOBS
    assert sorted(name for job in jobs for name in job.workflows) == sorted(sizes)
    assert pack(dict(reversed(sizes.items()))) == jobs


def test_jobs_are_of_about_the_same_size() -> None:
    jobs = pack({"large": 90, "a": 30, "b": 30, "c": 30}, limit=2)
    assert [job.workflows for job in jobs] == [("a", "b", "c"), ("large",)]
    assert jobs[0].name == "a and 2 more"


def test_empty_folders_are_spread_as_well() -> None:
    assert sorted(len(job.workflows) for job in pack(dict.fromkeys("abcdef", 0), limit=3)) == [2, 2, 2]
