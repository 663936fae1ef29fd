#!/usr/bin/env python3
"""What a user's script does to score a CSV file: all columns out, and the probability behind.

usage: peer_score.py MODEL.pkl IN.csv OUT.csv      MODEL.pkl is peer_train.py's logistic
"""
import pickle, sys
import pandas as pd

with open(sys.argv[1], "rb") as f:
    m = pickle.load(f)
d = pd.read_csv(sys.argv[2])
d["p_1"] = m.predict_proba(d)[:, 1]
d.to_csv(sys.argv[3], index=False)
