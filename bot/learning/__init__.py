"""How the assistant learns: today, training a model when what it is made of has changed."""
