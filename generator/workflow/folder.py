"""Reads the files of a workflow folder and sorts them by purpose, without parsing them."""

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
#: The folder of a workflow's files in a Quarkus project.
QUARKUS_RESOURCES: Final = "src/main/resources"
#: The folders that become ConfigMaps, one for each folder below them (the operator mounts them flat).
RESOURCE_FOLDERS: Final = ("schemas", "specs", "subflows")
#: Files of a workflow's folder that are not part of its image: those of the chart and of Backstage, functions with
#: their own images, the README, secrets, and the input of test runs.
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
#: Folders that tools create.
LEFT_BY_TOOLS: Final = frozenset({".git", "target", "node_modules", "__pycache__"})
#: The prefix of waybill's staging folders, which remain if a run is killed.
STAGING_PREFIX: Final = ".waybill-staging-"
#: The folder next to the workflows' folders with files for all of them.
SHARED: Final = "shared"
#: The largest file that Helm loads from a chart (helm.sh/helm/v3/pkg/chart/loader, MaxDecompressedFileSize).
MAX_FILE_BYTES: Final = 5 * 1024 * 1024
#: The most that is read from one folder; a Helm release is limited to 1 MiB, compressed.
MAX_FOLDER_BYTES: Final = 20 * 1024 * 1024
#: A larger limit for specs, which --minify-specs reduces; the rule `config-map-size` reports those that stay too large.
MAX_SPEC_BYTES: Final = MAX_FOLDER_BYTES
#: The most keys and values of a spec.
MAX_SPEC_VALUES: Final = 1_000_000
#: The most files of a workflow folder; with more, it is probably a home directory.
MAX_FILES: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class SharedFiles:
    """The files of `workflows/shared`, which every image has in `shared/` next to the workflow's own files."""

    files: Mapping[str, bytes]
    """The bytes of each file, by path below `shared/`."""


@dataclass(frozen=True, kw_only=True)
class FunctionSource:
    """A folder `functions/NAME` with a Dockerfile: a service of the workflow with its own image."""

    name: str
    dockerfile: bytes
    inputs: Mapping[str, str]
    """The SHA-256 of each file except the Dockerfile, by path below the function's folder."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A workflow folder on disk.

    Paths in `resources` are relative to the definition's folder (the folder itself or `src/main/resources`), paths in
    `overlay` to `chart/`. `inputs` are the files that the image is built from, each with the SHA-256 of its bytes.
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
    """argfile.conf, the build arguments of the image; None if it does not exist."""
    functions: tuple[FunctionSource, ...] = ()
    beside: tuple[str, ...] = ()
    """The definitions next to the workflow's own that it runs; they are mounted like those in subflows/."""

    def shown(self, relative: str) -> str:
        """Return the path of a resource for messages."""
        return f"{self.path}/{self._in_folder(relative)}"

    def shown_shared(self, relative: str) -> str:
        """Return the path of a file of workflows/shared (`shared/…`) for messages."""
        return posixpath.join(posixpath.dirname(self.path), relative)

    def contents(self, resolved: Resolved) -> bytes | None:
        """Return the bytes of a referenced file, or None if it was not read."""
        if resolved.path:
            return self.resources.get(resolved.path)
        return self.shared.files[resolved.shared.removeprefix("shared/")] if resolved.shared else None

    def shown_as(self, resolved: Resolved) -> str:
        """Return the path of a referenced file for messages, or "" if there is none."""
        if resolved.path:
            return self.shown(resolved.path)
        return self.shown_shared(resolved.shared) if resolved.shared else ""

    def in_shared(self, uri: str) -> str | None:
        """Return the file of workflows/shared (`shared/…`) with whose path a URL ends, or None."""
        try:
            parts = urlsplit(uri).path.strip("/").split("/")
        except ValueError:
            return None
        tails = ("/".join(parts[start:]).removeprefix(f"{SHARED}/") for start in range(len(parts)))
        return next((f"{SHARED}/{tail}" for tail in tails if tail in self.shared.files), None)

    def _in_folder(self, relative: str) -> str:
        return f"{QUARKUS_RESOURCES}/{relative}" if self.quarkus else relative

    def resource_folders(self) -> dict[str, tuple[str, ...]]:
        """Return the names of the files in each folder at or below specs/, schemas/ and subflows/, sorted."""
        folders: dict[str, list[str]] = {}
        for relative in sorted((*self.resources, *map(self.mounted_as, self.beside))):
            folder, name = posixpath.split(relative)
            if folder.split("/")[0] in RESOURCE_FOLDERS:
                folders.setdefault(folder, []).append(name)
        return {folder: tuple(folders[folder]) for folder in sorted(folders)}

    def mounted_as(self, relative: str) -> str:
        """Return the path at which a file of a ConfigMap is mounted."""
        return f"subflows/{relative}" if relative in self.beside else relative

    def subflows(self) -> tuple[str, ...]:
        """Return the paths of the definitions below subflows/ and of those in `beside`, sorted."""
        below = (p for p in self.resources if p.startswith("subflows/") and p.endswith(DEFINITION_SUFFIXES))
        return tuple(sorted((*below, *self.beside)))

    def resolve(self, reference: str, base: str = "") -> Resolved:
        """Resolve a reference to a file; `base` is the folder of the file with the reference.

        The prefixes `file:` and `classpath:` are ignored. Paths to `shared/` lead into workflows/shared, which an
        image has next to the workflow's own files.
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
    """The result of resolving a reference to a file; if no field is set, the file does not exist."""

    path: str | None
    shared: str | None = None
    remote: bool = False
    outside: bool = False

    @property
    def missing(self) -> bool:
        """Whether the file exists neither in the folder nor in shared/."""
        return not (self.path or self.shared or self.remote or self.outside)


def read_shared(folder: Path) -> SharedFiles:
    """Read `workflows/shared`; the result is empty if the folder does not exist.

    Raises:
        FindingsError: a file cannot be read, is too large or not a regular file, or a link leaves the folder.
    """
    if not folder.is_dir():
        return SharedFiles(files={})
    walker = _Walker(folder, folder.as_posix())
    files = {relative: walker.read(relative, path) for relative, path in walker.files()}
    walker.stop_on_findings()
    return SharedFiles(files=files)


def read_source(folder: Path, *, shown: str, shared: SharedFiles) -> Source:
    """Read a workflow folder; `shown` is its path in messages.

    Raises:
        FindingsError: the folder does not exist, has no definition or several, a file cannot be read or is too large,
            or a link leaves the folder; with findings for all of these.
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
    definition, beside = _find_definition(resources, walker, prefix)
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
        findings=tuple(_config_map_name_clashes(paths, prefix, shown)),
        argfile=argfile,
        functions=functions,
        beside=beside,
    )


def _is_resource(inner: str) -> bool:
    """Return whether the file's content is read: all text that a definition may refer to, but no Java or scripts."""
    return inner.startswith(tuple(f"{f}/" for f in RESOURCE_FOLDERS)) or inner.endswith(
        (".json", ".yaml", ".yml", ".properties", ".conf", ".md")
    )


def _left_out_of_image(relative: str, inner: str | None) -> bool:
    return relative in NOT_IN_IMAGE or inner in NOT_IN_IMAGE or relative.endswith(_PICTURES)


def _functions(paths: Mapping[str, Path], walker: _Walker) -> Iterator[FunctionSource]:
    """Yield the folders below functions/ with a Dockerfile."""
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


def _find_definition(resources: Mapping[str, bytes], walker: _Walker, prefix: str) -> tuple[str, tuple[str, ...]]:
    """Return the workflow's definition and those next to it that it runs; both empty, with a finding, if unclear."""
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
    """Return whether a path, relative to the folder that is read, is in a staging folder."""
    return any(part.startswith(STAGING_PREFIX) for part in path.parts)


def slug(folder: str) -> str:
    """Return a folder's part of its ConfigMap's name: `subflows-specs` for `subflows/specs`."""
    return folder.replace("/", "-")


def _config_map_name_clashes(paths: Iterable[str], prefix: str, shown: str) -> Iterator[Finding]:
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
    """Lists the regular files of a folder and collects findings for the others."""

    def __init__(self, folder: Path, shown: str) -> None:
        self._folder = folder
        self._root = folder.resolve()
        self._shown = shown
        self._findings: list[Finding] = []
        self._bytes = 0

    def files(self) -> Iterator[tuple[str, Path]]:
        """Yield the relative POSIX path and the path of each file, sorted."""
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
                kind = "a broken link" if entry.is_symlink() else _special_file_kind(path)
                self.find(relative, "special-file", f"{kind}, not a file; remove it")

    def _is_good_link(self, relative: str, path: Path, above: frozenset[Path]) -> bool:
        try:
            target = path.resolve()
            path.stat()
        except FileNotFoundError:
            target = path.resolve()
        except (OSError, RuntimeError):  # Python before 3.13 raises RuntimeError
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
        """Return the bytes of a file; if it is too large for Helm or cannot be read, add a finding and return b""."""
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
        """Return the SHA-256 of a file's bytes; if it cannot be read, add a finding and return ""."""
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
    """Return whether a file is an OpenAPI file, which may be minified after it is read."""
    return relative.startswith("specs/")


def _too_large(size: int, most: int) -> str:
    """Return the message for a file that is too large."""
    if most == MAX_SPEC_BYTES:
        return (
            f"{size:,} bytes; at most {most:,} are read, and --minify-specs cuts those down; remove unused operations"
        )
    return f"{size:,} bytes; Helm loads at most {most:,}; split the file"


def _printable(path: Path) -> str:
    return str(path).encode(errors="backslashreplace").decode()


def _special_file_kind(path: Path) -> str:
    mode = path.stat().st_mode
    return "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"


def _stop(path: str, rule: str, message: str) -> NoReturn:
    raise FindingsError([Finding(path=path, rule=rule, message=message, blocking=True)])
