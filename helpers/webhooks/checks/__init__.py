"""Does the receiver know Intercom's deliveries from forged ones, and does it outlive both?"""
