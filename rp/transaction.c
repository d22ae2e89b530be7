/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/transaction.h"

#include "rp/approvals.h"
#include "rp/device.h"
#include "rp/ids.h"
#include "rp/jcs.h"
#include "rp/secret.h"
#include "webauthn/b64url.h"
#include "webauthn/hash.h"

bool
rp_transaction_order(const struct store_approval *a,
    const struct phone_id *phone, const char *shown[STORE_SHOWN])
{
	static const uint8_t orders[6][STORE_SHOWN] = { { 0, 1, 2 },
		{ 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
		{ 2, 1, 0 } };
	const struct slice parts[] = { slice_of("itsumo approval order"),
		{ phone->b, sizeof(phone->b) } };
	struct cursor c;
	uint8_t mac[32];
	size_t order;

	/* The right one is the first of them: who knows the order knows it. */
	if (!rp_secret_mac(a->secret, parts, 2, mac))
		return false;
	c = cursor_over((struct slice){ mac, 8 });
	order = (size_t)(cursor_be(&c, 8) % 6);
	for (size_t i = 0; i < STORE_SHOWN; i++)
		shown[i] = a->shown[orders[order][i]];
	return true;
}

bool
rp_transaction_seal(const uint8_t secret[32], const char *number,
    struct rp_sealed_number *sealed)
{
	const struct slice parts[] = { slice_of("itsumo approval number"),
		slice_of(number) };
	uint8_t mac[32];

	return rp_secret_mac(secret, parts, 2, mac) &&
	       wa_b64url_encode((struct slice){ mac, sizeof(mac) }, sealed->s,
		   sizeof(sealed->s));
}

static bool
put_browser(struct rp_jcs *j, const struct store_approval *a)
{
	char jkt[WA_B64URL_SIZE(32)];
	uint8_t thumbprint[32];

	if (!rp_es256_thumbprint(a->key, thumbprint) ||
	    !wa_b64url_encode(
		(struct slice){ thumbprint, 32 }, jkt, sizeof(jkt)))
		return false;
	rp_jcs_object(j, "browser");
	rp_jcs_string(j, "address", a->client.address);
	rp_jcs_string(j, "jkt", jkt);
	rp_jcs_string(j, "name", a->client.browser);
	rp_jcs_string(j, "network", a->network_name);
	rp_jcs_string(j, "place", a->client.place);
	rp_jcs_end(j);
	return true;
}

static bool
is_trusted(const struct store_approval *a)
{
	static const struct browser_id none;

	return memcmp(&a->kept, &none, sizeof(none)) != 0;
}

static bool
put_shown(struct rp_jcs *j, const struct store_approval *a,
    const struct phone_id *phone)
{
	const char *shown[STORE_SHOWN];

	if (!rp_transaction_order(a, phone, shown))
		return false;
	rp_jcs_array(j, "shown");
	for (size_t i = 0; i < STORE_SHOWN; i++)
		if (a->match == STORE_MATCH_CHOOSE3)
			rp_jcs_string(j, NULL, shown[i]);
	rp_jcs_end(j);
	return true;
}

/* choice NULL: the context, without what only the choice decides. */
static bool
write(const char *rp_id, const struct store_approval *a,
    const struct phone_id *phone, bool same_network, const char *choice,
    struct rp_transaction *t)
{
	char nonce[WA_B64URL_SIZE(32)];
	struct rp_sealed_number sealed;
	struct rp_jcs j = RP_JCS(t->text);

	if (!rp_transaction_seal(a->secret, a->number, &sealed) ||
	    !wa_b64url_encode((struct slice){ a->nonce, sizeof(a->nonce) },
		nonce, sizeof(nonce)))
		return false;
	rp_jcs_object(&j, NULL);
	rp_jcs_string(&j, "account", rp_id_write("acc_", a->account.b).s);
	rp_jcs_string(&j, "app", a->app);
	rp_jcs_string(&j, "approval", rp_id_write("apr_", a->id.b).s);
	if (a->binding[0] != '\0')
		rp_jcs_string(&j, "binding", a->binding);
	if (!put_browser(&j, a))
		return false;
	if (choice != NULL)
		rp_jcs_string(&j, "choice", choice);
	rp_jcs_integer(&j, "exp", a->expires / 1000);
	rp_jcs_integer(&j, "iat", a->created / 1000);
	rp_jcs_string(&j, "match", rp_match_name(a->match));
	if (choice != NULL)
		rp_jcs_string(&j, "nonce", nonce);
	rp_jcs_string(&j, "phone", rp_id_write("phn_", phone->b).s);
	rp_jcs_string(&j, "rp_id", rp_id);
	rp_jcs_bool(&j, "same_network", same_network);
	rp_jcs_string(&j, "sealed", sealed.s);
	if (!put_shown(&j, a, phone))
		return false;
	rp_jcs_bool(&j, "trusted", is_trusted(a));
	rp_jcs_integer(&j, "v", 1);
	rp_jcs_end(&j);
	t->n = j.n;
	return rp_jcs_finish(&j);
}

bool
rp_transaction_write(const char *rp_id, const struct store_approval *a,
    const struct phone_id *phone, bool same_network, const char *choice,
    struct rp_transaction *t)
{
	return write(rp_id, a, phone, same_network, choice, t);
}

bool
rp_transaction_context(const char *rp_id, const struct store_approval *a,
    const struct phone_id *phone, bool same_network, struct rp_transaction *t)
{
	return write(rp_id, a, phone, same_network, NULL, t);
}

bool
rp_transaction_challenge(struct slice text, uint8_t challenge[32])
{
	static const char label[] = "itsumo approval v1"; /* with its NUL */
	const struct slice parts[] = {
		{ (const uint8_t *)label, sizeof(label) }, text
	};

	return wa_hash_parts(WA_SHA256, parts, 2, challenge);
}
