# Reference values for what compares or joins several runs, from R (base, stats).
# Usage: Rscript several.R SEED OUT.json
suppressMessages(library(jsonlite))
args <- commandArgs(TRUE); set.seed(as.integer(args[1]), kind = "Mersenne-Twister")
r <- function(x) unname(as.numeric(x))
L <- list()

# Welch's test and interval, against a shift, samples of different sizes and spreads.
L$welch <- lapply(1:4, function(i) { x <- rnorm(3 * i, 1, .1 * i); y <- rnorm(5 + i, .9, .3); t <- t.test(x, y, mu = .05); l <- t.test(x, y, mu = .05, alternative = "less")
  list(x = x, y = y, mu = .05, t = r(t$statistic), df = r(t$parameter), two = t$p.value, less = l$p.value, difference = mean(x) - mean(y), ci95 = r(t$conf.int)) })

# A difference of two differences: Satterthwaite's degrees of freedom from the definition.
L$contrast <- lapply(1:2, function(i) { s <- lapply(4:7, function(n) rnorm(n, n, .2 * n)); w <- c(1, -1, -1, 1); v <- sapply(s, function(x) var(x) / length(x)); n <- sapply(s, length)
  est <- sum(w * sapply(s, mean)); df <- sum(v)^2 / sum(v^2 / (n - 1)); list(samples = s, weights = w, value = est, se = sqrt(sum(v)), df = df, ci90 = est + c(-1, 1) * qt(.95, df) * sqrt(sum(v))) })

L$fisher <- lapply(list(c(3, 3, 0, 3), c(0, 12, 5, 9), c(7, 40, 2, 55), c(200, 1000, 160, 1000), c(0, 5, 0, 5)), function(v) { tab <- matrix(c(v[1], v[2] - v[1], v[3], v[4] - v[3]), 2)
  list(a = v[1], n = v[2], b = v[3], m = v[4], greater = fisher.test(tab, alternative = "greater")$p.value, less = fisher.test(tab, alternative = "less")$p.value) })

# Paule and Mandel's tau by uniroot; Hartung's and Knapp's error is that of a weighted regression on 1.
L$random_effects <- lapply(list(c(5, .1, .05), c(3, .3, .02), c(8, 0, .1), c(2, .2, .05), c(20, .05, .05)), function(v) { k <- v[1]; se <- v[3] * exp(rnorm(k, 0, .4)); y <- .1 + rnorm(k, 0, v[2]) + rnorm(k, 0, se)
  q <- function(t2) { w <- 1 / (se^2 + t2); m <- sum(w * y) / sum(w); sum(w * (y - m)^2) - (k - 1) }
  t2 <- if (q(0) <= 0) 0 else uniroot(q, c(0, 10), tol = 1e-15)$root
  m <- lm(y ~ 1, weights = 1 / (se^2 + t2)); hk <- max(summary(m)$coefficients[1, 2], 1 / sqrt(sum(1 / (se^2 + t2)))); Q <- q(0) + k - 1
  list(y = y, se = se, tau = sqrt(t2), mean = r(coef(m)), mean_se = hk, ci95 = r(coef(m)) + c(-1, 1) * qt(.975, k - 1) * hk, q = Q, p = pchisq(Q, k - 1, lower.tail = FALSE), i2 = max(0, 1 - (k - 1) / Q),
       prediction95 = if (k > 2) r(coef(m)) + c(-1, 1) * qt(.975, k - 2) * sqrt(t2 + hk^2) else NULL) })
write(toJSON(L, digits = NA, auto_unbox = TRUE, null = "null", pretty = FALSE), args[2])
