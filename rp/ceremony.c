/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/ceremony.h"

#include "rp/secret.h"
#include "webauthn/b64url.h"

/*
 * Sealed, and then in base64url:
 *
 *	version 1 | key id 4 | salt 16 | record, encrypted | tag 16
 *
 * The key is HMAC-SHA-256(installation's key, salt): a key a ceremony, so
 * that no number of them wears a key out, as random nonces under one key
 * would.  Version, key id, salt and rp id are authenticated with the record.
 */
enum {
	VERSION = 1,
	KEY_ID = 4,
	SALT = 16,
	HEAD = 1 + KEY_ID + SALT,
	BROWSER = 32,
	/* kind, names, wishes, invited, three lengths */
	RECORD_MAX = 2 + 3 + 1 + 3 + 8 + 8 + BROWSER + 32 +
		     sizeof(struct account_id) + STORE_USER_HANDLE + 32 +
		     STORE_NAME_MAX + STORE_DISPLAY_NAME_MAX + STORE_LOCALE_MAX,
	SEALED_MAX = HEAD + RECORD_MAX + RP_SECRET_TAG,
};

_Static_assert(WA_B64URL_SIZE(SEALED_MAX) <= RP_CEREMONY_MAX + 1,
    "a ceremony fits its text");

struct writer {
	uint8_t *p;
};

static void
put(struct writer *w, const void *p, size_t n)
{
	memcpy(w->p, p, n);
	w->p += n;
}

static void
put_be(struct writer *w, uint64_t v, int width)
{
	while (width-- > 0)
		*w->p++ = (uint8_t)(v >> 8 * width);
}

static void
put_text(struct writer *w, const char *s)
{
	size_t n = strlen(s);

	put_be(w, n, 1);
	put(w, s, n);
}

static size_t
record_write(const struct rp_ceremony *c, const uint8_t browser[BROWSER],
    uint8_t out[RECORD_MAX])
{
	struct writer w = { out };

	put_be(&w, c->kind, 1);
	put_be(&w, c->names, 1);
	put_be(&w, (uint64_t)c->begun, 8);
	put_be(&w, (uint64_t)c->expires, 8);
	put(&w, browser, BROWSER);
	put(&w, c->challenge, sizeof(c->challenge));
	put(&w, c->account.b, sizeof(c->account.b));
	put(&w, c->user_handle, sizeof(c->user_handle));
	put_be(&w, c->wishes.attestation, 1);
	put_be(&w, c->wishes.user_verification, 1);
	put_be(&w, c->wishes.resident_key, 1);
	put_be(&w, c->invited, 1);
	put(&w, c->invitation, sizeof(c->invitation));
	put_text(&w, c->name);
	put_text(&w, c->display_name);
	put_text(&w, c->locale);
	return (size_t)(w.p - out);
}

static void
take_text(struct cursor *from, char *out, size_t size)
{
	struct slice s = cursor_take(from, (size_t)cursor_be(from, 1));

	if (s.n >= size) {
		from->bad = true;
		return;
	}
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

static bool
record_read(
    struct slice record, struct rp_ceremony *c, uint8_t browser[BROWSER])
{
	struct cursor from = cursor_over(record);

	*c = (struct rp_ceremony){ 0 };
	c->kind = (enum rp_ceremony_kind)cursor_be(&from, 1);
	c->names = (enum rp_ceremony_names)cursor_be(&from, 1);
	c->begun = (store_time)cursor_be(&from, 8);
	c->expires = (store_time)cursor_be(&from, 8);
	cursor_copy(&from, browser, BROWSER);
	cursor_copy(&from, c->challenge, sizeof(c->challenge));
	cursor_copy(&from, c->account.b, sizeof(c->account.b));
	cursor_copy(&from, c->user_handle, sizeof(c->user_handle));
	c->wishes.attestation =
	    (enum rp_attestation_conveyance)cursor_be(&from, 1);
	c->wishes.user_verification = (enum rp_requirement)cursor_be(&from, 1);
	c->wishes.resident_key = (enum rp_requirement)cursor_be(&from, 1);
	c->invited = cursor_be(&from, 1) != 0;
	cursor_copy(&from, c->invitation, sizeof(c->invitation));
	take_text(&from, c->name, sizeof(c->name));
	take_text(&from, c->display_name, sizeof(c->display_name));
	take_text(&from, c->locale, sizeof(c->locale));
	return cursor_finished(&from);
}

bool
rp_ceremony_keys(struct rp *rp)
{
	const struct slice label = slice_of("itsumo ceremony key id");
	uint8_t mac[32];

	for (unsigned i = 0; i < rp->seal_count; i++) {
		if (!rp_secret_mac(rp->keys.seal[i], &label, 1, mac))
			return false;
		memcpy(rp->seal_id[i], mac, KEY_ID);
	}
	return true;
}

/* One ceremony's key, and what is authenticated beside its record. */
struct envelope {
	uint8_t key[32];
	uint8_t aad[HEAD + RP_CEREMONY_RP_ID_MAX];
	size_t aad_n;
};

static bool
envelope_make(const struct rp *rp, unsigned which, const uint8_t head[HEAD],
    struct envelope *e)
{
	const struct slice label = slice_of("itsumo ceremony");
	const struct slice parts[] = { label, { head + 1 + KEY_ID, SALT } };
	const char *rp_id = rp->config.rp_id;
	size_t n = strlen(rp_id);

	memcpy(e->aad, head, HEAD);
	memcpy(e->aad + HEAD, rp_id, n);
	e->aad_n = HEAD + n;
	return rp_secret_mac(rp->keys.seal[which], parts, 2, e->key);
}

bool
rp_ceremony_begin(const struct rp *rp, const struct rp_call *call,
    enum rp_ceremony_kind kind, struct rp_ceremony *c)
{
	*c = (struct rp_ceremony){
		.kind = kind,
		.names = RP_NAMES_NOBODY,
		.begun = call->now,
		.expires = call->now + rp->config.ceremony_ms,
	};
	return rp_secret_random(c->challenge, sizeof(c->challenge));
}

bool
rp_ceremony_seal(const struct rp *rp, const struct rp_call *call,
    const struct rp_ceremony *c, struct rp_ceremony_text *text)
{
	uint8_t record[RECORD_MAX], sealed[SEALED_MAX];
	struct slice plain = { record, record_write(c, call->browser, record) };
	struct envelope e;
	bool good;

	sealed[0] = VERSION;
	memcpy(sealed + 1, rp->seal_id[0], KEY_ID);
	good = rp_secret_random(sealed + 1 + KEY_ID, SALT) &&
	       envelope_make(rp, 0, sealed, &e) &&
	       rp_secret_seal(e.key, (struct slice){ e.aad, e.aad_n }, plain,
		   sealed + HEAD) &&
	       wa_b64url_encode(
		   (struct slice){ sealed, HEAD + plain.n + RP_SECRET_TAG },
		   text->s, sizeof(text->s));
	rp_secret_wipe(e.key, sizeof(e.key));
	return good;
}

/* Text to record.  False: RP_CEREMONY_MALFORMED. */
static bool
unseal(const struct rp *rp, struct slice text, struct rp_ceremony *c,
    uint8_t browser[BROWSER])
{
	uint8_t sealed[SEALED_MAX], record[RECORD_MAX];
	struct envelope e;
	unsigned which = 0;
	size_t n;
	bool good;

	if (!wa_b64url_decode(text, sealed, sizeof(sealed), &n) ||
	    n < HEAD + RP_SECRET_TAG || sealed[0] != VERSION)
		return false;
	while (which < rp->seal_count &&
	       memcmp(sealed + 1, rp->seal_id[which], KEY_ID) != 0)
		which++;
	if (which == rp->seal_count)
		return false;
	good = envelope_make(rp, which, sealed, &e) &&
	       rp_secret_open(e.key, (struct slice){ e.aad, e.aad_n },
		   (struct slice){ sealed + HEAD, n - HEAD }, record) &&
	       record_read((struct slice){ record, n - HEAD - RP_SECRET_TAG },
		   c, browser);
	rp_secret_wipe(e.key, sizeof(e.key));
	return good;
}

enum rp_answer
rp_ceremony_open(const struct rp *rp, const struct rp_call *call,
    struct slice text, enum rp_ceremony_kind kind,
    const struct account_id *account, struct rp_ceremony *c)
{
	uint8_t browser[BROWSER];
	struct rp_ceremony got;

	if (!unseal(rp, text, &got, browser))
		return RP_CEREMONY_MALFORMED;
	if (got.kind != kind)
		return RP_CEREMONY_KIND;
	if (!rp_secret_equal(browser, call->browser, sizeof(browser)))
		return RP_CEREMONY_FOREIGN;
	if (account != NULL &&
	    (got.names != RP_NAMES_ACCOUNT ||
		memcmp(got.account.b, account->b, sizeof(account->b)) != 0))
		return RP_CEREMONY_ACCOUNT;
	if (call->now >= got.expires)
		return RP_CEREMONY_EXPIRED;
	*c = got;
	return RP_OK;
}

struct wa_expectation
rp_ceremony_expectation(const struct rp *rp, const struct rp_ceremony *c)
{
	return (struct wa_expectation){
		.challenge = { c->challenge, sizeof(c->challenge) },
		.rp_id = rp->config.rp_id,
		.origins = rp->config.origins,
		.top_origins = rp->config.top_origins,
		.allow_cross_origin = rp->config.allow_cross_origin,
		.need_uv = c->wishes.user_verification == RP_REQUIRED,
	};
}
