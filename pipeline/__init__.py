"""Every effect: files, git, the terminal. The core in generator/ decides what is written; this decides how."""
