"""The commands of waybill, a module each: options in, outcome shown, exit code out."""
