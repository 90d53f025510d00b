"""Is the environment set up so that secrets stay where they belong?"""
