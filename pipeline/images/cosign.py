"""Signs and verifies in-toto statements with cosign and keys, without a transparency log."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from generator.findings.errors import SettingsError
from generator.findings.printable import in_one_line
from pipeline.images.errors import ImageError

#: The variable with the path of cosign, if it is not on PATH.
PROGRAM: Final = "WAYBILL_COSIGN"
#: The variable with the password of a private key; cosign reads it itself.
PASSWORD: Final = "COSIGN_PASSWORD"  # noqa: S105 - a variable's name, no password
_PEM: Final = "-----BEGIN"
_INSTALL: Final = "install it (go install github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3)"


@dataclass(frozen=True, kw_only=True)
class Cosign:
    """The cosign program. Keys are files or KMS URIs, as cosign takes them."""

    program: str
    environment: Mapping[str, str] = field(repr=False)

    def sign(self, statement: bytes, key: str) -> bytes:
        """Return a Sigstore bundle of a statement, signed by a private key.

        Raises:
            SettingsError: the key's file does not exist.
            ImageError: cosign cannot sign with the key, whose password is in COSIGN_PASSWORD.
        """
        _check_file(key, "private")
        with tempfile.TemporaryDirectory() as folder:
            file, bundle = Path(folder, "statement.json"), Path(folder, "bundle.json")
            file.write_bytes(statement)
            words = ("--statement", str(file), "--bundle", str(bundle), "--key", key)
            done = self._run("attest-blob", *words, "--use-signing-config=false", "--tlog-upload=false", "--yes")
            if done.returncode or not bundle.is_file():
                unset = "" if self.environment.get(PASSWORD) else f"; set {PASSWORD} if the key has a password"
                raise ImageError(f"cosign cannot sign with the key '{key}': {self._reason(done)}{unset}")
            return bundle.read_bytes()

    def public_key(self, key: str) -> str:
        """Return the public key of a private one, in PEM.

        Raises:
            SettingsError: the key's file does not exist.
            ImageError: cosign cannot read the key.
        """
        _check_file(key, "private")
        done = self._run("public-key", "--key", key)
        if done.returncode:
            raise ImageError(f"cosign cannot read the key '{key}': {self._reason(done)}")
        return done.stdout

    def refusal(self, bundle: bytes, digest: str, predicate_type: str, public_key: str) -> str:
        """Return why a bundle is not a statement about a digest signed with a key, or "" if it is.

        `public_key` may also be the key's text in PEM.

        Raises:
            SettingsError: the key's file does not exist.
        """
        algorithm, _, hexadecimal = digest.partition(":")
        with tempfile.TemporaryDirectory() as folder:
            file, key = Path(folder, "bundle.json"), public_key
            file.write_bytes(bundle)
            if public_key.startswith(_PEM):
                key = str(Path(folder, "key.pub"))
                Path(key).write_text(public_key)
            _check_file(key, "public")
            words = ("--bundle", str(file), "--key", key, "--insecure-ignore-tlog", "--type", predicate_type)
            done = self._run("verify-blob-attestation", *words, "--digest", hexadecimal, "--digestAlg", algorithm)
        return self._reason(done) if done.returncode else ""

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run cosign without a prompt for a password."""
        try:
            return subprocess.run(  # noqa: S603 - no shell; a key is a separate argument
                [self.program, *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                env=dict(self.environment),
                check=False,
            )
        except OSError as error:
            raise ImageError(f"{self.program}: {error.strerror}; {_INSTALL}") from None

    def _reason(self, done: subprocess.CompletedProcess[str]) -> str:
        """Return cosign's error in one line, without the password."""
        lines = [line.removeprefix("Error: ") for line in done.stderr.splitlines() if line.strip()]
        said = next((line for line in reversed(lines) if not line.startswith("error during command")), "")
        password = self.environment.get(PASSWORD)
        return in_one_line(said.replace(password, "…") if password else said) or f"exit code {done.returncode}"


def key_hint(public_key: str) -> str:
    """Return a public key's hint in bundles, base64 of its SHA-256, or "" if the key cannot be read.

    `public_key` is a file, or the key's text in PEM.
    """
    try:
        text = public_key if public_key.startswith(_PEM) else Path(public_key).read_text()
        lines = text.strip().splitlines()[1:-1]
        return base64.b64encode(hashlib.sha256(base64.b64decode("".join(lines), validate=True)).digest()).decode()
    except (OSError, ValueError):
        return ""


def find_cosign(environment: Mapping[str, str] | None = None) -> Cosign:
    """Return cosign: the program in WAYBILL_COSIGN, or else on PATH.

    Raises:
        ImageError: it is not installed.
    """
    known = os.environ if environment is None else environment
    program = known.get(PROGRAM) or shutil.which("cosign", path=known.get("PATH"))
    if not program:
        raise ImageError(f"signatures need cosign, which is not on PATH; {_INSTALL}, or name it in {PROGRAM}")
    return Cosign(program=program, environment=known)


def _check_file(key: str, kind: str) -> None:
    """Check that a key is a file or a URI (awskms://, k8s://, env://)."""
    if "://" not in key and not Path(key).is_file():
        raise SettingsError(f"the {kind} key '{key}' is not a file; name one that cosign generate-key-pair wrote")
