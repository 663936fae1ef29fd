"""The figures of anchors.md, by scikit-learn 1.9.1: python3 anchors.py TABLE.csv...

The last column is the target; every fifth row, the first among them, is the test.
"""
import csv
import sys

import numpy as np
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, roc_auc_score
from sklearn.naive_bayes import GaussianNB


def classes(name, model, X, y, test):
    model.fit(X[~test], y[~test])
    p = model.predict_proba(X[test])
    figures = [accuracy_score(y[test], model.predict(X[test])), log_loss(y[test], p)]
    if p.shape[1] == 2:
        figures.append(roc_auc_score(y[test] == model.classes_[1], p[:, 1]))
    print(name, type(model).__name__, *("%.10f" % f for f in figures))


for name in sys.argv[1:]:
    rows = list(csv.reader(open(name)))[1:]
    X = np.array([[float(v) for v in row[:-1]] for row in rows])
    y = np.array([row[-1] for row in rows])
    test = np.arange(len(y)) % 5 == 0
    scale = X[~test].std(0)
    Z = (X - X[~test].mean(0)) / np.where(scale == 0, 1, scale)
    if len(set(y)) > 20:
        y = y.astype(float)
        for model in LinearRegression(), Ridge(0.1), Lasso(0.1, tol=1e-12, max_iter=100000):
            model.fit(X[~test], y[~test])
            error = mean_squared_error(y[test], model.predict(X[test])) ** 0.5
            print(name, type(model).__name__, "%.10f" % error)
    else:
        classes(name, GaussianNB(), X, y, test)
        classes(name, LogisticRegression(C=1, tol=1e-12, max_iter=100000), Z, y, test)
