"""Settings: a file, then variables, then options; and what is refused."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.findings.errors import SettingsError
from pipeline.workspace.settings import OTHER_VARIABLES, LintSettings, Setting, Settings, known_settings
from pipeline.workspace.settings_reader import load_settings, unknown_variables
from tests.conftest import ROOT
from tests.unit.conftest import write


def load(start: Path, environment: dict[str, str] | None = None, **options: Any) -> Settings:
    return load_settings(start, environment or {}, options)


def why(start: Path, environment: dict[str, str] | None = None, **options: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load(start, environment, **options)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings(
        workflows=Path("workflows"),
        charts=Path("charts"),
        output=Path("dist"),
        registry="quay.io/orchestrator",
        image_prefix="serverless-workflow-",
        repository_url="",
        initial_version="0.1.0",
        minify_specs=False,
        root=tmp_path,
    )


@pytest.mark.parametrize("root", [{"waybill.toml": ""}, {".git/HEAD": ""}, {".git": "gitdir: elsewhere\n"}])
@pytest.mark.parametrize("folder", [".", "workflows", "workflows/greeting"])
def test_default_paths_are_relative_to_the_settings_file_or_the_root_of_the_repository(
    tmp_path: Path, root: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {**root, "workflows/greeting/x": ""})
    monkeypatch.chdir(tmp_path / folder)
    found = load(Path())
    paths = (found.workflows, found.charts, found.output, found.compatibility)
    names = ("workflows", "charts", "dist", "compatibility.yaml")
    assert [path.resolve() for path in paths] == [tmp_path / name for name in names]
    assert found.workflows == Path(*[".."] * len(Path(folder).parts), "workflows")


def test_a_settings_file_decides_before_the_root_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"waybill.toml": "", "inner/.git/HEAD": "", "inner/below/waybill.toml": "", "inner/below/x/y": ""})
    monkeypatch.chdir(tmp_path / "inner" / "below" / "x")
    assert load(Path()).charts == Path("../charts")
    monkeypatch.chdir(tmp_path / "inner")
    assert load(Path()).charts == Path("../charts")


def test_paths_of_options_and_variables_are_relative_to_where_waybill_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"waybill.toml": "", "inner/x": ""})
    monkeypatch.chdir(tmp_path / "inner")
    found = load(Path(), {"WAYBILL_CHARTS": "a"}, output=Path("b"))
    assert (found.charts, found.output) == (Path("a"), Path("b"))
    assert found.committed is not None
    assert found.committed.charts == Path("../charts")


def test_patterns_of_files_begin_as_the_workflows_do_in_whichever_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[lint.per_file_ignores]\n"workflows/greeting/a.yaml" = ["unused-function"]\n'
    write(tmp_path, {"waybill.toml": text, "workflows/greeting/x": ""})
    monkeypatch.chdir(tmp_path / "workflows" / "greeting")
    assert list(load(Path()).lint.per_file_ignores) == ["../../workflows/greeting/a.yaml"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project]\nname = "x"\n[tool.waybill]\ninitial_version = "2.0.0"\n'),
        ("pyproject.toml", '[tool.waybill]\ninitial-version = "2.0.0"\n'),
        ("waybill.toml", 'initial_version = "2.0.0"\n'),
    ],
)
def test_a_setting_may_stand_in_either_file(tmp_path: Path, name: str, text: str) -> None:
    assert load(write(tmp_path, {name: text})).initial_version == "2.0.0"


def test_waybill_toml_comes_before_pyproject(tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": 'registry = "a.io/x"', "pyproject.toml": '[tool.waybill]\nregistry = "b.io/x"'})
    assert load(tmp_path).registry == "a.io/x"


def test_a_pyproject_without_our_table_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": '[tool.waybill]\nregistry = "a.io/x"', "inner/pyproject.toml": "[tool.ruff]\n"})
    assert load(tmp_path / "inner").registry == "a.io/x"


def test_variables_win_over_files_and_options_over_variables(tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": 'registry = "file.io/x"\nimage_prefix = "file-"\ninitial_version = "1.0.0"\n'})
    environment = {"WAYBILL_REGISTRY": "env.io/x", "WAYBILL_IMAGE_PREFIX": "env-"}
    found = load(tmp_path, environment, registry="option.io/x", image_prefix=None)
    assert (found.registry, found.image_prefix, found.initial_version) == ("option.io/x", "env-", "1.0.0")


def test_an_empty_variable_was_not_given(tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": 'registry = "file.io/x"'})
    assert load(tmp_path, {"WAYBILL_REGISTRY": ""}).registry == "file.io/x"


def test_an_empty_option_was_given(tmp_path: Path) -> None:
    assert load(tmp_path, {"WAYBILL_IMAGE_PREFIX": "env-"}, image_prefix="").image_prefix == ""


@pytest.mark.parametrize("name", ["WORKFLOWS", "CHARTS", "OUTPUT"])
def test_a_path_may_come_from_a_variable(tmp_path: Path, name: str) -> None:
    assert getattr(load(tmp_path, {f"WAYBILL_{name}": "some/where"}), name.lower()) == Path("some/where")


def test_a_flag_may_come_from_a_file_a_variable_or_an_option(tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": "minify_specs = true\n"})
    assert load(tmp_path).minify_specs is True
    assert load(tmp_path, {"WAYBILL_MINIFY_SPECS": "false"}).minify_specs is False
    assert load(tmp_path, {"WAYBILL_MINIFY_SPECS": "false"}, minify_specs=True).minify_specs is True


def test_a_flag_of_another_form_is_refused(tmp_path: Path) -> None:
    assert why(tmp_path, {"WAYBILL_MINIFY_SPECS": "yes"}) == "WAYBILL_MINIFY_SPECS is 'yes'; write true or false"
    write(tmp_path, {"waybill.toml": 'minify_specs = "true"\n'})
    assert why(tmp_path).startswith(f"{tmp_path}/waybill.toml:1: 'minify_specs' needs true or false")


def test_a_path_in_a_file_is_relative_to_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"waybill.toml": 'workflows = "flows"\ncharts = "/abs/charts"\n', "a/b/x": ""})
    found = load(tmp_path / "a" / "b")
    assert (found.workflows, found.charts) == (tmp_path / "a" / "b" / ".." / ".." / "flows", Path("/abs/charts"))
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert load(Path()).workflows == Path("../../flows")
    assert load(tmp_path).workflows == Path("flows")


def test_an_unknown_setting_is_refused_with_its_place_and_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": '[project]\nname = "x"\n\n[tool.waybill]\nworkflow = "x"\n'})
    assert why(tmp_path) == (f"{tmp_path}/pyproject.toml:5: unknown setting 'workflow'; did you mean 'workflows'?")


def test_an_unknown_setting_in_waybill_toml_is_refused_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": '# mine\nregistry = "a.io/x"\nzzz = "x"\n'})
    assert why(tmp_path) == f"{tmp_path}/waybill.toml:3: unknown setting 'zzz'"


def test_a_variable_that_is_nearly_a_setting_is_refused(tmp_path: Path) -> None:
    assert why(tmp_path, {"WAYBILL_REGISTY": "x"}) == (
        "WAYBILL_REGISTY is set, but there is no such setting; did you mean 'WAYBILL_REGISTRY'?"
    )


def test_all_that_is_wrong_is_told_at_once_each_with_its_place(tmp_path: Path) -> None:
    text = """\
images = "never"
initial-version = "1"
zzz = 1
registry = 7
strict = 3
lint = 4
image_prefix = "Upper-"

[propose]
lables = []
"""
    write(tmp_path, {"waybill.toml": text})
    environment = {"WAYBILL_STRICT": "yes", "WAYBILL_REGISTY": "x"}
    file = f"{tmp_path}/waybill.toml"
    assert why(tmp_path, environment, engine="podman").splitlines() == [
        f"{file}:3: unknown setting 'zzz'",
        f"{file}:4: 'registry' needs a string, in quotes",
        f"{file}:5: 'strict' needs true or false, without quotes",
        f"{file}:6: 'lint' is not a table; write [lint] above its settings",
        f"{file}:10: unknown setting 'propose.lables'; did you mean 'labels'?",
        "WAYBILL_REGISTY is set, but there is no such setting; did you mean 'WAYBILL_REGISTRY'?",
        "WAYBILL_STRICT is 'yes'; write true or false",
        f"{file}:2: initial_version '1': write MAJOR.MINOR.PATCH, as in 1.2.3",
        f"{file}:1: images 'never': write auto, build, push or skip",
        "engine 'podman': write docker or jib",
        f"{file}:7: image_prefix 'Upper-': use lower-case letters, digits, '.', '_' and '-'",
    ]


def test_a_wrong_value_that_another_one_replaces_is_no_matter(tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": 'images = "never"\n'})
    assert load(tmp_path, images="skip").images == "skip"


@pytest.mark.parametrize("name", ["waybill.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkdir, "is a folder; write the settings into a file of this name, or rename it"),
        (os.mkfifo, "is a pipe or device; write the settings into a file of this name, or rename it"),
        (lambda path: path.symlink_to(path), "the link leads nowhere; write the settings into a file of this name"),
        (lambda path: path.symlink_to("none"), "the link leads nowhere; write the settings into a file of this name"),
        (lambda path: path.symlink_to("/dev/null"), "is a pipe or device; write the settings into a file"),
    ],
    ids=["folder", "pipe", "loop", "nowhere", "device"],
)
def test_what_stands_in_the_place_of_the_file_is_not_passed_over(
    tmp_path: Path, name: str, make: Callable[[Path], None], said: str
) -> None:
    make(tmp_path / name)
    (tmp_path / "below").mkdir()
    assert why(tmp_path).startswith(f"{tmp_path}/{name}: {said}")
    assert name in why(tmp_path / "below")


def test_a_variable_of_no_use_is_a_warning_that_names_it_and_the_nearest() -> None:
    environment = {"WAYBILL_FOO": "1", "WAYBILL_CASHE": "x", "WAYBILL_REGISTY": "x", "WAYBILL_CACHE": "x", "HOME": "x"}
    assert unknown_variables(environment) == [
        "WAYBILL_CASHE is set, but waybill has no such variable; did you mean 'WAYBILL_CACHE'?",
        "WAYBILL_FOO is set, but waybill has no such variable",
    ]


@pytest.mark.parametrize("name", ["WAYBILL_SHARED", "WAYBILL_CACHE", "REGISTRY", "PATH"])
def test_other_variables_are_no_matter(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, {name: "x"}) == load(tmp_path)


@pytest.mark.parametrize("value", ["7", "true", "[]", "{}", "1.0", "2026-01-01"])
def test_a_setting_that_is_no_string_is_refused_with_its_place(tmp_path: Path, value: str) -> None:
    write(tmp_path, {"waybill.toml": f"\nregistry = {value}\n"})
    assert why(tmp_path).startswith(f"{tmp_path}/waybill.toml:2: 'registry' needs a string")


@pytest.mark.parametrize(
    "text", ["[tool]\nwaybill = 3\n", "tool = 3\n", "[[tool.waybill]]\na = 1\n", "[tool]\nwaybill = 'x'\n"]
)
def test_a_table_that_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    assert "pyproject.toml" in why(write(tmp_path, {"pyproject.toml": text}))


@pytest.mark.parametrize("data", [b"registry = ", b"\xff", b"registry", b"a = 1\na = 2"])
@pytest.mark.parametrize("name", ["pyproject.toml", "waybill.toml"])
def test_a_file_that_is_no_toml_is_refused_with_its_name(tmp_path: Path, name: str, data: bytes) -> None:
    assert why(write(tmp_path, {name: data})).startswith(f"{tmp_path}/{name}: not well-formed TOML: ")


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "", "01.2.3", "1.2.3-beta", "1.2.3\n", "1.2.3+x"])
def test_an_initial_version_that_is_no_version_of_ours_is_refused(tmp_path: Path, version: str) -> None:
    assert why(tmp_path, initial_version=version) == (
        f"initial_version '{version}': write MAJOR.MINOR.PATCH, as in 1.2.3"
    )


@pytest.mark.parametrize("release", ["latest", "1", "v1.9", "1.9-rc"])
def test_a_release_of_developer_hub_that_is_none_is_refused(tmp_path: Path, release: str) -> None:
    settings = write(tmp_path, {"waybill.toml": f'rhdh = "{release}"\n'})
    assert (
        why(settings)
        == f"{settings}/waybill.toml:1: rhdh '{release}': write a release of Red Hat Developer Hub, as in 1.9"
    )


@pytest.mark.parametrize("version", ["0.1.0", "10.20.30", "1.0.0-rc.1"])
def test_an_initial_version_may_be_a_release_or_a_candidate(tmp_path: Path, version: str) -> None:
    assert load(tmp_path, initial_version=version).initial_version == version


@pytest.mark.parametrize("registry", ["quay.io/a", "localhost:5000", "localhost:5000/a/b-c_d.e", "host"])
def test_a_registry_is_a_host_and_a_path(tmp_path: Path, registry: str) -> None:
    assert load(tmp_path, registry=registry).registry == registry


@pytest.mark.parametrize(
    "registry", ["", "https://quay.io/a", "quay.io/A", "quay.io/a/", "quay.io//a", "a b", "quay.io/a:tag"]
)
def test_a_registry_of_another_form_is_refused(tmp_path: Path, registry: str) -> None:
    assert "write host[:port]/namespace, as in quay.io/orchestrator" in why(tmp_path, registry=registry)


def test_a_registry_with_a_password_is_refused_without_showing_it(tmp_path: Path) -> None:
    assert "s3cret" not in why(tmp_path, registry="user:s3cret@quay.io/a")


@pytest.mark.parametrize("prefix", ["Upper-", "a/b", "a b", "ä"])
def test_an_image_prefix_that_makes_no_image_name_is_refused(tmp_path: Path, prefix: str) -> None:
    assert f"image_prefix '{prefix}'" in why(tmp_path, image_prefix=prefix)


@pytest.mark.parametrize(
    "url", ["https://example.org/charts", "http://localhost:8080", "oci://quay.io/x", "https://x/a@b"]
)
def test_a_repository_has_an_address(tmp_path: Path, url: str) -> None:
    assert load(tmp_path, repository_url=url).repository_url == url


@pytest.mark.parametrize(
    "url",
    [
        "example.org",
        "http://[::1",
        "https://a:b/",
        "ftp://example.org",
        "https://",
        "file:///x",
        "https:/x",
        "https:// x",
    ],
)
def test_a_repository_of_another_address_is_refused(tmp_path: Path, url: str) -> None:
    assert why(tmp_path, repository_url=url) == "repository_url: write a URL that starts with https://"


@pytest.mark.parametrize("credentials", ["user:s3cret", "s3cret", "user:s3%40cret", ":s3cret"])
@pytest.mark.parametrize("scheme", ["https", "oci", "ftp"])
def test_credentials_in_the_address_are_refused_without_showing_them(
    tmp_path: Path, scheme: str, credentials: str
) -> None:
    url = f"{scheme}://{credentials}@example.org/charts"
    for message in (
        why(tmp_path, repository_url=url),
        why(tmp_path, {"WAYBILL_REPOSITORY_URL": url}),
        why(write(tmp_path, {"waybill.toml": f'repository_url = "{url}"'})),
    ):
        assert "repository_url" in message
        assert "s3" not in message.removeprefix(str(tmp_path))


def test_what_is_ignored_by_path_is_relative_to_the_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"waybill.toml": '[lint.per-file-ignores]\n"flows/*" = ["syntax"]\n', "a/b/x": ""})
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert load(Path()).lint.per_file_ignores == {"../../flows/*": ("syntax",)}
    monkeypatch.chdir(tmp_path)
    assert load(Path()).lint.per_file_ignores == {"flows/*": ("syntax",)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lint = 3\n", "1: 'lint' is not a table; write [lint] above its settings"),
        ("strict = true\n\n[lint]\nignored = []\n", "4: unknown setting 'lint.ignored'; did you mean 'ignore'?"),
        (
            "[lint]\nper-file-ignore = {}\n",
            "2: unknown setting 'lint.per-file-ignore'; did you mean 'per-file-ignores'?",
        ),
        ("[lint]\nignore = 'a'\n", "2: 'lint.ignore' needs a list of rules, as in [\"unused-function\"]"),
        ("lint.ignore = [\n  'a',\n  1,\n]\n", "1: 'lint.ignore' needs a list of rules, as in [\"unused-function\"]"),
        (
            "[lint.per-file-ignores]\n'a/*' = 'b'\n",
            '1: \'lint.per-file-ignores\' needs a list of rules for each pattern, as in "x/*" = ["unused-function"]',
        ),
    ],
)
def test_a_table_is_read_as_strictly_as_the_settings_above_it(tmp_path: Path, text: str, message: str) -> None:
    assert why(write(tmp_path, {"waybill.toml": text})) == f"{tmp_path}/waybill.toml:{message}"


def test_a_table_of_pyproject_is_named_as_it_is_written_there(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": "[tool.ruff]\nlint = 3\n[tool.waybill]\nlint = 3\n"})
    assert why(tmp_path) == (
        f"{tmp_path}/pyproject.toml:4: 'lint' is not a table; write [tool.waybill.lint] above its settings"
    )


def test_a_value_of_the_wrong_form_is_not_shown(tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": 'repository_url = ["https://user:s3cret@example.org"]\n'})
    assert why(tmp_path) == f"{tmp_path}/waybill.toml:1: 'repository_url' needs a string, in quotes"


def test_a_table_of_the_settings_is_a_table_of_the_file(tmp_path: Path) -> None:
    write(tmp_path, {"waybill.toml": '[lint]\nignore = ["a"]\nper_file_ignores = {"b/*" = ["c", "d"]}\n'})
    found = load(tmp_path)
    assert found.lint == LintSettings(ignore=("a",), per_file_ignores={"b/*": ("c", "d")})
    assert found.file == tmp_path / "waybill.toml"


#: What this module misspells on purpose.
MISSPELT = {"WAYBILL_REGISTY", "WAYBILL_FOO", "WAYBILL_CASHE"}


def test_every_variable_of_ours_is_in_the_registry() -> None:
    known = {setting.variable for setting in known_settings().values()} | OTHER_VARIABLES.keys()
    named = {
        name
        for place in ("pipeline", "generator", "tests", "docs", "noxfile.py", "README.md", "CONTRIBUTING.md")
        for path in ([ROOT / place] if (ROOT / place).is_file() else (ROOT / place).rglob("*"))
        if path.suffix in (".py", ".md", ".mjs", ".json", ".jinja")
        for name in re.findall(r"\bWAYBILL_[A-Z_]*[A-Z]\d?\b", path.read_text(encoding="utf-8"))
    }
    assert named - known == MISSPELT
    assert OTHER_VARIABLES.keys() <= named


@pytest.mark.parametrize("setting", known_settings().values(), ids=lambda setting: setting.key)
def test_a_setting_says_what_it_is_and_how_its_value_is_written(setting: Setting) -> None:
    assert setting.about.text.endswith(".")
    assert setting.about.form or setting.variable
    assert setting.about.metavar or setting.type not in (str, Path)
