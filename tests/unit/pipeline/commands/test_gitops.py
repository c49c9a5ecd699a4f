"""`waybill gitops`: which charts, from where, with which values, and what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.workspace.places import GITLAB_URLS
from tests.command import Outcome, run
from tests.unit.conftest import write_workflow

CHARTS = "https://charts.example.com"
REGISTRY = "oci://registry.example.com/charts"
CONFIG = "github:my-org/config"
PIPELINE = ["--repo", "github:my-org/workflows", "--image", "quay.io/my-org/waybill:1", "--to", CONFIG]
TOKEN = "hunter2"  # noqa: S105 - the tests look for it


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the charts of two workflows, and the environment dev, as the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAYBILL_CACHE", str(tmp_path / ".cache"))
    monkeypatch.setenv("WAYBILL_INITIAL_VERSION", "2.0.0")
    write_workflow(tmp_path / "workflows", "greeting")
    write_workflow(tmp_path / "workflows", "parting")
    assert run("build", "--all").code == 0
    write("envs/dev/greeting.yaml", "replicas: 2\nenv: {A: own}\n")
    return tmp_path


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def argocd(*words: str) -> Outcome:
    return run("gitops", "argocd", "--namespace", "demo", *words)


def flux(*words: str) -> Outcome:
    return run("gitops", "flux", "--namespace", "demo", *words)


def objects(done: Outcome) -> dict[str, Any]:
    """The objects on standard output by kind and name."""
    assert done.code == 0, done.err
    return {f"{each['kind']} {each['metadata']['name']}": each for each in yaml.safe_load_all(done.out)}


def test_flux_follows_all_charts_at_the_versions_of_the_charts_folder() -> None:
    found = objects(flux("--chart-repo", CHARTS))
    assert [*found] == ["HelmRepository workflows", "HelmRelease greeting", "HelmRelease parting"]
    assert found["HelmRelease greeting"]["spec"]["chart"]["spec"]["version"] == "2.0.0"


@pytest.mark.parametrize(
    ("words", "version"),
    [
        (["greeting"], "2.0.0"),
        (["greeting", "--versions", "patch"], "~2.0.0"),
        (["greeting", "--versions", "minor"], "^2.0.0"),
        (["greeting@1.x", "--versions", "minor"], "1.x"),
    ],
    ids=["pinned", "patch", "minor", "its own range"],
)
def test_versions_are_pinned_or_ranges(words: list[str], version: str) -> None:
    found = objects(flux("--chart-repo", CHARTS, *words))
    assert found["HelmRelease greeting"]["spec"]["chart"]["spec"]["version"] == version
    (generator,) = objects(argocd("--chart-repo", CHARTS, *words))["ApplicationSet workflows"]["spec"]["generators"]
    assert generator["list"]["elements"] == [{"name": "greeting", "chart": "greeting", "version": version}]


def test_the_values_of_an_environment_win_over_those_for_every_chart() -> None:
    write("values.yaml", "replicas: 1\nenv: {A: shared, B: shared}\n")
    found = objects(flux("--chart-repo", CHARTS, "--values", "values.yaml", "--env", "dev"))
    assert found["HelmRelease greeting"]["spec"]["values"] == {"replicas": 2, "env": {"A": "own", "B": "shared"}}
    assert found["HelmRelease parting"]["spec"]["values"] == {"replicas": 1, "env": {"A": "shared", "B": "shared"}}


def test_the_umbrella_is_a_chart_like_any_other() -> None:
    write("envs/dev/workflows.yaml", "greeting: {enabled: true}\n")
    found = objects(flux("workflows", "--chart-repo", CHARTS, "--env", "dev"))
    assert found["HelmRelease workflows"]["spec"]["values"] == {"greeting": {"enabled": True}}
    (generator,) = objects(argocd("workflows", "--repo", CONFIG))["ApplicationSet workflows"]["spec"]["generators"]
    assert generator["git"]["directories"] == [{"path": "charts/workflows"}]


def test_a_chart_whose_name_kubernetes_does_not_take_gets_one_that_it_takes() -> None:
    shutil.move("charts/workflows/charts/parting", "charts/workflows/charts/My_Parting")
    found = objects(flux("My_Parting", "--chart-repo", REGISTRY))
    assert [*found] == ["OCIRepository my-parting", "HelmRelease my-parting"]
    assert found["OCIRepository my-parting"]["spec"]["url"] == f"{REGISTRY}/My_Parting"
    assert found["HelmRelease my-parting"]["spec"]["releaseName"] == "my-parting"
    shutil.copytree("charts/workflows/charts/My_Parting", "charts/workflows/charts/my-parting")
    said = "the charts 'My_Parting' and 'my-parting' would both be the release 'my-parting'"
    assert said in flux("--chart-repo", REGISTRY).err


def test_without_a_charts_folder_charts_are_named_with_their_versions() -> None:
    words = ["--charts", "elsewhere", "--chart-repo", REGISTRY]
    assert [*objects(flux("any@1.0.0", *words))] == ["OCIRepository any", "HelmRelease any"]
    assert "elsewhere/workflows has no charts; give it: any@VERSION" in " ".join(flux("any", *words).err.split())
    assert "contains no charts; build them, or name charts as CHART@VERSION" in flux(*words).err


@pytest.mark.parametrize(
    ("words", "source"),
    [
        ([CONFIG], ("https://github.com/my-org/config.git", "main", "charts/workflows/charts/*")),
        ([f"{CONFIG}#stable:deploy"], ("https://github.com/my-org/config.git", "stable", "deploy/charts/*")),
        (["gitlab:acme/a/b#stable"], ("https://gitlab.com/acme/a/b.git", "stable", "charts/workflows/charts/*")),
        (
            ["git@example.com:a/b.git", "--revision", "v1", "--path", "deploy/"],
            ("git@example.com:a/b.git", "v1", "deploy/charts/*"),
        ),
    ],
    ids=["github", "a place with a branch and a folder", "gitlab", "git over ssh"],
)
def test_a_config_repository_is_a_place_or_a_url(
    words: list[str], source: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in GITLAB_URLS:
        monkeypatch.delenv(name, raising=False)
    (generator,) = objects(argocd("--repo", *words))["ApplicationSet workflows"]["spec"]["generators"]
    git = generator["git"]
    assert (git["repoURL"], git["revision"], git["directories"][0]["path"]) == source


def test_each_environment_has_objects_of_its_own() -> None:
    found = objects(argocd("--repo", CONFIG, "--env", "dev"))
    assert [*found] == ["Namespace demo", "AppProject workflows-dev", "ApplicationSet workflows-dev"]


def test_the_project_allows_what_templates_and_people_name() -> None:
    template = "apiVersion: apps/v1\nkind: Deployment\n---\napiVersion: v1\nkind: Namespace\n"
    write("charts/workflows/charts/greeting/templates/own.yaml", template)

    def kinds(*words: str) -> set[str]:
        project = objects(argocd("--repo", CONFIG, *words))["AppProject workflows"]
        return {each["kind"] for each in project["spec"]["namespaceResourceWhitelist"]}

    of_all = {"ConfigMap", "NetworkPolicy", "Secret", "SonataFlow"}
    assert kinds("parting") == of_all
    assert kinds() == kinds("workflows") == {*of_all, "Deployment"}
    assert kinds("parting", "--kind", "batch/Job") == {*of_all, "Job"}
    assert "charts can also install Namespace" in argocd("--repo", CONFIG).err


def test_files_are_written_once_and_checked() -> None:
    words = ["--chart-repo", CHARTS, "-o", "out"]
    paths = ["helmrepository_workflows", "helmrelease_greeting", "helmrelease_parting"]
    checked = flux(*words, "--check", "--json")
    assert (checked.code, checked.json["different"]) == (1, [f"out/{name}.yaml" for name in paths])
    assert not Path("out").exists()
    assert flux(*words, "--json").json["files"] == [f"out/{name}.yaml" for name in paths]
    before = {path.name: path.stat().st_mtime_ns for path in Path("out").iterdir()}
    assert (flux(*words).code, flux(*words, "--check").code) == (0, 0)
    assert {path.name: path.stat().st_mtime_ns for path in Path("out").iterdir()} == before


def test_the_files_of_charts_that_are_gone_go_and_those_of_people_stay() -> None:
    words = ["--chart-repo", CHARTS, "-o", "out"]
    assert flux("gone@1.0.0", "--charts", "elsewhere", *words).code == 0
    write("out/helmrelease_mine.yaml", "kind: HelmRelease\n")
    assert flux("greeting", *words).code == 0
    assert Path("out/helmrelease_gone.yaml").exists()
    assert "out/helmrelease_gone.yaml" in flux(*words, "--check").err
    assert "out/helmrelease_gone.yaml: removed; its chart no longer exists" in flux(*words).err
    left = sorted(path.name for path in Path("out").iterdir())
    assert left == [
        f"{name}.yaml"
        for name in (*(f"helmrelease_{n}" for n in ("greeting", "mine", "parting")), "helmrepository_workflows")
    ]


def test_json_without_a_folder_is_the_objects() -> None:
    assert [each["kind"] for each in argocd("--repo", CONFIG, "--json").json["objects"]] == [
        "Namespace",
        "AppProject",
        "ApplicationSet",
    ]


def pipeline(*words: str) -> Outcome:
    return run("gitops", *words, "--namespace", "ci")


def test_a_pipeline_builds_the_workflows_that_are_named_and_else_all() -> None:
    def defaults(*words: str) -> dict[str, str]:
        made = objects(pipeline("tekton", *words, *PIPELINE))["Pipeline workflows"]
        return {each["name"]: each["default"] for each in made["spec"]["params"]}

    assert defaults()["workflows"] == ""
    assert defaults("greeting", "workflows/parting")["workflows"] == "greeting workflows/parting"


@pytest.mark.parametrize("form", ["tekton", "argo-workflows"])
def test_where_the_charts_of_a_pipeline_go_is_a_setting_too(form: str) -> None:
    write("waybill.toml", f'[publish]\nto = ["{REGISTRY}"]\n[propose]\nto = "{CONFIG}"\n')
    done = pipeline(form, *PIPELINE[:4])
    assert done.code == 0, done.err
    assert REGISTRY in done.out
    assert CONFIG in done.out


def test_a_pipeline_says_which_keys_its_secret_may_have() -> None:
    keys = "clone-token, git-token, .dockerconfigjson"
    said = " ".join(pipeline("argo-workflows", *PIPELINE, "--secret", "tokens").err.split())
    assert f"keys of the Secret tokens in the namespace ci, if needed: {keys}" in said
    assert f"{keys}, webhook-secret" in " ".join(pipeline("tekton", *PIPELINE).err.split())
    assert "no EventListener" in pipeline("tekton", *PIPELINE, "--repo", "https://git.example.com/a.git").err


REFUSED = [
    (["flux", "--chart-repo", CHARTS, "--namespace", "My_Team"], "did you mean 'my-team'"),
    (["flux", "greting", "--chart-repo", CHARTS], "no chart 'greting'; did you mean 'greeting'"),
    (["flux", "greeting@nope", "--chart-repo", CHARTS], "greeting: the version 'nope' is not a range"),
    (["flux", "greeting", "greeting@1.x", "--chart-repo", CHARTS], "'greeting' is named twice"),
    (["flux", "workflows", "greeting", "--chart-repo", CHARTS], "the chart 'workflows' has all the others in it"),
    (["flux", "--chart-repo", CHARTS, "--env", "dve"], "envs/dve does not exist; did you mean 'dev'"),
    (["flux", "--chart-repo", CHARTS, "--verify-key", "cosign"], "Flux verifies only charts in a registry"),
    (["flux", "--chart-repo", "charts.example.com"], "is not the URL of a chart repository"),
    (["flux", "--chart-repo", "oci://registry.example.com/Charts"], "not a registry with a path in lower case"),
    (["flux"], "name the chart repository: --chart-repo URL, or repository_url in the settings"),
    (["flux", "--chart-repo", CHARTS, "--project", "p"], "--project is only for argocd"),
    (["flux", "--chart-repo", CHARTS, "--check"], "--check needs the folder"),
    (["argocd", "--repo", CONFIG, "--values", "v.yaml"], "--values is only for flux"),
    (["argocd"], "name the config repository (--repo PLACE) or the chart repository (--chart-repo URL)"),
    (["argocd", "greeting@2.0.0", "--repo", CONFIG], "greeting@2.0.0: a config repository has one --revision for all"),
    (["argocd", "--chart-repo", CHARTS, "--env", "dev"], "--env needs the repository that has the values"),
    (["argocd", "--repo", REGISTRY], "is not a config repository"),
    (["argocd", "--repo", CONFIG, "--path", "../charts"], "is not a folder in the config repository"),
    (["argocd", "--repo", CONFIG, "--revision", "{{ .x }}"], "which is run as a template"),
    (["tekton", *PIPELINE, "--chart-repo", CHARTS], "--chart-repo is only for argocd and flux"),
    (["argocd", "--repo", CONFIG, "--fs-group", "1"], "--fs-group is only for tekton and argo-workflows"),
    (["tekton", "--image", "a", "--to", CONFIG], "name the repository of the workflows: --repo PLACE"),
    (["argo-workflows", "--repo", CONFIG, "--to", CONFIG], "name the image with waybill: --image IMAGE"),
    (["tekton", "--repo", CONFIG, "--image", "a"], "name where charts go: --to PLACE, --publish-to TARGET"),
    (["tekton", "--repo", "dir:x", "--image", "a", "--to", CONFIG], "'dir:x' is not a repository of workflows"),
    (["tekton", *PIPELINE, "--publish-to", "dir:public"], "'dir:public': a folder of a pod is gone with the pod"),
    (["tekton", *PIPELINE, "--publish-to", "ocl://a/b"], "'ocl://a/b' is not a place"),
    (["tekton", "greting", *PIPELINE], "there is no workflow 'greting' in workflows; did you mean 'greeting'"),
    (["tekton", *PIPELINE, "--revision", "$(params.image)"], "revision: '$(params.image)' contains '$('"),
    (["tekton", *PIPELINE, "--publish-to", "git:https://a.example/x y"], "contains a space, which ends a name"),
    (["tekton", *PIPELINE, "--image", "A B"], "'A B'"),
    (["tekton", *PIPELINE, "--secret", "My_Tokens"], "did you mean 'my-tokens'"),
    (["argocd", "--repo", CONFIG, "--kind", "deployment"], "'deployment' is not a kind; write GROUP/KIND"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=[said[:40] for _, said in REFUSED])
def test_what_cannot_be_followed_is_refused_with_what_to_do(words: list[str], said: str) -> None:
    done = run("gitops", *words, *([] if "--namespace" in words else ["--namespace", "demo"]))
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["flux", "--chart-repo", f"https://me:{TOKEN}@charts.example.com"],
        ["argocd", "--repo", f"https://me:{TOKEN}@git.example.com/a.git"],
        ["argocd", "--repo", f"git:https://me:{TOKEN}@git.example.com/a.git"],
        ["tekton", *PIPELINE, "--repo", f"https://me:{TOKEN}@git.example.com/a.git"],
        ["tekton", *PIPELINE, "--publish-to", f"git:https://me:{TOKEN}@git.example.com/a.git"],
        ["argocd", "--repo", CONFIG, "--server", f"https://me:{TOKEN}@api.example.com"],
    ],
    ids=["charts", "config", "place", "workflows", "target", "server"],
)
def test_a_credential_in_a_url_is_refused_and_not_repeated(words: list[str]) -> None:
    done = run("gitops", *words, "--namespace", "demo")
    assert done.code == 2
    assert "holds a credential" in done.err
    assert TOKEN not in done.err + done.out


@pytest.mark.parametrize("path", ["values.yaml", "envs/dev/greeting.yaml"])
def test_a_secret_in_values_is_refused_and_not_repeated(path: str) -> None:
    write(path, f"secret: {{data: {{TOKEN: {TOKEN}}}}}\n")
    write("values.yaml", Path(path).read_text(encoding="utf-8") if path == "values.yaml" else "replicas: 1\n")
    done = flux("--chart-repo", CHARTS, "--values", "values.yaml", "--env", "dev", "-o", "out")
    assert done.code == 1
    assert f"{path}: secret.data.TOKEN is a secret" in done.err
    assert TOKEN not in done.err
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [("- a\n", "values.yaml: contains no map of values"), ("a: [\n", "values.yaml:"), (None, "No such file")],
    ids=["a list", "no YAML", "not there"],
)
def test_a_values_file_that_cannot_be_used_is_named(text: str | None, said: str) -> None:
    if text is not None:
        write("values.yaml", text)
    done = flux("--chart-repo", CHARTS, "--values", "values.yaml")
    assert (done.code, done.out) == (1, "")
    assert said in done.err


def test_a_registry_without_a_key_says_that_nothing_is_verified() -> None:
    said = "Flux will not verify the charts"
    assert said in flux("--chart-repo", REGISTRY).err
    assert said not in flux("--chart-repo", REGISTRY, "--verify-key", "cosign").err
    assert said not in flux("--chart-repo", CHARTS).err
