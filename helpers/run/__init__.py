"""Headless execution: kernels, the engine, the audit."""
