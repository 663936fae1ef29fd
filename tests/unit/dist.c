#include "num/dist.h"

#include "test.h"

/*
 * Where nothing else is said, the numbers are R 4.2's (tests/oracle/dist.R).  "reference" is
 * scipy 1.10's value, or one that two programs agree on, as collected for the drift tests.
 */
static double scratch[5001];

int
main(void)
{
	test_case("normal tails keep their digits");
	CHECK_NEAR(ml_normal_upper(-1), 0.84134474606854293, 1e-15);
	CHECK_NEAR(ml_normal_upper(0), 0.5, 0);
	CHECK_NEAR(ml_normal_upper(0.5), 0.30853753872598694, 1e-14);
	CHECK_NEAR(ml_normal_upper(5), 2.8665157187919391e-07, 1e-14);
	CHECK_NEAR(ml_normal_upper(10), 7.6198530241605269e-24, 1e-13);
	CHECK_NEAR(ml_normal_upper(37), 5.7255712225245771e-300, 1e-12);
	CHECK_NEAR(ml_normal_critical(0.025), 1.9599639845400538, 1e-14);
	CHECK_NEAR(ml_normal_critical(1e-10), 6.3613409024040557, 1e-14);

	test_case("chi-square tails keep their digits");
	CHECK_NEAR(ml_chi2_upper(0, 3), 1, 0);
	CHECK_NEAR(ml_chi2_upper(0.5, 0.5), 0.25632205526853896, 1e-13);
	CHECK_NEAR(ml_chi2_upper(0.1, 1), 0.75182963404584935, 1e-14);
	CHECK_NEAR(ml_chi2_upper(3.1746031746031744, 5), 0.6730876006966301, 1e-13);
	CHECK_NEAR(ml_chi2_upper(60, 9), 1.3406780483959611e-09, 1e-13);
	CHECK_NEAR(ml_chi2_upper(480, 511), 0.83374436069265501, 1e-13);
	CHECK_NEAR(ml_chi2_upper(600, 511), 0.0039352480381731544, 1e-13);
	CHECK_NEAR(ml_chi2_upper(1000, 100), 2.3060767380353981e-148, 1e-12);
	CHECK_NEAR(ml_chi2_upper(1500, 20), 3.9825649431766759e-306, 1e-12);
	CHECK_NEAR(ml_chi2_critical(0.05, 9), 16.918977604620448, 1e-13);
	CHECK_NEAR(ml_chi2_critical(1e-8, 511), 711.18650075195546, 1e-13);
	/* exp(-x/2) for two degrees of freedom */
	CHECK_NEAR(ml_chi2_upper(40, 2), exp(-20), 1e-13);

	test_case("Kolmogorov's law");
	/* Smirnov 1948, "Table for estimating the goodness of fit", the usual critical values */
	CHECK_NEAR(ml_kolmogorov_critical(0.05), 1.3581, 2e-5);
	CHECK_NEAR(ml_kolmogorov_critical(0.01), 1.6276, 2e-5);
	/* classic series, reference */
	CHECK_NEAR(ml_kolmogorov_upper(sqrt(50) * 0.1), 0.6993741991310154, 1e-13);
	CHECK_NEAR(ml_kolmogorov_upper(sqrt(25) * 0.2), 0.269999671677, 1e-11);
	CHECK_NEAR(ml_kolmogorov_upper(sqrt(500) * 0.06), 0.0546463301139, 1e-11);
	CHECK_NEAR(ml_kolmogorov_upper(1), ml_kolmogorov_upper(nextafter(1, 0)), 1e-14);
	CHECK_NEAR(ml_kolmogorov_upper(0), 1, 0);
	CHECK_NEAR(ml_kolmogorov_upper(10), 2 * exp(-200), 1e-13);

	test_case("the exact law of Smirnov's statistic");
	/* scipy's exact values, reference */
	CHECK_NEAR(ml_ks_exact(100, 100, 0.1, scratch), 0.7020569828664881, 1e-12);
	CHECK_NEAR(ml_ks_exact(50, 50, 0.2, scratch), 0.271913560152, 1e-11);
	CHECK_NEAR(ml_ks_exact(100, 100, 0.15, scratch), 0.211170086251, 1e-11);
	CHECK_NEAR(ml_ks_exact(500, 500, 0.08, scratch), 0.0815016732111, 1e-11);
	CHECK_NEAR(ml_ks_exact(1000, 1000, 0.06, scratch), 0.054626665107, 1e-11);
	CHECK_NEAR(ml_ks_exact(5000, 5000, 0.02, scratch), 0.270018612647, 1e-11);
	CHECK_NEAR(ml_ks_exact(3, 4, 0.5, scratch), 0.6571428571428571, 1e-14);
	CHECK_NEAR(ml_ks_exact(12, 10, 1.0 / 3, scratch), 0.4769564800524554, 1e-14);
	CHECK_NEAR(ml_ks_exact(8, 8, 0.625, scratch), 0.08702408702408701, 1e-14);
	/* whole numbers, tests/oracle/ks.py (R 4.2's psmirnov has 7 digits of it) */
	CHECK_NEAR(ml_ks_exact(100, 137, 0.4, scratch), 8.165423657356998e-09, 1e-12);
	CHECK_NEAR(ml_ks_exact(30, 200, 0.3, scratch), 0.014288684205616811, 1e-12);
	/* two of the C(60, 30) orders */
	CHECK_NEAR(ml_ks_exact(30, 30, 1, scratch), 2 / 118264581564861424.0, 1e-13);
	CHECK_NEAR(ml_ks_exact(7, 9, 0, scratch), 1, 0);
	CHECK_NEAR(ml_ks_exact(1, 1, 1, scratch), 1, 0);

	test_case("binomial tails");
	CHECK_NEAR(ml_binomial_upper(10, 20, 0.3), 0.047961897331343435, 1e-13);
	CHECK_NEAR(ml_binomial_upper(1, 30, 0.01), 0.26029962661171985, 1e-13);
	CHECK_NEAR(ml_binomial_upper(50, 100, 0.2), 2.1392506626195863e-11, 1e-13);
	CHECK_NEAR(ml_binomial_upper(3, 1000, 0.0001), 0.00015422348474725456, 1e-12);
	CHECK_NEAR(ml_binomial_upper(4, 4, 0.5), 0.0625, 1e-14);
	CHECK_NEAR(ml_binomial_upper(0, 4, 0.5), 1, 0);
	CHECK_NEAR(ml_binomial_upper(5, 4, 0.5), 0, 0);

	test_case("Fisher's exact test");
	CHECK_NEAR(ml_fisher(3, 30, 1, 60), 0.10606060606060605, 1e-13);
	CHECK_NEAR(ml_fisher(0, 30, 5, 1000), 1, 1e-13);
	CHECK_NEAR(ml_fisher(7, 100, 900, 10000), 0.5991453616137713, 1e-12);
	CHECK_NEAR(ml_fisher(29, 30, 15, 30), 6.4153470654161119e-05, 1e-12);
	CHECK_NEAR(ml_fisher(0, 30, 0, 40), 1, 0);
	CHECK_NEAR(ml_fisher(30, 30, 40, 40), 1, 0);

	test_case("values outside the range of the old ones");
	/* both ends old: r (r-1) of (n+r) (n+r-1) */
	CHECK_NEAR(ml_outside_upper(1, 10, 40), 1 - 40.0 * 39 / (50.0 * 49), 1e-13);
	/* all outside: x + 1 splits, over C(n + r, n) orders; C(7, 4) = 35 */
	CHECK_NEAR(ml_outside_upper(4, 4, 3), 5.0 / 35, 1e-13);
	CHECK_NEAR(ml_outside_upper(0, 4, 3), 1, 0);
	{
		/* the mean is 2 n / (r + 1) */
		double mean = 0;

		for (size_t x = 1; x <= 30; x++)
			mean += ml_outside_upper(x, 30, 99);
		CHECK_NEAR(mean, 0.6, 1e-12);
	}
	return test_end();
}
