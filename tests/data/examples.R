# Figures of examples by another program, which tests/cli/examples.test holds ours against:
#
#   Rscript tests/data/examples.R          (Debian: r-base-core, r-cran-mass)
#
# It reads the data of the examples, and makes sure that they are those of R's packages datasets and MASS. The figures
# in the test are what R 4.2.2 with MASS 7.3-58.2 prints.
library(MASS)
options(digits = 15)
table_of <- function(example, name) as.matrix(read.csv(file.path("examples", example, paste0(name, ".csv"))))
column <- function(example, name) table_of(example, name)[, 1]
same <- function(ours, theirs) stopifnot(all(ours == theirs))

# Logistic regression, to the last digit by iteratively reweighted least squares.
tumours <- na.omit(biopsy)
X <- table_of("tumour", "X")
y <- column("tumour", "y")
same(X, as.matrix(tumours[, 2:10]))
same(y, tumours$class == "malignant")
fit <- glm(y ~ X, binomial, control = glm.control(epsilon = 1e-16, maxit = 100))
print(unname(coef(fit)))
print(deviance(fit))

# Least squares by QR on the columns of the support, which is that of stepAIC for the whole table.
X <- table_of("crime", "X")
y <- column("crime", "y")
support <- table_of("crime", "support")[1, ]
same(X, as.matrix(UScrime[, 1:15]))
same(y, UScrime$y)
same(colnames(X)[support == 1], attr(terms(stepAIC(lm(y ~ ., UScrime), trace = FALSE)), "term.labels"))
fit <- lm(y ~ X[, support == 1])
print(unname(coef(fit)))
print(deviance(fit))

# Hill's curve under bounds, by nl2sol of the port library, stops with h = 1 and 7 digits of the others. What the bounds
# leave is Michaelis and Menten's curve, of each kind of cells on its own: where the derivative by `half` of its sum of
# squares is 0, with the best `fastest` for each `half`.
data <- data.frame(c = column("enzyme", "concentration"), rate = column("enzyme", "rate"),
                   cell = factor(column("enzyme", "treated")))
same(data$c, Puromycin$conc)
same(data$rate, Puromycin$rate)
same(data$cell == 1, Puromycin$state == "treated")
fit <- nls(rate ~ fastest[cell] * c^h[cell] / (half[cell]^h[cell] + c^h[cell]), data,
           list(fastest = c(150, 150), half = c(0.1, 0.1), h = c(2, 2)), algorithm = "port",
           lower = c(0, 0, 0.001, 0.001, 1, 1), control = nls.control(tol = 1e-15, warnOnly = TRUE))
print(unname(coef(fit)))
print(deviance(fit))
for (cells in split(data, data$cell)) {
  share <- function(half) cells$c / (half + cells$c)
  best <- function(half) sum(share(half) * cells$rate) / sum(share(half)^2)
  slope <- function(half) sum((best(half) * share(half) - cells$rate) * share(half) / (half + cells$c))
  half <- uniroot(slope, c(0.01, 0.2), tol = 1e-17)$root
  print(c(best(half), half, sum((best(half) * share(half) - cells$rate)^2)))
}
