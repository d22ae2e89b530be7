/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_DELIVER_COUNTERS_H
#define WEB_DELIVER_COUNTERS_H

#include <stdatomic.h>
#include <stdio.h>

#include "web/deliver/message.h"

/* What the process counts of its messages; one relaxed addition each. */
enum { DELIVER_BUCKETS = 10 };

struct deliver_counters {
	_Atomic uint64_t attempts[DELIVER_KINDS][DELIVER_REASON_COUNT];
	_Atomic uint64_t given_up[DELIVER_KINDS];
	_Atomic uint64_t seconds[DELIVER_KINDS][DELIVER_BUCKETS];
	_Atomic uint64_t microseconds[DELIVER_KINDS];
	_Atomic int64_t under_way;
	_Atomic uint64_t store_troubles;
};

extern struct deliver_counters deliver_counters;

/* An attempt has ended; took_us 0: nothing was sent. */
void deliver_counters_attempt(enum store_message_kind kind,
    enum deliver_reason r, enum deliver_end end, uint64_t took_us);

/* As Prometheus reads it: itsumo_push_send_total{result="sent"} 12 … */
void deliver_counters_write(FILE *to);

#endif
