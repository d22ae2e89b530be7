/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/options.h"

static void
describe(const struct store_credential *c, struct rp_descriptor *d)
{
	memcpy(d->id, c->id, c->id_n);
	d->id_n = c->id_n;
	d->transports = c->transports;
}

void
rp_options_describe(
    const struct store_credential *list, size_t n, struct rp_descriptors *out)
{
	for (size_t i = 0; i < n; i++)
		describe(&list[i], &out->list[i]);
	out->n = n;
}

enum rp_answer
rp_options_passkeys(
    struct rp *rp, const struct account_id *id, struct rp_descriptors *out)
{
	struct store_credential list[STORE_CREDENTIALS_MAX];
	struct store_txn *t = NULL;
	enum store_rc rc;
	size_t n = 0;

	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = store_credentials_of(t, id, list, &n);
	store_read_end(t);
	if (rc != STORE_OK)
		return RP_FAULT;
	rp_options_describe(list, n, out);
	return RP_OK;
}

enum rp_answer
rp_options_request(struct rp *rp, struct rp_call *call,
    const struct rp_ceremony *c, struct rp_request *out)
{
	if (!rp_ceremony_seal(rp, call, c, &out->ceremony))
		return RP_FAULT;
	out->expires = c->expires;
	memcpy(out->challenge, c->challenge, sizeof(out->challenge));
	out->user_verification = c->wishes.user_verification;
	return RP_OK;
}

enum rp_answer
rp_options_creation(struct rp *rp, struct rp_call *call,
    const struct rp_ceremony *c, struct rp_creation *out)
{
	if (!rp_ceremony_seal(rp, call, c, &out->ceremony))
		return RP_FAULT;
	out->expires = c->expires;
	out->wishes = c->wishes;
	memcpy(out->challenge, c->challenge, sizeof(out->challenge));
	memcpy(out->user_handle, c->user_handle, sizeof(out->user_handle));
	memcpy(out->name, c->name, sizeof(out->name));
	memcpy(out->display_name, c->display_name, sizeof(out->display_name));
	return RP_OK;
}
