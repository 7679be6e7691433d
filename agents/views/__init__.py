"""Pages of the workbench, `/workbench/`."""
