"""The demonstration: the programme of the Pas-de-Calais, its real grants, and a simulated life of its partners."""
