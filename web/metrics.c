/* SPDX-License-Identifier: Apache-2.0 */
#include "web/metrics.h"

#include <inttypes.h>

struct metrics metrics;

/* The last one is for every other status. */
static const unsigned statuses[METRIC_STATUSES] = { 200, 201, 204, 301, 302,
	303, 304, 400, 401, 403, 404, 405, 409, 410, 413, 415, 421, 422, 429,
	431, 500, 503, 0 };

/* Upper bounds in microseconds; the last bucket has none. */
static const uint64_t bounds[METRIC_BUCKETS - 1] = { 100, 250, 500, 1000, 2500,
	5000, 10000, 25000, 100000, 1000000, 10000000 };

static uint64_t
value(const _Atomic uint64_t *v)
{
	return atomic_load_explicit(v, memory_order_relaxed);
}

static void
count(_Atomic uint64_t *v, uint64_t by)
{
	atomic_fetch_add_explicit(v, by, memory_order_relaxed);
}

void
metrics_request(unsigned route, unsigned status, uint64_t us)
{
	size_t s = 0, b = 0;

	while (statuses[s] != 0 && statuses[s] != status)
		s++;
	while (b < METRIC_BUCKETS - 1 && us > bounds[b])
		b++;
	count(&metrics.requests[route][s], 1);
	count(&metrics.seconds[route][b], 1);
	count(&metrics.microseconds[route], us);
}

void
metrics_answer(unsigned route, enum rp_answer a, enum wa_verdict v)
{
	count(&metrics.answers[route][a], 1);
	if (a == RP_RATE_LIMITED)
		METRIC_ADD(limited, 1);
	if (a == RP_PASSKEY_REFUSED || a == RP_SIGN_COUNT)
		count(&metrics.verdicts[v], 1);
}

void
metrics_problem(enum problem p)
{
	count(&metrics.problems[p], 1);
}

static void
write_problems(FILE *to)
{
	fputs("# HELP itsumo_problems_total Problems told, by code\n"
	      "# TYPE itsumo_problems_total counter\n",
	    to);
	for (int p = PROBLEM_NONE + 1; p < PROBLEM_COUNT; p++)
		fprintf(to, "itsumo_problems_total{code=\"%s\"} %" PRIu64 "\n",
		    problem_text((enum problem)p)->code,
		    value(&metrics.problems[p]));
}

static void
write_requests(FILE *to, metrics_name_route *name)
{
	fputs("# HELP itsumo_requests_total Requests answered\n"
	      "# TYPE itsumo_requests_total counter\n",
	    to);
	for (unsigned r = 0; r < METRIC_ROUTES_MAX; r++)
		for (size_t s = 0; s < METRIC_STATUSES; s++) {
			uint64_t n = value(&metrics.requests[r][s]);
			struct metric_route is;

			if (n == 0)
				continue;
			is = name(r);
			fprintf(to,
			    "itsumo_requests_total{method=\"%s\",route=\"%s\","
			    "status=\"%u\"} %" PRIu64 "\n",
			    is.method, is.path, statuses[s], n);
		}
}

static void
write_one_latency(FILE *to, unsigned r, struct metric_route is)
{
	uint64_t sum = 0;

	for (size_t b = 0; b < METRIC_BUCKETS; b++) {
		sum += value(&metrics.seconds[r][b]);
		fprintf(to,
		    "itsumo_request_seconds_bucket{method=\"%s\","
		    "route=\"%s\",le=\"",
		    is.method, is.path);
		if (b < METRIC_BUCKETS - 1)
			fprintf(to, "%g", (double)bounds[b] / 1e6);
		else
			fputs("+Inf", to);
		fprintf(to, "\"} %" PRIu64 "\n", sum);
	}
	fprintf(to,
	    "itsumo_request_seconds_sum{method=\"%s\",route=\"%s\"} %g\n"
	    "itsumo_request_seconds_count{method=\"%s\",route=\"%s\"} %" PRIu64
	    "\n",
	    is.method, is.path, (double)value(&metrics.microseconds[r]) / 1e6,
	    is.method, is.path, sum);
}

static bool
was_used(unsigned r)
{
	for (size_t b = 0; b < METRIC_BUCKETS; b++)
		if (value(&metrics.seconds[r][b]) > 0)
			return true;
	return false;
}

static void
write_ceremonies(FILE *to, metrics_name_route *name)
{
	fputs("# HELP itsumo_ceremonies_total How ceremonies ended\n"
	      "# TYPE itsumo_ceremonies_total counter\n",
	    to);
	for (unsigned r = 0; r < METRIC_ROUTES_MAX; r++)
		for (int a = RP_OK; a <= RP_FAULT; a++) {
			uint64_t n = value(&metrics.answers[r][a]);

			if (n > 0)
				fprintf(to,
				    "itsumo_ceremonies_total{event=\"%s\","
				    "result=\"%s\"} %" PRIu64 "\n",
				    name(r).event,
				    rp_answer_name((enum rp_answer)a), n);
		}
	fputs("# HELP itsumo_refusals_total Passkeys refused, by verdict\n"
	      "# TYPE itsumo_refusals_total counter\n",
	    to);
	for (int v = WA_OK; v <= WA_FAULT; v++)
		fprintf(to,
		    "itsumo_refusals_total{verdict=\"%s\"} %" PRIu64 "\n",
		    wa_verdict_name((enum wa_verdict)v),
		    value(&metrics.verdicts[v]));
}

void
metrics_write(FILE *to, metrics_name_route *name)
{
#define TYPE_GAUGE "gauge"
#define TYPE_COUNTER "counter"
#define X(field, kind, text, help)                                             \
	fprintf(to,                                                            \
	    "# HELP itsumo_" text " " help "\n# TYPE itsumo_" text             \
	    " " TYPE_##kind "\nitsumo_" text " %" PRId64 "\n",                 \
	    atomic_load_explicit(&metrics.field, memory_order_relaxed));
	METRICS(X)
#undef X
	write_requests(to, name);
	fputs("# HELP itsumo_request_seconds How long requests took\n"
	      "# TYPE itsumo_request_seconds histogram\n",
	    to);
	for (unsigned r = 0; r < METRIC_ROUTES_MAX; r++)
		if (was_used(r))
			write_one_latency(to, r, name(r));
	write_ceremonies(to, name);
	write_problems(to);
}
