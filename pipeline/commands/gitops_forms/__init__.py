"""The forms of `waybill gitops`: the options of each, and what they make."""
