"""Who can get at the workspace, and what stands in their way?"""
