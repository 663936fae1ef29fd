"""The numbers of tests/unit/encode.c, from scikit-learn 1.2.1 and numpy 1.24.2."""
import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler,
                                   StandardScaler)

nan = np.nan
x = np.array([[1, 2, 3, 4, 100, nan, 7, 7], [5, nan, nan, -3, 0.5, 2, 2, 11]]).T
w = np.array([1, 2, 1, 3, 1, 1, 2, 0.5])
whole = np.array([[1, 2, 3, 4, 100]]).T
c = np.array(["b", "a", "b", "c", "b", "d", "a", "c", "b", "a"])[:, None]


def show(name, matrix):
    print(name)
    for column in np.asarray(matrix, dtype=float).T:
        print("   ", ", ".join(repr(float(v)) for v in column))


for impute in ("mean", "median", "constant"):
    imputer = SimpleImputer(strategy=impute, fill_value=-1.5, add_indicator=True)
    show("impute " + impute, imputer.fit_transform(x))
    for scaler in (StandardScaler(), MinMaxScaler()):
        show(f"impute {impute}, {scaler}", make_pipeline(
            SimpleImputer(strategy=impute, fill_value=-1.5), scaler).fit_transform(x))
# RobustScaler leaves missing values out of its quantiles.
show("robust", RobustScaler().fit_transform(x))
for scaler in (StandardScaler(), MinMaxScaler(), RobustScaler()):
    show(f"1 2 3 4 100, {scaler}", scaler.fit_transform(whole))

# SimpleImputer takes no weights.
filled = np.where(np.isnan(x), np.ma.average(np.ma.masked_invalid(x), axis=0, weights=w), x)
show("weights, mean, standard", StandardScaler().fit(filled, sample_weight=w).transform(filled))

new = np.array(["a", "b", "c", "d", "new"])[:, None]
for options in ({}, {"min_frequency": 2}, {"min_frequency": 3}, {"max_categories": 3}):
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=False, **options)
    print("one-hot", options, encoder.fit(c).get_feature_names_out())
    print(encoder.transform(new).astype(int))
print("ordinal", OrdinalEncoder().fit(c).transform(new[:4]).ravel())

# Quantiles (type 7), a weight as so many repeats.
v, k = np.array([3.5, -1, 8, 0.25, 2, 2]), np.array([2, 1, 3, 1, 4, 2])
p = [0, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 1]
print("quantiles", np.quantile(v, p).tolist())
print("repeated", np.quantile(np.repeat(v, k), p).tolist())
