"""Charts as releases of GitHub, against the fake that is held to GitHub's description: nothing half, nothing twice."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from generator.findings.errors import SettingsError, VersionError
from pipeline.charts.archive import Package, package
from pipeline.publish.errors import AuthenticationError, PublishError
from pipeline.publish.github_api import GithubApi, LostAnswerError
from pipeline.publish.github_release import open_releases
from pipeline.system.journal import Journal
from pipeline.workspace.places import GithubRepository
from tests.certificates import Authority
from tests.conftest import ROOT, Helm, Waybill
from tests.git_server import git_server
from tests.github.publish import BACKOFF, publish, releases
from tests.github.server import FakeGithub, Fault, fake_github
from tests.github.state import Asset, Release, Repository

#: Of the first publication of a chart: repository, tag, drafts; draft, upload, release.
FRESH = ["repos/create-release", "repos/upload-release-asset", "repos/update-release"]
REQUESTS = 6
#: Of each further chart: the list of drafts is read once.
FURTHER = 4
#: The numbers of the uploads of two charts.
UPLOADS = (5, 9)


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    with fake_github() as running:
        yield running


@pytest.fixture
def repository(github: FakeGithub) -> Repository:
    return github.repository()


def chart(name: str = "greeting", version: str = "1.2.3", values: str = "{}") -> Package:
    about = f"apiVersion: v2\nname: {name}\nversion: {version}\ndescription: Says hello\n"
    template = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: {{ .Release.Name }}}\n"
    files = {"Chart.yaml": about, "values.yaml": values, "templates/map.yaml": template}
    return package({path: text.encode() for path, text in files.items()}, name)


def is_whole(repository: Repository, published: Package) -> bool:
    """Whether there is one release of a version, published, with its package and no other."""
    tag = f"{published.name}-{published.version}"
    found = [release for release in repository.releases if release.tag == tag]
    return (
        len(found) == 1
        and not found[0].draft
        and [(asset.name, asset.data) for asset in found[0].assets]
        == [(f"{tag}.tgz".replace("+", "_"), published.data)]
        and tag in repository.tags
    )


def test_a_chart_becomes_a_release_with_the_package(github: FakeGithub, repository: Repository, tmp_path: Path) -> None:
    target = releases(tmp_path, github.environment)
    journal = Journal()
    publish(target, [chart()], journal)
    assert is_whole(repository, chart())
    (release,) = repository.releases
    assert (release.name, release.body, release.prerelease, release.latest) == (
        "greeting-1.2.3",
        "Says hello",
        False,
        "false",
    )
    assert repository.tags == {"greeting-1.2.3": repository.head}
    assert target.url(chart()) == (
        f"{github.urls.server}/acme/charts/releases/download/greeting-1.2.3/greeting-1.2.3.tgz"
    )
    assert (github.changes, len(github.seen)) == (FRESH, REQUESTS)
    assert [effect.done for effect in journal.effects] == [
        "made the draft of the release greeting-1.2.3 in acme/charts",
        "published the release greeting-1.2.3 in acme/charts",
    ]
    assert journal.effects[-1].undo == (
        *("gh", "release", "delete", "greeting-1.2.3", "--cleanup-tag", "--repo", "acme/charts"),
    )


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a server over the branch, as GitHub Pages would be."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words: object) -> None: ...

    handler = functools.partial(Quiet, directory=str(tmp_path / "branch"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("version", ["1.2.3", "1.3.0-rc.1", "1.2.3+build.5"])
def test_helm_installs_what_was_published(
    version: str,
    github: FakeGithub,
    repository: Repository,
    served: str,
    helm: Helm,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"HELM_{kind}_HOME", str(tmp_path / kind))
    published = chart(version=version)
    publish(releases(tmp_path / "branch", github.environment), [published])
    assert is_whole(repository, published)
    rendered = helm.run("template", "demo", "greeting", "--repo", served, "--version", version)
    assert "metadata: {name: demo}" in rendered
    helm.run("pull", "greeting", "--repo", served, "--version", version, "-d", str(tmp_path))
    assert [file.read_bytes() for file in tmp_path.glob("*.tgz")] == [published.data]


def test_the_index_is_committed_to_a_branch_with_the_same_token(
    github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    with git_server(tmp_path, password=github.token) as server:
        github.gits["acme/charts"] = server.url
        place = GithubRepository(name="acme/charts", branch="", folder="")
        environment = {**os.environ, **github.environment, "HOME": str(tmp_path)}
        target = open_releases(place, environment, pytest.fail)
        target.api = replace(target.api, pause=0)
        journal = Journal()
        publish(target, [chart()], journal)
        assert is_whole(repository, chart())
        (entry,) = json.loads(server.show("index.yaml"))["entries"]["greeting"]
        assert entry["urls"] == [target.url(chart())]
        assert target.fetch(target.url(chart())) == chart().data
        assert len(journal.effects) == 3
        assert server.git("ls-tree", "--name-only", "gh-pages") == "index.yaml"


def test_the_command_publishes_and_verifies(
    github: FakeGithub, repository: Repository, served: str, helm4: Helm, waybill: Waybill, tmp_path: Path
) -> None:
    with git_server(tmp_path, password=github.token) as server:
        github.gits["acme/charts"] = server.url
        (tmp_path / "dist").mkdir()
        (tmp_path / "dist" / chart().file_name).write_bytes(chart().data)
        words = ["publish", "--to", "github:acme/charts"]
        done = waybill(*words, "--init", env=github.environment)
        assert (done.code, is_whole(repository, chart())) == (0, True), done.err
        github.fail({})
        assert waybill(*words, env=github.environment).code == 0
        assert (github.seen, server.git("rev-list", "--count", "gh-pages")) == ([], "1")
        verified = waybill("verify", "github:acme/charts", env=github.environment)
        assert (verified.code, "1 version checked" in verified.err) == (0, True), verified.err
        (tmp_path / "branch").mkdir()
        (tmp_path / "branch" / "index.yaml").write_bytes(server.show("index.yaml"))
        assert "metadata: {name: demo}" in helm4.run("template", "demo", "greeting", "--repo", served)
        repository.releases[0].assets[0].data = b"other"
        verified = waybill("verify", "github:acme/charts", env=github.environment)
        assert (verified.code, hashlib.sha256(b"other").hexdigest() in verified.err + verified.out) == (1, True)


def test_a_rerun_changes_nothing(github: FakeGithub, repository: Repository, tmp_path: Path) -> None:
    charts = [chart(), chart("other")]
    publish(releases(tmp_path, github.environment), charts)
    assert len(github.seen) == REQUESTS + FURTHER
    github.fail({})
    journal = Journal()
    publish(releases(tmp_path, github.environment), charts, journal)
    assert (github.changes, len(github.seen), journal.effects) == ([], 3, ())
    assert all(is_whole(repository, each) for each in charts)


def test_what_is_known_to_be_there_is_not_looked_for_again(
    github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    target = releases(tmp_path, github.environment)
    publish(target, [chart()])
    github.fail({})
    publish(target, [chart()])
    assert github.seen == []
    assert is_whole(repository, chart())


@pytest.mark.parametrize("version", ["2.0.0-rc.1", "v2.0.0-rc.1"])
def test_a_release_candidate_is_marked_as_a_prerelease(
    version: str, github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    publish(releases(tmp_path, github.environment), [chart(version=version)])
    assert repository.releases[0].prerelease
    assert is_whole(repository, chart(version=version))


@pytest.mark.parametrize(
    ("name", "ours"), [("acme/charts", True), ("ACME/Charts", True), ("acme/code", False), ("", False)]
)
def test_the_tag_is_of_the_commit_of_the_workflow_if_that_is_of_the_repository(
    name: str,
    ours: bool,  # noqa: FBT001 - a column of the table
    github: FakeGithub,
    repository: Repository,
    tmp_path: Path,
) -> None:
    repository.commits.add("c" * 40)
    environment = {**github.environment, "GITHUB_REPOSITORY": name, "GITHUB_SHA": "c" * 40}
    publish(releases(tmp_path, environment), [chart()])
    assert repository.tags == {"greeting-1.2.3": "c" * 40 if ours else repository.head}


@pytest.mark.parametrize("when", ["before", "half-way", "after"])
def test_a_publication_that_is_killed_at_any_request_is_finished_by_the_next(
    when: str, github: FakeGithub, tmp_path: Path
) -> None:
    charts = [chart(), chart("other", "1.0.0-rc.1")]
    for each in charts:
        (tmp_path / each.file_name).write_bytes(each.data)
    killed = 0
    for number in UPLOADS if when == "half-way" else range(1, 100):
        name = f"acme/charts-{number}"
        repository = github.repository(name)
        old = Release(1, "old-1.0.0", "main", "old", None, draft=False, prerelease=False)
        old.assets.append(Asset(2, "old-1.0.0.tgz", "", "application/gzip", b"old"))
        repository.releases.append(old)
        branch = tmp_path / f"branch-{number}"
        code = killed_at(github, number, name, branch, [tmp_path / each.file_name for each in charts], when)
        # What everybody sees has its package, and the index names nothing that is not there.
        assert all(release.assets and release.assets[0].data for release in repository.releases if not release.draft)
        assert not branch.exists() or code == 0
        github.fail({})
        publish(releases(branch, github.environment, name), charts)
        assert all(is_whole(repository, each) for each in charts)
        assert len(repository.releases) == 3
        assert repository.releases[-1] == old
        if code == 0:
            break
        assert code == -signal.SIGKILL
        killed += 1
    assert killed == (len(UPLOADS) if when == "half-way" else REQUESTS + FURTHER)


def killed_at(github: FakeGithub, number: int, name: str, branch: Path, files: list[Path], when: str) -> int:
    """The code of a publication in a process of its own that is killed at a request."""
    started: list[subprocess.Popen[bytes]] = []

    def kill() -> None:
        started[0].kill()

    github.fail({number: Fault(reaches=when == "after", halves=when == "half-way", meanwhile=kill)})
    command = [sys.executable, "-m", "tests.github.publish", name, str(branch), *map(str, files)]
    started.append(subprocess.Popen(command, env={**os.environ, **github.environment}, cwd=ROOT))
    return started[0].wait()


@pytest.mark.parametrize("fault", [Fault(), Fault(status=502), Fault(reaches=True), Fault(status=502, reaches=True)])
def test_a_lost_answer_makes_nothing_twice(
    fault: Fault, github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    for number in range(1, REQUESTS + 1):
        published = chart(version=f"1.0.{number}")
        github.fail({number: fault})
        publish(releases(tmp_path, github.environment), [published])
        assert is_whole(repository, published)
        assert len(repository.releases) == number
    assert len(github.changes) > len(FRESH) - 1


def test_an_upload_that_broke_off_is_repeated(github: FakeGithub, repository: Repository, tmp_path: Path) -> None:
    github.fail({5: Fault(status=502, halves=True)})
    publish(releases(tmp_path, github.environment), [chart()])
    assert github.changes == [
        "repos/create-release",
        "repos/upload-release-asset",
        "repos/delete-release-asset",
        "repos/upload-release-asset",
        "repos/update-release",
    ]
    assert is_whole(repository, chart())


def add_release(repository: Repository, *assets: Asset, draft: bool = False, name: str = "greeting-1.2.3") -> Release:
    release = Release(7, "greeting-1.2.3", "main", name, None, draft=draft, prerelease=False)
    release.assets += assets
    repository.releases.append(release)
    if not draft:
        repository.tags[release.tag] = repository.head
    return release


def asset(data: bytes | None, name: str = "greeting-1.2.3.tgz", *, has_digest: bool = True) -> Asset:
    return Asset(8, name, "", "application/gzip", data, has_digest=has_digest)


def test_a_release_without_its_package_gets_it(github: FakeGithub, repository: Repository, tmp_path: Path) -> None:
    add_release(repository, asset(b"notes", "notes.txt"))
    journal = Journal()
    publish(releases(tmp_path, github.environment), [chart()], journal)
    assert github.changes == ["repos/upload-release-asset"]
    assert [each.data for each in repository.releases[0].assets] == [b"notes", chart().data]
    assert [effect.done for effect in journal.effects] == ["uploaded greeting-1.2.3.tgz to a release in acme/charts"]


def test_a_release_with_half_a_package_gets_the_whole(
    github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    add_release(repository, asset(None))
    publish(releases(tmp_path, github.environment), [chart()])
    assert github.changes == ["repos/delete-release-asset", "repos/upload-release-asset"]
    assert is_whole(repository, chart())


@pytest.mark.parametrize("has_digest", [True, False])
def test_a_package_of_chart_releaser_is_left_alone(
    has_digest: bool,  # noqa: FBT001 - a column of the table
    github: FakeGithub,
    repository: Repository,
    tmp_path: Path,
) -> None:
    add_release(repository, asset(chart().data, has_digest=has_digest))
    publish(releases(tmp_path, github.environment), [chart()])
    assert github.changes == []
    assert is_whole(repository, chart())


@pytest.mark.parametrize("has_digest", [True, False])
def test_other_bytes_are_refused_with_both_digests(
    has_digest: bool,  # noqa: FBT001 - a column of the table
    github: FakeGithub,
    repository: Repository,
    tmp_path: Path,
) -> None:
    add_release(repository, asset(b"other", has_digest=has_digest))
    journal = Journal()
    with pytest.raises(VersionError) as refused:
        publish(releases(tmp_path / "branch", github.environment), [chart()], journal)
    theirs = hashlib.sha256(b"other").hexdigest()
    assert f"published with sha256:{theirs}, not sha256:{chart().digest}" in str(refused.value)
    assert (github.changes, journal.effects) == ([], ())
    assert repository.releases[0].assets[0].data == b"other"
    assert not (tmp_path / "branch").exists()


def test_drafts_of_others_stay(github: FakeGithub, repository: Repository, tmp_path: Path) -> None:
    notes = add_release(repository, name="What is new", draft=True)
    files = add_release(repository, asset(b"x", "handbook.pdf"), draft=True)
    killed = add_release(repository, asset(chart(values="{a: b}").data), draft=True)
    notes.id, files.id, killed.id = 1, 2, 3
    publish(releases(tmp_path, github.environment), [chart()])
    assert github.changes == FRESH
    assert repository.releases[1:] == [notes, files, killed]
    assert [each.data for each in repository.releases[0].assets] == [chart().data]


def test_a_draft_is_found_behind_hundreds_of_releases(
    github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    for number in range(250):
        repository.releases.append(Release(number, f"old-{number}", "main", None, None, draft=False, prerelease=False))
    add_release(repository, asset(None), draft=True).id = 5000
    publish(releases(tmp_path, github.environment), [chart()])
    assert github.changes == ["repos/delete-release-asset", "repos/upload-release-asset", "repos/update-release"]
    assert len(repository.releases) == 251


def test_a_publisher_that_comes_second_removes_its_draft(
    github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    def meanwhile() -> None:
        add_release(repository, asset(chart().data))

    # The first publisher's release appears while the second one's upload is answered.
    github.fail({5: Fault(status=502, reaches=True, meanwhile=meanwhile)})
    publish(releases(tmp_path, github.environment), [chart()])
    assert github.changes == [*FRESH, "repos/delete-release"]
    assert is_whole(repository, chart())


def test_two_versions_of_one_number_at_once_end_with_one_of_them(
    github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    other = chart(values="{a: b}")

    def meanwhile() -> None:
        add_release(repository, asset(other.data))

    github.fail({5: Fault(status=502, reaches=True, meanwhile=meanwhile)})
    with pytest.raises(VersionError, match=f"published with sha256:{other.digest}"):
        publish(releases(tmp_path, github.environment), [chart()])
    assert repository.published("greeting-1.2.3").assets[0].data == other.data  # type: ignore[union-attr] # it is there


@pytest.mark.parametrize("same", [True, False], ids=["one-version", "own-versions"])
def test_publishers_at_once_are_all_in(
    same: bool,  # noqa: FBT001 - a column of the table
    github: FakeGithub,
    repository: Repository,
    tmp_path: Path,
) -> None:
    charts = [chart(version="1.0.0" if same else f"1.0.{number}") for number in range(6)]
    failed: list[Exception] = []

    def run(number: int) -> None:
        try:
            publish(releases(tmp_path / str(number), github.environment), [charts[number]])
        except PublishError as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(charts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert all(is_published(repository, each) for each in charts)


def is_published(repository: Repository, published: Package) -> bool:
    release = repository.published(f"{published.name}-{published.version}")
    return release is not None and [each.data for each in release.assets] == [published.data]


def nobody(github: FakeGithub, home: Path) -> dict[str, str]:
    """The environment of a user who is logged in nowhere."""
    return {**github.environment, "GITHUB_TOKEN": "", "HOME": str(home), "PATH": os.environ["PATH"]}


def test_a_wrong_token_is_an_error_without_it(github: FakeGithub, tmp_path: Path) -> None:
    github.repository()
    wrong = "ghp_0123456789abcdef"
    with pytest.raises(AuthenticationError) as refused:
        publish(releases(tmp_path, {**github.environment, "GITHUB_TOKEN": wrong}), [chart()])
    assert "GitHub refuses the token from GITHUB_TOKEN (401: Bad credentials)" in str(refused.value)
    assert "contents: write" in str(refused.value)
    assert wrong not in str(refused.value)
    assert len(github.seen) == 1


def test_a_token_that_may_only_read_is_an_error_that_names_the_permission(
    github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    github.state.tokens[github.token] = "read"
    with pytest.raises(AuthenticationError, match=r"may not do this \(403.*it needs the permission contents: write"):
        publish(releases(tmp_path, github.environment), [chart()])
    assert repository.releases == []


def test_without_a_token_the_error_says_where_one_is_looked_for(github: FakeGithub, tmp_path: Path) -> None:
    github.repository()
    with pytest.raises(AuthenticationError, match="none was found; looked in WAYBILL_GIT_TOKEN, GITHUB_TOKEN"):
        publish(releases(tmp_path, nobody(github, tmp_path)), [chart()])


def test_a_repository_that_does_not_exist_is_an_error_that_says_what_to_check(
    github: FakeGithub, tmp_path: Path
) -> None:
    with pytest.raises(PublishError, match=r"github:acme/charts: repository acme/charts: not found \(404: Not Found\)"):
        publish(releases(tmp_path, github.environment), [chart()])


def test_a_repository_that_was_renamed_is_an_error_with_its_name(github: FakeGithub, tmp_path: Path) -> None:
    github.repository("acme/helm-charts")
    github.state.renamed["acme/charts"] = "acme/helm-charts"
    with pytest.raises(PublishError, match="is now called acme/helm-charts; write github:acme/helm-charts"):
        publish(releases(tmp_path, github.environment), [chart()])
    assert github.changes == []
    # PyGithub would say on standard error that it was redirected.
    (tmp_path / "greeting.tgz").write_bytes(chart().data)
    command = [sys.executable, "-m", "tests.github.publish", "acme/charts", tmp_path, tmp_path / "greeting.tgz"]
    environment = {**os.environ, **github.environment}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "is now called acme/helm-charts" in done.stderr
    assert "redirection" not in done.stderr


def test_an_upload_without_an_answer_of_github_s_is_not_published(
    github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    github.fail({5: Fault(status=200, message="Welcome to the hotel")})
    with pytest.raises(PublishError, match="does not answer as GitHub does"):
        publish(releases(tmp_path / "branch", github.environment), [chart()])
    assert [release.draft for release in repository.releases] == [True]
    publish(releases(tmp_path / "branch", github.environment), [chart()])
    assert is_whole(repository, chart())


@pytest.mark.parametrize("number", range(1, REQUESTS + 1))
def test_an_answer_that_is_not_github_s_is_an_error(
    number: int, github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    github.fail(dict.fromkeys(range(number, 100), Fault(status=200, message="Welcome to the hotel")))
    with pytest.raises(PublishError, match="does not answer as GitHub does"):
        publish(releases(tmp_path / "branch", github.environment), [chart()])
    assert not (tmp_path / "branch").exists()
    assert all(release.draft for release in repository.releases)
    github.fail({})
    publish(releases(tmp_path / "branch", github.environment), [chart()])
    assert is_whole(repository, chart())


def test_an_archived_repository_is_an_error(github: FakeGithub, repository: Repository, tmp_path: Path) -> None:
    repository.archived = True
    with pytest.raises(PublishError, match="is archived"):
        publish(releases(tmp_path, github.environment), [chart()])
    assert github.changes == []


def test_an_empty_repository_is_an_error_with_github_s_reason(
    github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    repository.head = ""
    with pytest.raises(PublishError, match=r"greeting-1\.2\.3: GitHub refuses it \(422: Repository is empty\.\)"):
        publish(releases(tmp_path, github.environment), [chart()])
    assert repository.releases == []


def test_an_immutable_release_without_the_package_is_an_error_with_github_s_reason(
    github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    add_release(repository).immutable = True
    with pytest.raises(PublishError, match="immutable release"):
        publish(releases(tmp_path, github.environment), [chart()])


def limited(**headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(status=403, message="You have exceeded a secondary rate limit.", headers=named)


def test_a_short_rate_limit_is_waited_for(github: FakeGithub, repository: Repository, tmp_path: Path) -> None:
    reset = str(int(time.time()))
    github.fail({2: limited(Retry_After="0"), 5: limited(X_RateLimit_Remaining="0", X_RateLimit_Reset=reset)})
    publish(releases(tmp_path, github.environment), [chart()])
    assert is_whole(repository, chart())
    assert len(github.seen) == REQUESTS + 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry_After": "3600"},
        {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(int(time.time()) + 3600)},
        {},
    ],
)
def test_a_long_rate_limit_is_an_error_with_the_time_when_it_ends(
    headers: dict[str, str], github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    github.fail({4: limited(**headers)})
    with pytest.raises(PublishError, match=r"GitHub's rate limit \(403.*run it again after \d\d:\d\d UTC"):
        publish(releases(tmp_path, github.environment), [chart()])
    assert len(github.seen) == 4
    assert repository.releases == []


def test_a_server_that_fails_each_time_is_given_up(github: FakeGithub, tmp_path: Path) -> None:
    github.repository()
    github.fail(dict.fromkeys(range(1, 100), Fault(status=503, message="Service Unavailable")))
    with pytest.raises(LostAnswerError, match=r"GitHub responded with 503: Service Unavailable; try again later"):
        publish(releases(tmp_path, github.environment), [chart()])
    assert len(github.seen) == BACKOFF.attempts


def test_a_server_that_is_away_is_an_error_without_a_url_of_the_request(github: FakeGithub, tmp_path: Path) -> None:
    github.repository()
    github.fail(dict.fromkeys(range(1, 100), Fault()))
    with pytest.raises(LostAnswerError, match="the connection was lost; check the network"):
        publish(releases(tmp_path, github.environment), [chart()])


def test_a_public_package_is_fetched_as_helm_does_it(
    github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    target = releases(tmp_path, github.environment)
    publish(target, [chart()])
    assert is_whole(repository, chart())
    github.fail({})
    assert [target.fetch(target.url(chart())) for _ in range(3)] == [chart().data] * 3
    assert [seen.operation for seen in github.seen] == ["repos/get"]
    assert not any("authorization" in seen.headers for seen in github.downloads)
    assert releases(tmp_path, nobody(github, tmp_path)).fetch(target.url(chart())) == chart().data


def test_a_private_package_is_fetched_through_the_api_and_its_storage_gets_no_token(
    github: FakeGithub, repository: Repository, tmp_path: Path
) -> None:
    repository.private = True
    published = chart(version="1.2.3+build.5")
    target = releases(tmp_path, github.environment)
    publish(target, [published])
    assert target.fetch(target.url(published)) == published.data
    assert [seen.path.count("/") for seen in github.downloads] == [1]
    assert not any("authorization" in seen.headers for seen in github.downloads)
    with pytest.raises(PublishError, match="is not there"):
        releases(tmp_path, nobody(github, tmp_path)).fetch(target.url(published))


@pytest.mark.parametrize("private", [True, False])
def test_a_package_that_is_not_there_is_an_error(
    private: bool,  # noqa: FBT001 - a column of the table
    github: FakeGithub,
    tmp_path: Path,
) -> None:
    github.repository(private=private)
    target = releases(tmp_path, github.environment)
    with pytest.raises(PublishError, match="publish the package again"):
        target.fetch(target.url(chart()))


def test_what_is_elsewhere_is_fetched_by_the_branch(github: FakeGithub, tmp_path: Path) -> None:
    target = releases(tmp_path, github.environment)
    with pytest.raises(PublishError, match=r"the branch has no greeting-1\.2\.3\.tgz"):
        target.fetch("greeting-1.2.3.tgz")
    assert github.seen == []


def test_the_index_is_that_of_the_branch(github: FakeGithub, tmp_path: Path) -> None:
    target = releases(tmp_path, github.environment)
    assert target.read().index is None
    (tmp_path / "index.yaml").write_bytes(b"entries: {}")
    assert target.read().index == b"entries: {}"
    assert target.place == "github:acme/charts"


def test_the_token_is_in_no_message_of_the_client(
    github: FakeGithub, repository: Repository, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    github.fail({1: Fault(status=500), 4: Fault(status=422, message=f"no: {github.token}")})
    target = releases(tmp_path, github.environment)
    publish(target, [chart()])
    assert is_whole(repository, chart())
    assert github.token not in f"{caplog.text}{target!r}{target.api!r}"
    github.fail({1: Fault(status=400, message=f"no: {github.token}")})
    with pytest.raises(PublishError, match="400: no: …") as refused:
        publish(releases(tmp_path, github.environment), [chart("other")])
    assert github.token not in str(refused.value)


def test_the_certificates_that_the_machine_trusts_are_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    authority = Authority.made(tmp_path / "authority")
    with fake_github(authority.server_context()) as github:
        repository = github.repository()
        with pytest.raises(PublishError, match=r"is not trusted: .*CERTIFICATE_VERIFY_FAILED"):
            publish(releases(tmp_path, github.environment), [chart()])
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
        publish(releases(tmp_path, github.environment), [chart()])
        assert is_whole(repository, chart())


@pytest.mark.parametrize(
    ("environment", "api", "server"),
    [
        ({}, "https://api.github.com", "https://github.com"),
        (
            {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_API_URL": "https://api.github.com"},
            "https://api.github.com",
            "https://github.com",
        ),
        (
            {"GITHUB_SERVER_URL": "https://git.example.org/"},
            "https://git.example.org/api/v3",
            "https://git.example.org",
        ),
        (
            {"GITHUB_SERVER_URL": "http://localhost:3000", "GITHUB_API_URL": "http://localhost:3001"},
            "http://localhost:3001",
            "http://localhost:3000",
        ),
    ],
)
def test_where_github_is_comes_from_the_environment(environment: dict[str, str], api: str, server: str) -> None:
    found = GithubApi.of(environment)
    assert (found.url, found.server) == (api, server)


@pytest.mark.parametrize("value", ["http://git.example.org", "git.example.org", "ftp://x", "https://[", "https://"])
@pytest.mark.parametrize("name", ["GITHUB_API_URL", "GITHUB_SERVER_URL"])
def test_a_url_that_a_token_cannot_be_sent_to_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is"):
        GithubApi.of({name: value})
