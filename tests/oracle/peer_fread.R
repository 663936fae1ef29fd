# usage: Rscript peer_fread.R FILE    data.table's fread (1.14.8), 2 threads; prints the seconds of the call
suppressPackageStartupMessages(library(data.table))
setDTthreads(2)
t <- system.time(d <- fread(commandArgs(TRUE)[1], nThread = 2, showProgress = FALSE))[["elapsed"]]
cat(sprintf("%d rows x %d columns, %.3f s\n", nrow(d), ncol(d), t))
