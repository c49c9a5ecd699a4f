"""What `waybill rhdh` writes: a module each."""
