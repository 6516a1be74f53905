# Reference values of the tests of interaction, from R. In this folder: Rscript interaction.R > interaction.json
# Needs survival, pROC and jsonlite. The patients in patients.csv are simulated and ours.
suppressMessages({library(survival); library(pROC); library(jsonlite)})
d <- read.csv("patients.csv", na.strings = "")
d$group <- factor(d$group)
lr <- function(m0, m1) { a <- anova(m0, m1, test = "LRT"); c(a[2, "Deviance"], a[2, "Df"], a[2, "Pr(>Chi)"]) }
l0 <- glm(event ~ a + b + group, family = binomial, data = d, control = glm.control(epsilon = 1e-14, maxit = 100))
c0 <- coxph(Surv(time, event) ~ a + b + group, data = d, control = coxph.control(eps = 1e-12))
cx <- function(m1) { s <- 2 * (m1$loglik[2] - c0$loglik[2]); c(s, 2, pchisq(s, 2, lower.tail = FALSE)) }
m0 <- lm(b ~ a + time + group, data = d)
f <- function(m1) { a <- anova(m0, m1); c(a[2, "F"], a[2, "Df"], a[2, "Res.Df"], a[2, "Pr(>F)"]) }
q <- function(x, v) { w <- 1 / v; s <- sum(w * (x - sum(w * x) / sum(w))^2); c(s, length(x) - 1, pchisq(s, length(x) - 1, lower.tail = FALSE)) }
curves <- function(by) lapply(split(d, by), function(s) roc(s$event, s$a, quiet = TRUE, direction = "<"))
aucs <- function(by) q(sapply(curves(by), function(r) as.numeric(r$auc)), sapply(curves(by), function(r) var(r, method = "delong")))
two <- curves(d$flag)
rho <- function(by) { s <- split(d, by); r <- sapply(s, function(e) cor(e$a, e$b, method = "spearman")); n <- sapply(s, nrow)
  q(atanh(r), (1 + r^2 / 2) / (n - 3)) }
k <- kruskal.test(round(d$c - d$a, 9), d$group)
answer <- list(
  logistic = list(a = lr(l0, update(l0, . ~ . + a:group)), b = lr(l0, update(l0, . ~ . + b:group))),
  cox = list(a = cx(update(c0, . ~ . + a:group)), b = cx(update(c0, . ~ . + b:group))),
  linear = list(a = f(update(m0, . ~ . + a:group)), time = f(update(m0, . ~ . + time:group))),
  auc = aucs(d$group), auc_two = aucs(d$flag), unpaired_d2 = unname(roc.test(two[[1]], two[[2]], paired = FALSE)$statistic)^2,
  spearman = rho(d$group), pairs = unname(c(k$statistic, k$parameter, k$p.value))
)
cat(toJSON(answer, digits = I(15), auto_unbox = FALSE))
