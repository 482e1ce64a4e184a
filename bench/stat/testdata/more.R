# Reference values for what generate.R does not cover, from R (base, stats). Where R has no function the values
# come from enumeration, or from a root of the defining equation.
# Usage: Rscript more.R SEED OUT.json
# Families that nothing checks any more were taken out of this script and of the file beside it. The seed no longer
# draws the numbers of that file; those of any seed serve.
suppressMessages(library(jsonlite))
args <- commandArgs(TRUE); set.seed(as.integer(args[1]), kind = "Mersenne-Twister")
r <- function(x) unname(as.numeric(x))
L <- list()

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

# Exact limits of agreement from the noncentral t distribution. The draws before them are used by nothing and keep them
# what they were.
tx <- runif(20, 10, 500); mx <- tx + rnorm(20, 0, 4); my <- 1.5 + 1.01 * tx + rnorm(20, 0, 4)
L$limits <- lapply(c(5, 12, 40), function(n) { d <- rnorm(n, .01, .05); se <- sd(d) / sqrt(n); q <- suppressWarnings(qt(c(.025, .975), n - 1, 1.96 * sqrt(n))); list(d = d, upper_ci95 = mean(d) + q * se, lower_ci95 = mean(d) - rev(q) * se) })
write(toJSON(L, digits = NA, auto_unbox = TRUE, null = "null", pretty = FALSE), args[2])
