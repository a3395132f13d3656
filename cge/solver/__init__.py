"""From Pyomo rules to numbers: kernels, the square system, Newton's method, Ipopt, derivatives of a solution."""
