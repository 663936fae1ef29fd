#ifndef MLUTILS_H
#define MLUTILS_H

/*
 * libmlutils: what the tools are made of, for programs in C.
 *
 *   base/err.h      errors as values with a place; nothing here prints or exits
 *   table/csv.h     CSV in blocks of records, and out
 *   store/bundle.h  the model file: read one, write one
 *
 * BLAS is bound weakly: a program that trains links -lopenblas -llapacke besides what pkg-config
 * says.
 *
 * Nothing is stable before version 1: names and structs may change with any 0.x.  What can be
 * relied on already is the model file itself, mlmodel(5).
 */
#include "base/err.h"
#include "store/bundle.h"
#include "table/csv.h"

#endif
