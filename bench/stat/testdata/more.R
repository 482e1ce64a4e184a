# Reference values for what generate.R does not cover, from R (base, stats). Where R has no function the values
# come from enumeration, or from a root of the defining equation.
# Usage: Rscript more.R SEED OUT.json
suppressMessages(library(jsonlite))
args <- commandArgs(TRUE); set.seed(as.integer(args[1]), kind = "Mersenne-Twister")
r <- function(x) unname(as.numeric(x))
L <- list()

# Signed-rank with ties and zeros: all sign patterns of the mid-ranks of the differences that are not zero.
enumerate <- function(d) { d <- d[d != 0]; rk <- rank(abs(d)); v <- sum(rk[d > 0])
  s <- as.matrix(expand.grid(rep(list(0:1), length(d)))) %*% rk
  list(v = v, n = length(d), less = mean(s <= v + 1e-9), greater = mean(s >= v - 1e-9)) }
L$signed_rank_ties <- lapply(1:6, function(i) { d <- round(rnorm(5 + i, 0.4, 1), if (i %% 2) 0 else 1); c(list(d = d), enumerate(d)) })

# Rank sum with ties: all choices.
choose_all <- function(x, y) { rk <- rank(c(x, y)); m <- length(x); w <- sum(rk[seq_len(m)]); s <- combn(rk, m, sum)
  list(u = w - m * (m + 1) / 2, less = mean(s <= w + 1e-9), greater = mean(s >= w - 1e-9)) }
L$mann_whitney_ties <- lapply(1:6, function(i) { x <- round(rnorm(3 + i, 1)); y <- round(rnorm(9 - i)); c(list(x = x, y = y), choose_all(x, y)) })

# Normal approximations of wilcox.test.
d <- round(rnorm(400, 0.05), 1); x <- round(rnorm(70, 0.2), 1); y <- round(rnorm(60), 1)
L$normal_approximation <- list(d = d, x = x, y = y,
  signed = suppressWarnings(wilcox.test(d, exact = FALSE, alternative = "less"))$p.value,
  ranksum = suppressWarnings(wilcox.test(x, y, exact = FALSE, alternative = "less"))$p.value)

# Kendall's test without ties: one-sided p-values by every possible statistic, n points.
L$kendall <- lapply(c(5, 8, 12, 30), function(n) { y <- rnorm(n) + 0.1 * seq_len(n); k <- cor.test(seq_len(n), y, method = "kendall", exact = TRUE, alternative = "greater")
  list(n = n, concordant = r(k$statistic), greater = k$p.value) })

# The same with groups that share an x, by shuffling out all permutations.
perms <- function(v) if (length(v) < 2) matrix(v, 1) else do.call(rbind, lapply(seq_along(v), function(i) cbind(v[i], perms(v[-i]))))
conc <- function(g, p) { s <- 0; for (i in seq_along(g)) for (j in seq_along(g)) if (g[i] < g[j] && p[i] < p[j]) s <- s + 1; s }
L$shuffle <- lapply(list(c(2, 2, 2), c(1, 3, 2), c(3, 4), c(1, 1, 1, 1, 1)), function(sizes) { g <- rep(seq_along(sizes), sizes); p <- perms(seq_along(g)); s <- apply(p, 1, function(q) conc(g, q))
  list(groups = sizes, p = r(table(factor(s, levels = 0:max(s)))) / nrow(p)) })

# Cliff's delta: Cliff's variance and Feng and Cliff's interval from the full matrix of dominances.
L$cliff <- lapply(1:4, function(i) { x <- round(rnorm(8, 0.8), 2); y <- round(rnorm(6 + i), 2); m <- length(x); n <- length(y)
  D <- outer(x, y, function(a, b) sign(a - b)); d <- mean(D)
  v <- (n^2 * sum((rowMeans(D) - d)^2) + m^2 * sum((colMeans(D) - d)^2) - sum((D - d)^2)) / (m * n * (m - 1) * (n - 1)); v <- max(v, (1 - d^2) / (m * n - 1))
  t <- qt(.975, m + n - 2); ci <- (d - d^3 + c(-1, 1) * t * sqrt(v) * sqrt((1 - d^2)^2 + t^2 * v)) / (1 - d^2 + t^2 * v)
  list(x = x, y = y, delta = d, ci95 = pmax(-1, pmin(1, ci))) })

# Block length: Politis and White with the correction, as np::b.star.
block <- function(x) { n <- length(x); K <- max(5, ceiling(log10(n))); mmax <- ceiling(sqrt(n)) + K; bmax <- ceiling(min(3 * sqrt(n), n / 3)); crit <- qnorm(.975) * sqrt(log10(n) / n)
  rho <- as.numeric(acf(x, lag.max = mmax, plot = FALSE)$acf)[-1]
  quiet <- sapply(seq_len(mmax - K + 1), function(j) all(abs(rho[j:(j + K - 1)]) < crit))
  mhat <- if (any(quiet)) min(which(quiet)) else max(1, which(abs(rho) > crit)); M <- min(2 * mhat, mmax)
  R <- as.numeric(acf(x, lag.max = M, type = "covariance", plot = FALSE)$acf); k <- -M:M; lam <- pmin(1, 2 * (1 - abs(k) / M)); Rk <- R[abs(k) + 1]
  min(bmax, max(1, (2 * sum(lam * abs(k) * Rk)^2 / (2 * sum(lam * Rk)^2))^(1 / 3) * n^(1 / 3))) }
L$block_length <- lapply(list(rnorm(120), arima.sim(list(ar = .6), 200), arima.sim(list(ar = .9), 300), arima.sim(list(ma = .8), 150)), function(x) list(x = r(x), want = block(r(x))))

# Power and minimum detectable effect.
L$power <- lapply(1:6, function(i) { n <- c(3, 5, 10, 12, 25, 60)[i]; s <- c(.01, .03, .02, .1, .05, .03)[i]; a <- c(.05, .05, .025, .1, .05, .01)[i]
  list(n = n, sd = s, alpha = a, delta = log(1.03), power = power.t.test(n = n, delta = log(1.03), sd = s, sig.level = a, type = "one.sample", alternative = "one.sided")$power,
       detectable = power.t.test(n = n, power = .9, sd = s, sig.level = a, type = "one.sample", alternative = "one.sided", tol = 1e-12)$delta) })

# Lines with relative noise: quasi-likelihood with variance mu^2, identity link.
xs <- rep(c(0, 10, 35, 70, 110, 250), each = 3)
L$relative_line <- lapply(1:3, function(i) { y <- (3 + 0.042 * xs) * exp(rnorm(length(xs), 0, .03 * i)); m <- glm(y ~ xs, family = quasi(link = "identity", variance = "mu^2"), start = coef(lm(y ~ xs)), control = list(epsilon = 1e-15, maxit = 100)); s <- summary(m)$coefficients; v <- vcov(m)
  list(x = xs, y = y, intercept = s[1, 1], slope = s[2, 1], intercept_se = s[1, 2], slope_se = s[2, 2], covariance = v[1, 2], sd = sqrt(summary(m)$dispersion), slope_ci95 = s[2, 1] + c(-1, 1) * qt(.975, length(xs) - 2) * s[2, 2]) })
L$curvature <- lapply(c(0, 4e-5), function(q) { y <- 3 + 0.042 * xs + q * xs^2 + rnorm(length(xs), 0, .3); a <- lm(y ~ xs); b <- lm(y ~ xs + I(xs^2)); n <- length(y)
  aicc <- function(m, k) n * log(sum(resid(m)^2) / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
  list(x = xs, y = y, quadratic = r(coef(b)[3]), ci95 = r(confint(b)[3, ]), delta_aicc = aicc(a, 3) - aicc(b, 4)) })

# Fieller: roots of the t statistic of above - theta below.
fieller <- function(a, b, va, vb, c, df) { f <- function(th) (a - th * b)^2 - qt(.975, df)^2 * (va - 2 * th * c + th^2 * vb); t0 <- a / b; w <- 50 * sqrt(va - 2 * t0 * c + t0^2 * vb) / abs(b)
  c(uniroot(f, c(t0 - w, t0), tol = 1e-13)$root, uniroot(f, c(t0, t0 + w), tol = 1e-13)$root) }
L$fieller <- { round <- rnorm(length(xs), 0, .2); a <- 3 + 0.042 * xs + round + rnorm(length(xs), 0, .2); b <- 5 + 0.030 * xs + round + rnorm(length(xs), 0, .2)
  ma <- lm(a ~ xs); mb <- lm(b ~ xs); va <- vcov(ma); vb <- vcov(mb); n <- length(xs); md <- lm(I(a - b) ~ xs); vd <- vcov(md); cab <- sum(resid(ma) * resid(mb)) / (n - 2) / sum((xs - mean(xs))^2); th <- coef(ma)[2] / coef(mb)[2]
  welch <- function(v1, v2) (v1 + v2)^2 / (v1^2 / (n - 2) + v2^2 / (n - 2))
  list(x = xs, a = a, b = b, ratio = r(th), slope_ratio = fieller(coef(ma)[2], coef(mb)[2], va[2, 2], vb[2, 2], 0, welch(va[2, 2], th^2 * vb[2, 2])),
       paired_slope_ratio = fieller(coef(ma)[2], coef(mb)[2], va[2, 2], vb[2, 2], cab, n - 2), crossing = r(-coef(md)[1] / coef(md)[2]),
       paired_crossing = fieller(coef(md)[1], -coef(md)[2], vd[1, 1], vd[2, 2], -vd[1, 2], n - 2),
       crossing_ci = fieller(coef(ma)[1] - coef(mb)[1], coef(mb)[2] - coef(ma)[2], va[1, 1] + vb[1, 1], va[2, 2] + vb[2, 2], -va[1, 2] - vb[1, 2], welch(va[2, 2], vb[2, 2]))) }

# Deming with jackknife errors; exact limits of agreement from the noncentral t distribution.
tx <- runif(20, 10, 500); mx <- tx + rnorm(20, 0, 4); my <- 1.5 + 1.01 * tx + rnorm(20, 0, 4)
dem <- function(x, y, l) { sx <- var(x); sy <- var(y); sxy <- cov(x, y); b <- (sy - l * sx + sqrt((sy - l * sx)^2 + 4 * l * sxy^2)) / (2 * sxy); c(mean(y) - b * mean(x), b) }
L$deming_jackknife <- { full <- dem(mx, my, 2); j <- sapply(1:20, function(i) dem(mx[-i], my[-i], 2)); se <- apply(j, 1, function(v) sqrt(19 / 20 * sum((v - mean(v))^2)))
  list(x = mx, y = my, lambda = 2, intercept_ci95 = full[1] + c(-1, 1) * qt(.975, 18) * se[1], slope_ci95 = full[2] + c(-1, 1) * qt(.975, 18) * se[2]) }
L$limits <- lapply(c(5, 12, 40), function(n) { d <- rnorm(n, .01, .05); se <- sd(d) / sqrt(n); q <- suppressWarnings(qt(c(.025, .975), n - 1, 1.96 * sqrt(n))); list(d = d, upper_ci95 = mean(d) + q * se, lower_ci95 = mean(d) - rev(q) * se) })
L$percentile <- lapply(1:3, function(i) { v <- rnorm(c(999, 1000, 250)[i]); list(values = v, p = c(.025, .05, .5, .95), want = boot:::norm.inter(v, c(.025, .05, .5, .95))[, 2]) })
write(toJSON(L, digits = NA, auto_unbox = TRUE, null = "null", pretty = FALSE), args[2])
