"""Known-bad releases in lockfiles and bills of materials, now and in the whole history."""
