"""The forms of `waybill gitops`: their options and objects."""
