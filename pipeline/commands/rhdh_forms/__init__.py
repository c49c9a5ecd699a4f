"""The forms of `waybill rhdh`, a module each."""
