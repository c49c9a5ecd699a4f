"""The commands of waybill, one module each: they turn options into calls, and results into output."""
