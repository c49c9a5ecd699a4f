"""Chart versions: SemVer, version bumps and Helm's ranges."""
