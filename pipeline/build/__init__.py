"""The main job, from workflow folders to charts, packages and an index, and its single steps."""
