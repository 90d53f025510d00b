"""Are secrets where only those can read them who need to?"""
