/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_LOG_H
#define STORE_LOG_H

#include "store/store.h"

enum { LOG_FAULT = 3, LOG_TOLD = 6 };

struct store_log {
	store_log_fn *fn; /* never NULL */
	void *arg;
};

/* The one that o names, or the one that writes to stderr. */
struct store_log store_log_from(const struct store_options *o);

/* Formats one line; what is longer than 512 bytes is cut. */
__attribute__((format(printf, 3, 4))) void store_logf(
    const struct store_log *log, int priority, const char *format, ...);

#endif
