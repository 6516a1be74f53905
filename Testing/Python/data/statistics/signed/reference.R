# Reference values of the signed cohort page, from R. In this folder: Rscript reference.R > reference.json
# Needs survival, pROC, mice and jsonlite. The patients in patients.csv are simulated and ours.
suppressMessages({library(survival); library(pROC); library(mice); library(jsonlite)})
d <- read.csv("patients.csv", na.strings = "")
f <- coxph(Surv(time, event) ~ a + b + flag, data = d)
z <- cox.zph(f, terms = FALSE)$table
k <- survfit(Surv(time, event) ~ 1, data = d, conf.type = "log-log")
two <- survdiff(Surv(time, event) ~ flag, data = d)
three <- survdiff(Surv(time, event) ~ group, data = d)
w <- prop.test(7, 23, correct = FALSE)$conf.int
w0 <- prop.test(0, 12, correct = FALSE)$conf.int
p <- plogis(0.8 * d$a)
smooth <- lowess(p, d$event, f = 2 / 3, iter = 0, delta = 0)
groups <- split(d$a, d$group)
pooled <- function(q, u) { s <- pool.scalar(q, u, n = 60, k = 3); c(s$qbar, sqrt(s$t), s$df, s$fmi) }
hm <- function(A, n1, n0) { q1 <- A / (2 - A); q2 <- 2 * A^2 / (1 + A)
  (A * (1 - A) + (n1 - 1) * (q1 - A^2) + (n0 - 1) * (q2 - A^2)) / (n1 * n0) }
events <- function(enough) { n <- 2; while (!enough(n)) n <- n + 1; n }
za <- qnorm(0.975); zb <- qnorm(0.8)
pair <- function(A, B, r, n, k) sqrt(hm(A, n, k * n) + hm(B, n, k * n) - 2 * r * sqrt(hm(A, n, k * n) * hm(B, n, k * n)))
riley <- function(r2, P, phi) { most <- 1 - (phi^phi * (1 - phi)^(1 - phi))^2; s <- r2 / (r2 + 0.05 * most)
  c(ceiling(P / ((0.9 - 1) * log(1 - r2 / 0.9))), ceiling(P / ((s - 1) * log(1 - r2 / s))), ceiling((qnorm(0.975) / 0.05)^2 * phi * (1 - phi))) }
distance <- sqrt(2) * qnorm(0.8); phi <- 0.3
ll <- function(x) { e <- qlogis(phi) + distance * (x - distance / 2)
  phi * dnorm(x - distance) * plogis(e, log.p = TRUE) + (1 - phi) * dnorm(x) * plogis(-e, log.p = TRUE) }
model <- integrate(ll, -9, 11, rel.tol = 1e-12, subdivisions = 2000)$value
r2 <- 1 - exp(-2 * (model - phi * log(phi) - (1 - phi) * log(1 - phi)))
set.seed(1)
curve <- roc(d$event, d$a, quiet = TRUE, direction = "<")
band <- ci.se(curve, specificities = seq(0.9, 0.1, -0.2), boot.n = 4000, progress = "none")
m <- d[, c("event", "a", "c")]; imputed <- mice(m, m = 40, method = "norm", maxit = 10, printFlag = FALSE, seed = 2)
mi <- summary(pool(with(imputed, glm(event ~ a + c, family = binomial))))
answer <- list(
  cox = list(coefficients = unname(coef(f)), errors = unname(sqrt(diag(vcov(f)))), log_likelihood = f$loglik,
             concordance = unname(f$concordance["concordance"]), proportional = unname(z[, "chisq"]), proportional_p = unname(z[, "p"])),
  kaplan_meier = list(survival = k$surv, error = k$std.err * k$surv, low = k$lower, high = k$upper, median = unname(quantile(k, 0.5)$quantile)),
  log_rank = list(two = two$chisq, two_expected = two$exp, three = three$chisq, three_p = pchisq(three$chisq, 2, lower.tail = FALSE)),
  wilson = c(w, w0), lowess = smooth$y,
  welch = c(t.test(d$a ~ d$flag)$p.value, oneway.test(a ~ group, data = d)$p.value), kruskal = kruskal.test(groups)$p.value,
  chi = chisq.test(table(d$group, d$flag), correct = FALSE)$p.value,
  fisher = fisher.test(matrix(c(1, 9, 6, 3), 2))$p.value,
  pool = list(a = pooled(c(0.51, 0.62, 0.44, 0.58, 0.49), c(0.021, 0.019, 0.024, 0.02, 0.022)), b = pooled(c(1.2, 1.4, 0.9), c(0.1, 0.12, 0.09))),
  sizes = list(auc = events(function(n) za * sqrt(hm(0.5, n, 2 * n)) + zb * sqrt(hm(0.7, n, 2 * n)) <= 0.2),
    interval = events(function(n) 2 * za * sqrt(hm(0.85, n, n)) <= 0.15),
    pair = events(function(n) za * pair(0.85, 0.85, 0.4, n, 1.5) + zb * pair(0.9, 0.8, 0.4, n, 1.5) <= 0.1),
    variance = hm(0.847, 15, 35), riley = riley(0.2, 8, 0.3), cox_snell = r2),
  band = unname(band[, c(1, 3)]), imputed = list(estimate = mi$estimate, error = mi$std.error)
)
cat(toJSON(answer, digits = I(15), na = "null", auto_unbox = FALSE))
