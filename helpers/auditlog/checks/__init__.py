"""Is what happens recorded, kept, reviewed, and is there anything in it to act on?"""
