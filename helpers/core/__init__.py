"""The words that every room shares: model, catalog, judge, policy, settings, redaction."""
