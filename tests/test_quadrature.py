"""Integrals that refine themselves."""

from __future__ import annotations

import numpy as np
import pytest

from cge.solver.quadrature import NODES, STEP, WEIGHTS, integrate


@pytest.mark.parametrize(("order", "degree"), [(2, 1), (3, 3), (4, 5), (7, 9), (13, 19)])
def test_rules_are_exact_for_polynomials_of_their_degree_and_no_higher(order: int, degree: int) -> None:
    means = [(1 - k % 2) / (k + 1) for k in range(degree + 2)]  # of x^k between -1 and 1
    gaps = [abs(WEIGHTS[order] @ NODES[:: STEP[order]] ** k - mean) for k, mean in enumerate(means)]
    assert max(gaps[: degree + 1]) < 1e-14
    assert gaps[degree + 1] > 1e-11


def smooth(x: float) -> np.ndarray:
    return np.array([np.exp(x), 1 / (x + 0.01), np.sin(20 * x), np.exp(-12 * x)])


INTEGRALS = np.array([np.e - 1, np.log(101), (1 - np.cos(20)) / 20, (1 - np.exp(-12)) / 12])


@pytest.mark.parametrize("goal", [1e-4, 1e-6, 1e-9])
def test_the_error_that_is_told_bounds_the_error(goal: float) -> None:
    found = integrate(smooth, 1.0, goal)
    assert (found.error <= goal).all()
    assert (abs(found.value - INTEGRALS) <= found.error + 1e-14).all()


def test_an_integrand_that_is_not_smooth_is_told_as_such() -> None:
    found = integrate(lambda x: np.array([np.sqrt(x), abs(x - 0.3)]), 1.0, 1e-14, most_points=100)
    assert (found.error > 1e-14).all()  # what was asked for is not claimed
    assert (abs(found.value - [2 / 3, (0.3**2 + 0.7**2) / 2]) <= found.error).all()


def test_seven_points_are_enough_for_a_mild_integrand_and_none_is_taken_twice() -> None:
    taken: list[float] = []

    def mild(x: float) -> np.ndarray:
        taken.append(x)
        return np.array([1 / (1 + 0.1 * x)])

    assert abs(integrate(mild).value[0] - 10 * np.log(1.1)) < 1e-12
    assert len(taken) == 7
    taken.clear()
    integrate(lambda x: mild(x) * np.sin(60 * x))
    assert len(set(taken)) == len(taken)


@pytest.mark.parametrize("place", [0.0, 0.123, 0.5, 0.777, 1.0])
def test_integrals_up_to_a_point_continue_those_before_it(place: float) -> None:
    found = integrate(smooth)
    wanted = [np.exp(place) - 1, np.log(place / 0.01 + 1), (1 - np.cos(20 * place)) / 20, (1 - np.exp(-12 * place)) / 12]
    assert np.allclose(found.until(place), wanted, rtol=0, atol=1e-8)
