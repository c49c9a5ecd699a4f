"""What goes wrong."""


class SaveError(Exception):
    """The outcome cannot be saved, and asking again would not help: the message is the answer that people read."""


class TryAgainError(Exception):
    """A service is out of order for now: the broker delivers the event again."""


class SettingsError(Exception):
    """A variable is missing or wrong: the function does not start."""
