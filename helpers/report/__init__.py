"""From the snapshots of a run to its report, and from the report to each format."""
