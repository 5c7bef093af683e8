// The hash functions of OpenSSL's libcrypto, which use the processor's SHA instructions.
#ifndef TAMIS_COPENSSL_SHIM_H
#define TAMIS_COPENSSL_SHIM_H

#include <openssl/evp.h>

#endif
