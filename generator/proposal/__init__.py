"""The text of a proposal: a pull request with the chart of one workflow, for the people who review it."""
