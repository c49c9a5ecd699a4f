"""The checks of `waybill doctor --cluster`: why workflows do not run, according to the cluster's objects."""
