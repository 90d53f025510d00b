"""Intercom's API as the runbook uses it: what may be asked, how, and what the answers mean."""
