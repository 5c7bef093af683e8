// The tables of kernels, one a file.
#ifndef TAMIS_SCORE_TABLES_H
#define TAMIS_SCORE_TABLES_H

#include "score_kernels.h"

extern const tamis_score_kernels tamis_score_scalar;
extern const tamis_score_kernels tamis_score_avx2;
extern const tamis_score_kernels tamis_score_avx512;
extern const tamis_score_kernels tamis_score_neon;

#endif
