#!/usr/bin/env python3
"""Prints the references of tests/unit/{linear,logistic,bayes}.c, and writes tests/golden/*.csv
with --write.  Made with scikit-learn 1.2.1, numpy 1.24.2.  mtcars and Pima come from R 4.2.2:

  m <- mtcars[, c(2:11, 1)]; write.csv(m, "mtcars.csv", row.names = FALSE, quote = FALSE)
  coef(lm(mpg ~ ., mtcars))
  library(mlbench); data(PimaIndiansDiabetes); d <- PimaIndiansDiabetes
  d$diabetes <- as.integer(d$diabetes == "pos")
  write.csv(d, "pima.csv", row.names = FALSE, quote = FALSE)
  glm(diabetes ~ ., binomial, d, epsilon = 1e-14)
"""
import sys

import numpy as np
from sklearn import datasets, metrics
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import CategoricalNB, GaussianNB
from sklearn.preprocessing import StandardScaler

np.set_printoptions(precision=15, linewidth=160)


def write(name, data, columns):
    with open(f"tests/golden/{name}.csv", "w", encoding="ascii") as out:
        print(",".join(columns), file=out)
        for row, target in zip(data.data, data.target):
            values = [float(v) for v in row] + [float(target)]
            print(",".join(str(int(v)) if v == int(v) else repr(v) for v in values), file=out)


def linear():
    x, y = datasets.load_diabetes(return_X_y=True)
    w = np.arange(442) % 3
    exact = {"tol": 1e-14, "max_iter": 1000000}
    for name, model, weight in [
        ("linear", LinearRegression(), None),
        ("ridge 1", Ridge(alpha=1), None),
        ("ridge .1", Ridge(alpha=0.1), None),
        ("ridge .5 weighted", Ridge(alpha=0.5), w),
        ("ridge .5 weighted, no intercept", Ridge(alpha=0.5, fit_intercept=False), w),
        ("lasso .1", Lasso(alpha=0.1, **exact), None),
        ("lasso 1", Lasso(alpha=1, **exact), None),
        ("lasso .5 weighted", Lasso(alpha=0.5, **exact), w),
        ("elasticnet .1 .5", ElasticNet(alpha=0.1, l1_ratio=0.5, **exact), None),
    ]:
        model.fit(x, y, sample_weight=weight)
        print(name, model.score(x, y), model.intercept_, model.coef_)


def logistic():
    newton = {"solver": "newton-cg", "tol": 1e-13, "max_iter": 100000}
    saga = {"penalty": "l1", "solver": "saga", "tol": 1e-12, "max_iter": 400000}
    iris = datasets.load_iris(return_X_y=True)
    x, y = datasets.load_breast_cancer(return_X_y=True)
    breast = StandardScaler().fit_transform(x), y
    w = np.arange(150) % 3
    for name, data, weight, model in [
        ("iris", iris, None, LogisticRegression(C=1, **newton)),
        ("iris weighted", iris, w, LogisticRegression(C=2, **newton)),
        ("iris l1", iris, None, LogisticRegression(C=1, **saga)),
        ("breast", breast, None, LogisticRegression(C=1, **newton)),
        ("breast l1", breast, None, LogisticRegression(C=0.1, **saga)),
    ]:
        model.fit(*data, sample_weight=weight)
        loss = metrics.log_loss(data[1], model.predict_proba(data[0]))
        print(name, loss, model.intercept_, model.coef_)


def bayes():
    x, y = datasets.load_iris(return_X_y=True)
    model = GaussianNB().fit(x, y)
    print("iris", model.theta_, model.var_, model._joint_log_likelihood(x[[60]]))
    model = GaussianNB().fit(x, y, sample_weight=np.arange(150) % 3)
    print("weighted", model.theta_, model.var_ - model.epsilon_, model.class_prior_)
    joint = GaussianNB().fit(x[:100], y[:100])._joint_log_likelihood(x[[0, 60]])
    print("two classes", joint[:, 1] - joint[:, 0])
    x = np.array([[0, 1], [1, 0], [2, 1], [0, 0], [1, 1], [2, 0], [0, 1], [1, 1]])
    y = np.array([0, 0, 0, 1, 1, 1, 1, 0])
    model = CategoricalNB(alpha=1).fit(x, y)
    print("categories", model.feature_log_prob_, model.predict_log_proba(x[[3]]))
    model = CategoricalNB(alpha=0.5, min_categories=[4, 2]).fit(x, y, sample_weight=range(1, 9))
    print("weighted", model.predict_log_proba([[3, 0]]))


if "--write" in sys.argv:
    d = datasets.load_diabetes()
    write("diabetes", d, d.feature_names + ["y"])
    d = datasets.load_iris()
    write("iris", d, ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"])
    d = datasets.load_breast_cancer()
    write("breast", d, [name.replace(" ", "_") for name in d.feature_names] + ["benign"])
    d = datasets.load_wine()
    write("wine", d, d.feature_names + ["cultivar"])
linear()
logistic()
bayes()
