"""How equations are declared, put together and closed: the words that blocks and mechanisms are written in."""
