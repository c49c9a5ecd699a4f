"""The commands and all their effects: files, processes, registries, git, GitHub; generator/ computes, this acts."""
