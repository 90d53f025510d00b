"""Did a release that is known to be bad ever get in here?"""
