"""Defines the steps of the pipeline that builds charts in a cluster, in one table for all pipeline engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

#: The mount path of a run's volume, and its folders: the home folder and the clone.
VOLUME: Final = "/work"
HOME: Final = f"{VOLUME}/home"
CLONE: Final = f"{VOLUME}/source"
#: The environment variable with the path of the file for a step's result.
RESULT: Final = "RESULT"
#: The keys of the Secret; each step gets only those that it needs.
CLONE_TOKEN: Final = "clone-token"  # noqa: S105 - a key's name, no token
GIT_TOKEN: Final = "git-token"  # noqa: S105 - as above
REGISTRY_LOGIN: Final = ".dockerconfigjson"
WEBHOOK_SECRET: Final = "webhook-secret"  # noqa: S105 - as above

_LOGIN: Final = {"DOCKER_AUTH_CONFIG": REGISTRY_LOGIN}
_TOKEN: Final = {"WAYBILL_GIT_TOKEN": GIT_TOKEN}
#: Java reads the home folder from /etc/passwd, which does not list a user ID assigned by the cluster.
_JAVA: Final = {"MAVEN_OPTS": f"-Duser.home={HOME}"}
#: Splits the parameter into names, without expanding patterns to files or reading names as options.
_NAMES: Final = """\
set -euf
set -- ${WORKFLOWS:+-- $WORKFLOWS}
"""
_NAMES_OR_ALL: Final = f"""\
{_NAMES}[ $# -gt 0 ] || set -- --all
"""
#: Writes lines as a result. Tekton limits all results of a pod, including its own, to 4,096 bytes.
_LINES: Final = """\
import json, os, sys
lines = [{line} for each in json.load(sys.stdin)["{key}"]]
lines = [line for line in lines if line]
kept = list(lines)
while len("\\n".join(kept)) > 3000:
    kept.pop()
if len(kept) < len(lines):
    kept.append(f"and {{len(lines) - len(kept)}} more")
with open(os.environ["RESULT"], "w") as file:
    file.write("\\n".join(kept))
"""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of a run; `variable` is the environment variable with its value."""

    name: str
    variable: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """A result of a step: lines of text."""

    name: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step, which runs in its own pod: `sh` runs `script` in `folder`."""

    name: str
    description: str
    script: str
    parameters: tuple[Parameter, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Keys of the Secret by environment variable."""
    variables: Mapping[str, str] = field(default_factory=dict)
    result: Result | None = None
    folder: str = CLONE
    is_large: bool = False
    """Whether it runs Maven."""

    @property
    def memory(self) -> tuple[str, str]:
        """The memory request and limit."""
        return ("1Gi", "3Gi") if self.is_large else ("256Mi", "1Gi")

    @property
    def cpu(self) -> str:
        """The CPU request."""
        return "1" if self.is_large else "100m"


@dataclass(frozen=True, kw_only=True)
class PipelineOptions:
    """The options of a pipeline; most are defaults for the parameters of a run."""

    name: str
    namespace: str
    image: str
    """An image with waybill, git, Maven and a JDK."""
    repository: str
    """The URL of the workflows' repository."""
    revision: str
    workflows: tuple[str, ...] = ()
    propose_to: str = ""
    publish_to: tuple[str, ...] = ()
    secret: str
    group: int | None = None
    """The group that owns a run's volume, or None if the cluster assigns one, as OpenShift does."""

    @property
    def defaults(self) -> dict[str, str]:
        """The parameters' default values by name."""
        return {
            IMAGE.name: self.image,
            REPOSITORY.name: self.repository,
            REVISION.name: self.revision,
            WORKFLOWS.name: " ".join(self.workflows),
            PROPOSE_TO.name: self.propose_to,
            PUBLISH_TO.name: " ".join(self.publish_to),
        }


IMAGE: Final = Parameter(name="image", variable="", description="The image with waybill.")
REPOSITORY: Final = Parameter(
    name="repository", variable="REPOSITORY", description="The URL of the repository of the workflows."
)
REVISION: Final = Parameter(name="revision", variable="REVISION", description="Its branch, tag or commit.")
WORKFLOWS: Final = Parameter(
    name="workflows", variable="WORKFLOWS", description="Names of workflows, with spaces between; empty for all."
)
PROPOSE_TO: Final = Parameter(
    name="propose-to", variable="PROPOSE_TO", description="Where charts are proposed; empty for nowhere."
)
PUBLISH_TO: Final = Parameter(
    name="publish-to",
    variable="PUBLISH_TO",
    description="Where packages are published, with spaces between; empty for nowhere.",
)
PARAMETERS: Final = (IMAGE, REPOSITORY, REVISION, WORKFLOWS, PROPOSE_TO, PUBLISH_TO)


def _lines_of(command: str, key: str, line: str) -> str:
    """Return a script that runs a command and writes the step's result from the command's JSON document.

    `line` is a Python expression for each item (`each`) of the list at `key`; empty lines are dropped. No pipe is used,
    because it would hide the command's exit code.
    """
    lines = _LINES.format(key=key, line=line)
    return f"""\
{command} --json "$@" >"$HOME/result.json"
python3 -c '{lines}' <"$HOME/result.json"
"""


#: The steps in the order in which they run.
STEPS: Final = (
    Step(
        name="clone",
        description="Clone the repository of the workflows.",
        # The whole history is needed, because `propose` has to find out which of two commits is newer. The credential
        # helper's text does not contain the token, and git uses it for this repository only.
        script="""\
set -eu
rm -rf source
mkdir -p "$HOME"
git init --quiet source
cd source
git remote add origin "$REPOSITORY"
helper='!printf "username=x-access-token\\npassword=%s\\n" "${CLONE_TOKEN:-}" #'
GIT_TERMINAL_PROMPT=0 git -c "credential.$REPOSITORY.helper=$helper" fetch --quiet -- origin "$REVISION"
git checkout --quiet --detach FETCH_HEAD
git log -1 --format="%H %s"
""",
        parameters=(REPOSITORY, REVISION),
        secrets={"CLONE_TOKEN": CLONE_TOKEN},
        folder=VOLUME,
    ),
    Step(
        name="lint",
        description="Lint the workflows.",
        script=f'{_NAMES}waybill lint "$@"\n',
        parameters=(WORKFLOWS,),
    ),
    Step(
        name="image",
        description="Build and push the images that the registry does not have, without a container engine.",
        script=_NAMES_OR_ALL
        + _lines_of("waybill image --push --engine jib", "images", 'each["repository"] + "@" + (each["digest"] or "")'),
        parameters=(WORKFLOWS,),
        secrets=_LOGIN,
        variables=_JAVA,
        result=Result(name="images", description="The images with their digests, one a line."),
        is_large=True,
    ),
    Step(
        name="chart",
        description="Build charts and packages that name the images by their digests.",
        script=_NAMES_OR_ALL
        + _lines_of("waybill build --images push --engine jib", "charts", 'each["chart"] + " " + each["version"]'),
        parameters=(WORKFLOWS,),
        secrets=_LOGIN,
        variables=_JAVA,
        result=Result(name="charts", description="The charts with their versions, one a line."),
        is_large=True,
    ),
    Step(
        name="check",
        description="Check that the operators run the charts.",
        script=f'{_NAMES}waybill check "$@"\n',
        parameters=(WORKFLOWS,),
    ),
    Step(
        name="propose",
        description="Propose the charts to the repository that the clusters follow.",
        script=': >"$RESULT"\n[ -n "$PROPOSE_TO" ] || exit 0\n'
        + _NAMES_OR_ALL
        + _lines_of('waybill propose --to "$PROPOSE_TO"', "proposals", 'each["url"]'),
        parameters=(WORKFLOWS, PROPOSE_TO),
        secrets=_TOKEN,
        result=Result(name="pull-requests", description="The pull requests, one a line."),
    ),
    Step(
        name="publish",
        description="Publish the packages in chart repositories.",
        script="""\
set -euf
[ -n "$PUBLISH_TO" ] || exit 0
set --
for target in $PUBLISH_TO; do
    set -- "$@" --to "$target"
done
waybill publish "$@"
""",
        parameters=(PUBLISH_TO,),
        secrets={**_TOKEN, **_LOGIN},
    ),
)
