#ifndef TAMIS_CZEROMQ_SHIM_H
#define TAMIS_CZEROMQ_SHIM_H

#include <zmq.h>

#endif
