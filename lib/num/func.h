#ifndef ML_NUM_FUNC_H
#define ML_NUM_FUNC_H

#include <stddef.h>

/*
 * Elementary functions whose bits don't depend on the machine: the C library's exp and log pick
 * instructions by CPU.  Plain IEEE arithmetic without branches that depend on data, so loops over
 * them become vectors.  Error below 1 ulp (tests/unit compares with the C library).
 */
double ml_exp(double x);
double ml_log(double x);
double ml_log1p(double x);
/* 1 / (1 + exp(-z)), and log(1 + exp(z)), for any z (Maechler 2012, eq. 10). */
double ml_sigmoid(double z);
double ml_softplus(double z);
/* The same over n values, out may be in. */
void ml_exp_n(const double *in, double *out, size_t n);
void ml_sigmoid_n(const double *in, double *out, size_t n);
/* p = sigmoid(z), loss = softplus(z): one exponential for both.  p and loss may not be z. */
void ml_logistic_n(const double *z, double *p, double *loss, size_t n);

#endif
