#!/usr/bin/env python3
"""What a user's script does to train on a CSV file of numbers with the target first.

usage: peer_train.py {logistic|ridge} TRAIN.csv [MODEL.pkl]
scikit-learn 1.2.1 (lbfgs to its default tolerance), numpy 1.24.2, pandas 1.5.3 as in Debian 12.
"""
import pickle, sys
import numpy as np, pandas as pd

how, train = sys.argv[1:3]
if how == "logistic":
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    d = pd.read_csv(train)
    m = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(d.iloc[:, 1:], d.iloc[:, 0])
else:
    d = pd.read_csv(train)
    x, y = d.iloc[:, 1:].to_numpy(dtype=np.float64), d.iloc[:, 0].to_numpy()
    mean, sd = x.mean(0), x.std(0)
    a = np.c_[(x - mean) / sd, np.ones(len(x))]
    g = a.T @ a
    g[np.diag_indices(x.shape[1])] += 1.0
    m = mean, sd, np.linalg.solve(g, a.T @ y)
if len(sys.argv) > 3:
    with open(sys.argv[3], "wb") as f:
        pickle.dump(m, f)
