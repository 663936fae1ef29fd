"""The numbers of tests/unit/metric.c and tests/mleval.bats, from scikit-learn 1.2.1."""
import numpy as np
from sklearn import metrics as m

y = [0, 0, 1, 1, 0, 1, 0, 1, 1, 0]
s = np.array([.1, .4, .35, .8, .4, .4, .2, .9, .6, .6])
f = (s >= .5).astype(int)
w = np.arange(1, 11)
for weight in (None, w):
    for metric in (m.accuracy_score, m.balanced_accuracy_score, m.precision_score, m.recall_score,
                   m.f1_score, m.matthews_corrcoef, m.cohen_kappa_score):
        print(metric.__name__, repr(metric(y, f, sample_weight=weight)))
    for metric in (m.roc_auc_score, m.average_precision_score, m.log_loss, m.brier_score_loss):
        print(metric.__name__, repr(metric(y, s, sample_weight=weight)))
print("one hard miss", m.log_loss([1, 0], [0, .5]))

y = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3]
f = [0, 0, 1, 2, 1, 1, 0, 2, 0, 2]
for average in (None, "macro", "weighted"):
    print(average, m.precision_recall_fscore_support(y, f, average=average, zero_division=0))
print(m.matthews_corrcoef(y, f), m.cohen_kappa_score(y, f), m.balanced_accuracy_score(y, f))

y = [0, 0, 1, 2, 1, 2]
p = np.array([[.7, .2, .1], [.3, .4, .3], [.2, .5, .3], [.1, .2, .7], [.4, .3, .3], [.2, .2, .6]])
print(m.log_loss(y, p), m.roc_auc_score(y, p, multi_class="ovr"),
      np.mean(np.sum((p - np.eye(3)[y]) ** 2, axis=1)))

t, q = [3, -.5, 2, 7, 0, 10], [2.5, 0, 2, 8, .5, 9]
for metric in (m.mean_squared_error, m.mean_absolute_error, m.median_absolute_error, m.r2_score,
               m.mean_absolute_percentage_error):
    print(metric.__name__, repr(metric(t, q)))
t, q = [3, 5, 2.5, 7], [2.5, 5, 4, 8]
print(m.mean_absolute_percentage_error(t, q), m.mean_pinball_loss(t, q, alpha=.9))
