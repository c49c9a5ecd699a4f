"""The checks of `waybill doctor`: the machine, the repository, the services that they use, and a cluster."""
