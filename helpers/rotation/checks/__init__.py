"""Are keys young enough, owned, rotated through the process, and is the process sound?"""
