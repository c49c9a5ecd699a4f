"""The files of a new repository of workflows: texts, which `waybill init` writes."""
