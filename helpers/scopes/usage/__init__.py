"""Which scopes a code base uses: found in its sources, and observed at run time."""
