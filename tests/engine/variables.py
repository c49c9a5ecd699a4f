"""The variables that the application of the tests is started with."""

from collections.abc import Mapping

from tests.engine.services.service import Service


def variables(services: Mapping[str, Service]) -> dict[str, str]:
    """Return the variables for the workflows: where the services are, how to sign in, and short periods."""
    return {
        "JIRA_URL": services["jira"].url,
        "JIRA_USERNAME": "waybill@example.com",
        "JIRA_API_TOKEN": "jira-token",
        "MTA_URL": services["mta"].url,
        "MOVE2KUBE_URL": services["move2kube"].url,
        "K_SINK": f"{services['broker'].url}/default",
        "OCP_API_SERVER_URL": services["kubernetes"].url,
        "OCP_API_SERVER_TOKEN": "cluster-token",
        "OCP_CONSOLE_URL": "https://console.example.com",
        "BACKSTAGE_NOTIFICATIONS_URL": services["notifications"].url,
        "NOTIFICATIONS_BEARER_TOKEN": "backstage-token",
        "JIRA_ISSUE_TYPE": "10002",
        "ESCALATION_TIMEOUT_SECONDS": "1",
        "POLLING_PERIODICITY": "PT0.1S",
        "APPROVAL_POLLING_PERIODICITY": "PT0.1S",
        "MTV_PLAN_MAX_RETRIES": "3",
        "MOVE2KUBE_GET_PLAN_MAX_RETRIES": "3",
    }
