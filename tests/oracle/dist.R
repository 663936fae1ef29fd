# The numbers of tests/unit/dist.c, from R 4.2 (stats).  Rscript tests/oracle/dist.R
p <- function(...) cat(sprintf("%.17g", c(...)), sep = "\n")
p(pnorm(c(-1, 0.5, 1.959963984540054, 5, 10, 37), lower = FALSE))
p(qnorm(c(0.025, 1e-10), lower = FALSE))
x <- list(c(1, 3.84), c(0.1, 1), c(3.1746031746031744, 5), c(60, 9), c(600, 511), c(480, 511),
          c(1000, 100), c(1500, 20), c(0.5, 0.5))
for (a in x) p(pchisq(a[1], a[2], lower = FALSE))
p(qchisq(c(0.05, 1e-8), c(9, 511), lower = FALSE))
p(pbinom(c(9, 0, 49, 2), c(20, 30, 100, 1000), c(0.3, 0.01, 0.2, 0.0001), lower = FALSE))
for (t in list(c(3, 27, 1, 59), c(0, 30, 5, 995), c(7, 93, 900, 9100), c(29, 1, 15, 15)))
	p(fisher.test(matrix(t, 2))$p.value)
p(psmirnov(0.5, sizes = c(3, 4), lower.tail = FALSE),
  psmirnov(1 / 3, sizes = c(10, 12), lower.tail = FALSE))
