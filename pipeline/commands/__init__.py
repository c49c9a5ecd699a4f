"""The commands of waybill, one module each: options in, exit code out."""
