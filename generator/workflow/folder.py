"""Reads a workflow folder: which files it holds and what each is for. Nothing is understood here yet."""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final, NoReturn
from urllib.parse import urlsplit

from generator.findings.errors import FindingsError
from generator.findings.finding import Finding, in_file_order

DEFINITION_SUFFIXES: Final = (".sw.yaml", ".sw.yml", ".sw.json")
#: A Quarkus project keeps the workflow's files where Java keeps resources.
QUARKUS_RESOURCES: Final = "src/main/resources"
#: The folders that go into ConfigMaps, one ConfigMap for each folder below them (the operator mounts them flat).
RESOURCE_FOLDERS: Final = ("schemas", "specs", "subflows")
#: What lies in a workflow's folder and is no part of its image: the chart's files, functions that have images of their
#: own, what Backstage reads, a person's file, the secrets and the input of a trial run.
NOT_IN_IMAGE: Final = (
    "argfile.conf",
    "backstage",
    "chart",
    "functions",
    "README.md",
    "secret.properties",
    "tests/input.json",
)
#: Pictures of workflows, which no build reads.
_PICTURES: Final = ".svg"
#: Folders that tools leave behind.
LEFT_BY_TOOLS: Final = frozenset({".git", "target", "node_modules", "__pycache__"})
#: How the names of folders begin in which waybill keeps what it moves; a run that was killed leaves them behind.
STAGING_PREFIX: Final = ".waybill-staging-"
#: The folder beside the workflows' that holds what all of them use.
SHARED: Final = "shared"
#: Helm loads no larger file from a chart (helm.sh/helm/v3/pkg/chart/loader, MaxDecompressedFileSize).
MAX_FILE_BYTES: Final = 5 * 1024 * 1024
#: What is read of one folder in all; a release that Helm can store holds 1 MiB, compressed.
MAX_FOLDER_BYTES: Final = 20 * 1024 * 1024
#: No package holds such a spec, but what --minify-specs leaves of it; `config-map-size` refuses the rest.
MAX_SPEC_BYTES: Final = MAX_FOLDER_BYTES
#: Keys and values of such a spec.
MAX_SPEC_VALUES: Final = 1_000_000
#: What the folder of one workflow may hold; more is somebody's home directory.
MAX_FILES: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class SharedFiles:
    """`workflows/shared`: what every image gets as `shared/` next to the workflow's own files."""

    files: Mapping[str, bytes]
    """Path below `shared/` to its bytes."""


@dataclass(frozen=True, kw_only=True)
class FunctionSource:
    """A folder `functions/NAME` with a Dockerfile: a service of the workflow's own, with an image of its own."""

    name: str
    dockerfile: bytes
    inputs: Mapping[str, str]
    """Path below the function's folder to the SHA-256 of the file's bytes; without the Dockerfile."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One workflow folder on disk.

    Paths in `resources` are relative to where the definition lies (the folder itself, or `src/main/resources`), those
    in `overlay` to `chart/`. `inputs` are the files that an image is built from, each with the SHA-256 of its bytes.
    """

    name: str
    path: str
    definition: str
    resources: Mapping[str, bytes]
    inputs: Mapping[str, str]
    overlay: Mapping[str, bytes]
    shared: SharedFiles
    quarkus: bool = False
    findings: tuple[Finding, ...] = ()
    argfile: bytes | None = None
    """argfile.conf, the build arguments of the image; None where there is none."""
    functions: tuple[FunctionSource, ...] = ()
    beside: tuple[str, ...] = ()
    """Definitions beside the workflow's own that it runs: they are mounted as if they lay in subflows/."""

    def shown(self, relative: str) -> str:
        """The path of a resource as a person sees it."""
        return f"{self.path}/{self._in_folder(relative)}"

    def shown_shared(self, relative: str) -> str:
        """The path of a file of workflows/shared (`shared/…`) as a person sees it."""
        return posixpath.join(posixpath.dirname(self.path), relative)

    def contents(self, resolved: Resolved) -> bytes | None:
        """What a reference leads to; None where that is nothing that was read."""
        if resolved.path:
            return self.resources.get(resolved.path)
        return self.shared.files[resolved.shared.removeprefix("shared/")] if resolved.shared else None

    def shown_as(self, resolved: Resolved) -> str:
        """The path of what a reference leads to as a person sees it; "" where that is nothing."""
        if resolved.path:
            return self.shown(resolved.path)
        return self.shown_shared(resolved.shared) if resolved.shared else ""

    def in_shared(self, uri: str) -> str | None:
        """The file of workflows/shared (`shared/…`) that a URL ends in; None where there is none."""
        try:
            parts = urlsplit(uri).path.strip("/").split("/")
        except ValueError:
            return None
        tails = ("/".join(parts[start:]).removeprefix(f"{SHARED}/") for start in range(len(parts)))
        return next((f"{SHARED}/{tail}" for tail in tails if tail in self.shared.files), None)

    def _in_folder(self, relative: str) -> str:
        return f"{QUARKUS_RESOURCES}/{relative}" if self.quarkus else relative

    def resource_folders(self) -> dict[str, tuple[str, ...]]:
        """Folder to file names, for every folder below specs/, schemas/ and subflows/ that holds files; sorted."""
        folders: dict[str, list[str]] = {}
        for relative in sorted((*self.resources, *map(self.mounted_as, self.beside))):
            folder, name = posixpath.split(relative)
            if folder.split("/")[0] in RESOURCE_FOLDERS:
                folders.setdefault(folder, []).append(name)
        return {folder: tuple(folders[folder]) for folder in sorted(folders)}

    def mounted_as(self, relative: str) -> str:
        """Where a file is mounted that belongs into a ConfigMap."""
        return f"subflows/{relative}" if relative in self.beside else relative

    def subflows(self) -> tuple[str, ...]:
        """The definitions below subflows/, and those that the workflow's own runs beside it."""
        below = (p for p in self.resources if p.startswith("subflows/") and p.endswith(DEFINITION_SUFFIXES))
        return tuple(sorted((*below, *self.beside)))

    def resolve(self, reference: str, base: str = "") -> Resolved:
        """Find the file that `reference` names, written in a file of the folder `base`.

        `file:` prefixes are taken off. What climbs into `shared/` is looked up in workflows/shared, as the image has
        it beside the workflow's own files.
        """
        target = reference.removeprefix("classpath:").removeprefix("file:")
        target = target.removeprefix("//") if reference.startswith("file:") else target
        if "://" in target or target.startswith(("http:", "https:")):
            return Resolved(path=None, remote=True)
        if target.startswith("/") and not reference.startswith("classpath:"):
            return Resolved(path=None, outside=True)
        tried = [posixpath.normpath(posixpath.join(folder, target.lstrip("/"))) for folder in dict.fromkeys((base, ""))]
        for path in tried:
            if path in self.resources or self._in_folder(path) in self.inputs:
                return Resolved(path=path)
            tail = path.removeprefix("../")
            if tail.startswith("shared/") and tail.removeprefix("shared/") in self.shared.files:
                return Resolved(path=None, shared=tail)
        outside = all(path.startswith("..") and not path.startswith("../shared/") for path in tried)
        return Resolved(path=None, outside=outside)


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """What a reference to a file came to; nothing set: there is no such file."""

    path: str | None
    shared: str | None = None
    remote: bool = False
    outside: bool = False

    @property
    def missing(self) -> bool:
        """There is no such file in the folder or in shared/."""
        return not (self.path or self.shared or self.remote or self.outside)


def read_shared(folder: Path) -> SharedFiles:
    """Read `workflows/shared`; a folder that is not there is empty.

    Raises:
        FindingsError: a link that leaves it, a special file.
    """
    if not folder.is_dir():
        return SharedFiles(files={})
    walker = _Walker(folder, folder.as_posix())
    files = {relative: walker.read(relative, path) for relative, path in walker.files()}
    walker.stop_on_findings()
    return SharedFiles(files=files)


def read_source(folder: Path, *, shown: str, shared: SharedFiles) -> Source:
    """Read one workflow folder; `shown` is its path in messages.

    Raises:
        FindingsError: no such folder, no definition or more than one, a file that cannot be read or is too large, a
            link that leaves the folder; all of them at once.
    """
    if not folder.is_dir():
        _stop(shown, "no-folder", "does not exist; name a workflow folder or its path")
    walker = _Walker(folder, shown)
    paths = dict(walker.files())
    quarkus = any(path.startswith(f"{QUARKUS_RESOURCES}/") for path in paths)
    prefix = f"{QUARKUS_RESOURCES}/" if quarkus else ""
    resources, overlay, inputs = {}, {}, {}
    argfile: bytes | None = None
    for relative, path in paths.items():
        top = relative.split("/")[0]
        inner = relative.removeprefix(prefix) if relative.startswith(prefix) else None
        if top == "chart":
            overlay[relative.removeprefix("chart/")] = walker.read(relative, path)
            continue
        if top in ("backstage", "functions"):
            continue
        if relative == "argfile.conf":
            argfile = walker.read(relative, path)
        if inner is not None and _is_resource(inner):
            resources[inner] = walker.read(relative, path)
        if not _left_out_of_image(relative, inner):
            inputs[relative] = walker.digest(relative, path)
    functions = tuple(_functions(paths, walker))
    definition, beside = _one_definition(resources, walker, prefix)
    walker.stop_on_findings()
    return Source(
        name=folder.name if folder.name not in ("", "..") else folder.resolve().name,
        path=shown,
        definition=definition,
        resources=resources,
        inputs=inputs,
        overlay=overlay,
        shared=shared,
        quarkus=quarkus,
        findings=tuple(_folders_that_meet(paths, prefix, shown)),
        argfile=argfile,
        functions=functions,
        beside=beside,
    )


def _is_resource(inner: str) -> bool:
    """Whether the core reads this file: all text that a definition can name, no Java and no scripts."""
    return inner.startswith(tuple(f"{f}/" for f in RESOURCE_FOLDERS)) or inner.endswith(
        (".json", ".yaml", ".yml", ".properties", ".conf", ".md")
    )


def _left_out_of_image(relative: str, inner: str | None) -> bool:
    return relative in NOT_IN_IMAGE or inner in NOT_IN_IMAGE or relative.endswith(_PICTURES)


def _functions(paths: Mapping[str, Path], walker: _Walker) -> Iterator[FunctionSource]:
    """The folders below functions/ that an image is built from: those with a Dockerfile."""
    files: dict[str, dict[str, Path]] = {}
    for relative, path in paths.items():
        top, _, below = relative.partition("/")
        name, _, inner = below.partition("/")
        if top == "functions" and inner and not LEFT_BY_TOOLS & set(inner.split("/")):
            files.setdefault(name, {})[inner] = path
    for name, own in files.items():
        if dockerfile := own.pop("Dockerfile", None):
            below = f"functions/{name}"
            inputs = {inner: walker.digest(f"{below}/{inner}", path) for inner, path in own.items()}
            yield FunctionSource(name=name, dockerfile=walker.read(f"{below}/Dockerfile", dockerfile), inputs=inputs)


def _one_definition(resources: Mapping[str, bytes], walker: _Walker, prefix: str) -> tuple[str, tuple[str, ...]]:
    """The workflow's own definition, and those beside it that it runs; both empty where that is open."""
    found = sorted(p for p in resources if "/" not in p and p.endswith(DEFINITION_SUFFIXES))
    if len(found) == 1:
        return found[0], ()
    if not found:
        endings = ", ".join(f"*{suffix}" for suffix in DEFINITION_SUFFIXES)
        walker.find(prefix, "no-definition", f"contains no definition ({endings}); write one, or name another folder")
        return "", ()
    from generator.workflow.family import Family  # noqa: PLC0415 - reads YAML, which one definition does not need

    family = Family.of({path: resources[path] for path in found})
    root = family.only_root()
    beside = tuple(path for path in found if path != root)
    if root and not any(f"subflows/{path}" in resources for path in beside):
        return root, beside
    advice = family.advice() or "keep one at the top"
    walker.find(prefix, "definitions", f"contains {len(found)} definitions ({', '.join(found)}); {advice}")
    return "", ()


def is_staged(path: PurePath) -> bool:
    """Whether a path, relative to the folder that is read, leads into a staging folder: none of the folder's files."""
    return any(part.startswith(STAGING_PREFIX) for part in path.parts)


def slug(folder: str) -> str:
    """The part of a ConfigMap's name that says which folder it holds: `subflows/specs` becomes `subflows-specs`."""
    return folder.replace("/", "-")


def _folders_that_meet(paths: Iterable[str], prefix: str, shown: str) -> Iterator[Finding]:
    folders = sorted({posixpath.dirname(p.removeprefix(prefix)) for p in paths if p.startswith(prefix)} - {""})
    by_slug: dict[str, str] = {}
    for folder in folders:
        other = by_slug.setdefault(slug(folder), folder)
        if other != folder and {other.split("/")[0], folder.split("/")[0]} & set(RESOURCE_FOLDERS):
            yield Finding(
                path=f"{shown}/{prefix}{folder}",
                rule="name-clash",
                message=f"'{folder}' and '{other}' both become the ConfigMap name '{slug(folder)}'; rename one of them",
                blocking=True,
            )


class _Walker:
    """Lists the regular files of a folder and collects what is wrong with the others."""

    def __init__(self, folder: Path, shown: str) -> None:
        self._folder = folder
        self._root = folder.resolve()
        self._shown = shown
        self._findings: list[Finding] = []
        self._bytes = 0

    def files(self) -> Iterator[tuple[str, Path]]:
        """Relative POSIX path and path of each file, sorted."""
        yield from sorted(self._walk(self._folder, "", frozenset((self._root,)), [0]))

    def _walk(self, folder: Path, prefix: str, above: frozenset[Path], count: list[int]) -> Iterator[tuple[str, Path]]:
        for entry in sorted(os.scandir(folder), key=lambda e: e.name):
            relative = prefix + entry.name
            if relative in LEFT_BY_TOOLS or entry.name.startswith(STAGING_PREFIX) or not self._is_utf8(relative):
                continue
            path = Path(entry.path)
            if entry.is_symlink() and not self._is_good_link(relative, path, above):
                continue
            count[0] += 1
            if count[0] > MAX_FILES:
                _stop(self._shown, "size", f"contains more than {MAX_FILES:,} files and folders; not a workflow folder")
            if entry.is_dir():
                yield from self._walk(path, f"{relative}/", above | {path.resolve()}, count)
            elif entry.is_file():
                yield relative, path
            else:
                kind = "a broken link" if entry.is_symlink() else _special(path)
                self.find(relative, "special-file", f"{kind}, not a file; remove it")

    def _is_good_link(self, relative: str, path: Path, above: frozenset[Path]) -> bool:
        try:
            target = path.resolve()
            path.stat()
        except FileNotFoundError:
            target = path.resolve()
        except (OSError, RuntimeError):  # Python before 3.13 says RuntimeError
            self.find(relative, "link-loop", "a link that points to itself; remove it")
            return False
        if not target.is_relative_to(self._root):
            self.find(
                relative, "link-outside", f"a link to {_printable(path.readlink())}, outside the folder; copy it in"
            )
            return False
        if target in above:
            self.find(relative, "link-loop", "a link to a folder above it; remove it")
            return False
        return True

    def _is_utf8(self, relative: str) -> bool:
        try:
            relative.encode()
        except UnicodeEncodeError:
            self.find(ascii(relative), "encoding", "the file's name is not UTF-8; rename it")
            return False
        return True

    def read(self, relative: str, path: Path) -> bytes:
        """The bytes of a file; a file that Helm would not load, or that cannot be read, becomes a finding."""
        try:
            size, most = path.stat().st_size, MAX_SPEC_BYTES if _is_spec(relative) else MAX_FILE_BYTES
            if size > most:
                self.find(relative, "size", _too_large(size, most))
                return b""
            self._bytes += size
            if self._bytes > MAX_FOLDER_BYTES:
                message = f"its files exceed {MAX_FOLDER_BYTES:,} bytes; remove what no workflow reads"
                _stop(self._shown, "size", message)
            return path.read_bytes()
        except OSError as error:
            self.find(relative, "unreadable", f"cannot be read: {error.strerror}")
            return b""

    def digest(self, relative: str, path: Path) -> str:
        """The SHA-256 of a file's bytes; a file that cannot be read becomes a finding."""
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            self.find(relative, "unreadable", f"cannot be read: {error.strerror}")
            return ""

    def find(self, relative: str, rule: str, message: str) -> None:
        path = f"{self._shown}/{relative}".rstrip("/")
        self._findings.append(Finding(path=path, rule=rule, message=message, blocking=True))

    def stop_on_findings(self) -> None:
        if self._findings:
            raise FindingsError(in_file_order(self._findings))


def _is_spec(relative: str) -> bool:
    """Whether a file is in the folder of OpenAPI files, which may be cut down after they are read."""
    return relative.startswith("specs/")


def _too_large(size: int, most: int) -> str:
    """Why a file is not read."""
    if most == MAX_SPEC_BYTES:
        return (
            f"{size:,} bytes; at most {most:,} are read, and --minify-specs cuts those down; remove unused operations"
        )
    return f"{size:,} bytes; Helm loads at most {most:,}; split the file"


def _printable(path: Path) -> str:
    return str(path).encode(errors="backslashreplace").decode()


def _special(path: Path) -> str:
    mode = path.stat().st_mode
    return "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"


def _stop(path: str, rule: str, message: str) -> NoReturn:
    raise FindingsError([Finding(path=path, rule=rule, message=message, blocking=True)])
