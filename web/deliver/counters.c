/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/counters.h"

#include <inttypes.h>

struct deliver_counters deliver_counters;

/* Upper bounds in milliseconds; the last bucket has none. */
static const unsigned bounds[DELIVER_BUCKETS - 1] = { 10, 25, 50, 100, 250, 500,
	1000, 2500, 10000 };

static void
add(_Atomic uint64_t *v, uint64_t by)
{
	atomic_fetch_add_explicit(v, by, memory_order_relaxed);
}

static uint64_t
value(const _Atomic uint64_t *v)
{
	return atomic_load_explicit(v, memory_order_relaxed);
}

void
deliver_counters_attempt(enum store_message_kind kind, enum deliver_reason r,
    enum deliver_end end, uint64_t took_us)
{
	size_t b = 0;

	add(&deliver_counters.attempts[kind][r], 1);
	if (end == DELIVER_GIVEN_UP)
		add(&deliver_counters.given_up[kind], 1);
	if (took_us == 0)
		return;
	while (b < DELIVER_BUCKETS - 1 && took_us > bounds[b] * 1000ull)
		b++;
	add(&deliver_counters.seconds[kind][b], 1);
	add(&deliver_counters.microseconds[kind], took_us);
}

static void
write_attempts(FILE *to, const char *kind, enum store_message_kind k)
{
	fprintf(to,
	    "# HELP itsumo_%s_send_total Attempts to send, by result\n"
	    "# TYPE itsumo_%s_send_total counter\n",
	    kind, kind);
	for (unsigned r = 0; r < DELIVER_REASON_COUNT; r++)
		fprintf(to, "itsumo_%s_send_total{result=\"%s\"} %" PRIu64 "\n",
		    kind, deliver_reason_name((enum deliver_reason)r),
		    value(&deliver_counters.attempts[k][r]));
	fprintf(to,
	    "# HELP itsumo_%s_given_up_total Messages that were never sent\n"
	    "# TYPE itsumo_%s_given_up_total counter\n"
	    "itsumo_%s_given_up_total %" PRIu64 "\n",
	    kind, kind, kind, value(&deliver_counters.given_up[k]));
}

static void
write_seconds(FILE *to, const char *kind, enum store_message_kind k)
{
	uint64_t sum = 0;

	fprintf(to,
	    "# HELP itsumo_%s_send_seconds From hand-over to answer\n"
	    "# TYPE itsumo_%s_send_seconds histogram\n",
	    kind, kind);
	for (size_t b = 0; b < DELIVER_BUCKETS; b++) {
		char le[16] = "+Inf";

		sum += value(&deliver_counters.seconds[k][b]);
		if (b < DELIVER_BUCKETS - 1)
			(void)snprintf(le, sizeof(le), "%u.%03u",
			    bounds[b] / 1000, bounds[b] % 1000);
		fprintf(to,
		    "itsumo_%s_send_seconds_bucket{le=\"%s\"} %" PRIu64 "\n",
		    kind, le, sum);
	}
	fprintf(to,
	    "itsumo_%s_send_seconds_sum %.6f\n"
	    "itsumo_%s_send_seconds_count %" PRIu64 "\n",
	    kind, (double)value(&deliver_counters.microseconds[k]) / 1e6, kind,
	    sum);
}

void
deliver_counters_write(FILE *to)
{
	for (unsigned k = STORE_MESSAGE_PUSH; k < DELIVER_KINDS; k++) {
		const char *kind =
		    deliver_kind_name((enum store_message_kind)k);

		write_attempts(to, kind, (enum store_message_kind)k);
		write_seconds(to, kind, (enum store_message_kind)k);
	}
	fprintf(to,
	    "# HELP itsumo_outbox_under_way Messages being sent\n"
	    "# TYPE itsumo_outbox_under_way gauge\n"
	    "itsumo_outbox_under_way %" PRId64 "\n"
	    "# HELP itsumo_outbox_store_troubles_total "
	    "Times that the outbox could not be read or written\n"
	    "# TYPE itsumo_outbox_store_troubles_total counter\n"
	    "itsumo_outbox_store_troubles_total %" PRIu64 "\n",
	    (int64_t)atomic_load_explicit(
		&deliver_counters.under_way, memory_order_relaxed),
	    value(&deliver_counters.store_troubles));
}
