/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_CLOCK_H
#define WEB_CLOCK_H

#include <time.h>

#include "store/store.h"

/* The only clocks of the program; the floors below are told the time. */

static inline store_time
clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (store_time)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Microseconds since some moment, for measuring how long something took. */
static inline uint64_t
clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

#endif
