"""Do the tokens hold what the code needs, and no more?"""
