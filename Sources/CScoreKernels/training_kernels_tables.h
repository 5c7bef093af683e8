// The tables of training kernels, one a file.
#ifndef TAMIS_TRAINING_KERNELS_TABLES_H
#define TAMIS_TRAINING_KERNELS_TABLES_H

#include "training_kernels.h"

extern const tamis_training_kernels tamis_training_portable;
extern const tamis_training_kernels tamis_training_avx2;
extern const tamis_training_kernels tamis_training_avx512;

#endif
