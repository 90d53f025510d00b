"""What a notebook sees: session, parameters, overview, checklist."""
