"""Can only the people who need a secret read it?"""
