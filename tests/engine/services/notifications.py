"""A stand-in for the notifications backend of Backstage."""

from typing import Any

from tests.engine.services.service import Answer, Call, Service


class Notifications(Service):
    """Takes notifications, and says for each recipient that one was made.

    As Backstage's own backend does (plugins/notifications-backend, `createNotificationHandler`): a broadcast is one
    notification without a user, everything else one a user.
    """

    name = "notifications"
    specs = ("create-ocp-project/specs/notifications.yaml",)

    def reset(self) -> None:
        """Forget nothing: what was sent is in `calls`."""

    @property
    def sent(self) -> list[Any]:
        """The payloads that arrived, in the order in which they did."""
        return [call.body["payload"] for call in self.calls]

    def create_notification(self, call: Call) -> Answer:
        recipients, payload = call.body["recipients"], call.body["payload"]
        users = [None] if recipients["type"] == "broadcast" else recipients["entityRef"]
        return Answer(
            body=[
                {
                    "id": f"notification-{len(self.calls)}-{number}",
                    "user": user,
                    "created": "2026-01-31T12:00:00.000Z",
                    "origin": "external:workflows",
                    "payload": payload,
                }
                for number, user in enumerate(users, 1)
            ]
        )
