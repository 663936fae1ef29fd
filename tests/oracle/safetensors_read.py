#!/usr/bin/env python3
"""Reads models with the reference reader of safetensors (pip install safetensors==0.8.0 numpy), as
mlmodel(5) says to, and compares predictions with mlpredict's.

usage: safetensors_read.py MODEL TABLE.csv     a linear model of numeric columns, one score
"""
import csv, json, subprocess, sys
import numpy as np
from safetensors import safe_open

model, table = sys.argv[1:3]
with safe_open(model, "np") as f:
    meta = f.metadata()
    intercept, coef = f.get_tensor("state/intercept"), f.get_tensor("state/coef")
    impute, shift, scale = f.get_tensor("encoder/number").reshape(-1, 3).T
    assert all(f.get_tensor(k).ndim == 1 for k in f.keys())
names = [c["name"] for c in json.loads(meta["encoder"])["columns"]]
rows = list(csv.DictReader(open(table)))
x = np.array([[float(r[n]) if r[n] != "" else np.nan for n in names] for r in rows])
x = np.where(np.isnan(x), impute, x)
score = intercept[0] + ((x - shift) * scale) @ coef
out = subprocess.run(["mlpredict", "-m", model, "--raw", "--only", table], check=True, capture_output=True, text=True)
ours = np.array([float(r["score"]) for r in csv.DictReader(out.stdout.splitlines())])
worst = np.max(np.abs(ours - score) / np.maximum(1, np.abs(score)))
print("%s, %s of '%s': %d rows, largest relative difference %.2g" %
      (meta["algorithm"], meta["task"], meta["target"], len(rows), worst))
sys.exit(1 if worst > 1e-12 else 0)
