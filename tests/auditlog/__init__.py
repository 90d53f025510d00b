"""The audit log: written, attacked, verified; Intercom's own log fetched and questioned."""
