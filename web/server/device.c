/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/device.h"

#include "web/server/jws.h"
#include "web/server/reply.h"

const char *
device_url(struct web_request *r, const char *claimed)
{
	const struct config_list *l = &r->site->config->origins;
	const char *first = NULL;
	char *url;
	size_t n;

	for (size_t i = 0; i < l->n; i++) {
		if (strncmp(l->v[i], "http", 4) != 0)
			continue;
		if (first == NULL)
			first = l->v[i];
		n = strlen(l->v[i]);
		if (claimed != NULL && strncmp(claimed, l->v[i], n) == 0 &&
		    slice_equal(slice_of(claimed + n), r->path))
			return claimed;
	}
	if (first == NULL)
		first = "";
	n = strlen(first);
	if ((url = arena_take(&r->arena, n + r->path.n + 1)) == NULL)
		return NULL;
	memcpy(url, first, n);
	memcpy(url + n, r->path.p, r->path.n);
	url[n + r->path.n] = '\0';
	return url;
}

/* A phone proves in each request that it is one (RFC 9449's way). */
bool
device_prove(struct web_request *r)
{
	const char *proof = r->header[HEADER_ITSUMO_DEVICE];
	struct rp_facts facts = { .method = r->method,
		.body = { r->body, r->body_n } };
	struct rp_claims claims;

	if (proof == NULL || !jws_read(slice_of(proof), RP_DEVICE_PROOF_TYP,
				 &r->arena, &claims)) {
		reply_problem(r, PROBLEM_DEVICE_PROOF_MALFORMED);
		return false;
	}
	if ((facts.url = device_url(r, claims.htu)) == NULL ||
	    (r->device = arena_take(&r->arena, sizeof(*r->device))) == NULL) {
		reply_problem(r, PROBLEM_FAULT);
		return false;
	}
	return reply_unless_ok(r,
	    rp_device_prove(r->site->rp, &r->call, &claims, &facts, r->device));
}
