#include "num/matrix.h"

/*
 * With v = x - old centre and s = new - old: sum w (v_i - s_i)(v_j - s_j)
 *   = G_ij - s_j G_0i - s_i G_0j + s_i s_j G_00.
 */
void
ml_moments_recentre(struct ml_moments *m, const double *centre)
{
	size_t side = m->d + 1;
	double *g = m->gram;

	for (size_t i = 1; i < side; i++) {
		double a = centre[i - 1] - m->centre[i - 1];

		for (size_t j = i; j < side; j++) {
			double b = centre[j - 1] - m->centre[j - 1];

			g[i * side + j] += a * b * g[0] - b * g[i] - a * g[j];
		}
	}
	for (size_t i = 1; i < side; i++) {
		g[i] -= (centre[i - 1] - m->centre[i - 1]) * g[0];
		m->centre[i - 1] = centre[i - 1];
	}
}
