"""Tables behind the tariffs of 2018: crosswalk, reference imports, agreements, legal rates, and what was made of them."""
