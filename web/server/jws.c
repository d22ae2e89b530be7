/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/jws.h"

#include "web/server/text.h"
#include "webauthn/b64url.h"

enum { COORDINATE = 32, SIGNATURE = 64, DIGITS_MAX = 15 };

/* A part between dots, decoded into the arena. */
static bool
decode(struct slice text, struct arena *a, struct slice *out)
{
	size_t room = WA_B64URL_BYTES(text.n);
	uint8_t *p = text.n == 0 ? NULL : arena_take(a, room);

	if (p == NULL || !wa_b64url_decode(text, p, room, &out->n))
		return false;
	out->p = p;
	return true;
}

static const struct json_node *
parse_object(struct slice text, struct arena *a)
{
	const struct json_node *root = NULL;
	struct slice bytes;

	if (!decode(text, a, &bytes) ||
	    json_parse(bytes, a, &root) != JSON_SOUND ||
	    root->type != JSON_IS_OBJECT)
		return NULL;
	return root;
}

/* A string, with a NUL behind it.  NULL where the member is not there. */
static bool
take_text(const struct json_node *o, const char *name, struct arena *a,
    const char **out)
{
	const struct json_node *v = json_member(o, name);

	*out = NULL;
	if (v == NULL)
		return true;
	return v->type == JSON_IS_STRING &&
	       (*out = arena_text(a, v->text)) != NULL;
}

/* Whole seconds: no sign, no fraction, no exponent. */
static bool
take_seconds(
    const struct json_node *o, const char *name, int64_t *out, bool *there)
{
	const struct json_node *v = json_member(o, name);
	int64_t n = 0;

	if ((*there = v != NULL) == false)
		return true;
	if (v->type != JSON_IS_NUMBER || v->text.n > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < v->text.n; i++) {
		if (v->text.p[i] < '0' || v->text.p[i] > '9')
			return false;
		n = n * 10 + (v->text.p[i] - '0');
	}
	*out = n;
	return true;
}

static bool
take_hash(const struct json_node *o, struct arena *a, struct rp_claims *c)
{
	const struct json_node *v = json_member(o, "ath");
	struct slice hash;

	if (v == NULL)
		return true;
	if (v->type != JSON_IS_STRING || !decode(v->text, a, &hash) ||
	    hash.n != sizeof(c->ath))
		return false;
	memcpy(c->ath, hash.p, sizeof(c->ath));
	c->has_ath = true;
	return true;
}

static bool
read_header(
    struct slice text, const char *typ, struct arena *a, struct rp_claims *c)
{
	const struct json_node *o = parse_object(text, a);

	return o != NULL && o->count == 2 && take_text(o, "typ", a, &c->typ) &&
	       c->typ != NULL && take_text(o, "alg", a, &c->alg) &&
	       c->alg != NULL && strcmp(c->typ, typ) == 0 &&
	       strcmp(c->alg, "ES256") == 0;
}

static bool
read_claims(struct slice text, struct arena *a, struct rp_claims *c)
{
	const struct json_node *o = parse_object(text, a);

	return o != NULL && take_text(o, "phone", a, &c->phone) &&
	       take_text(o, "approval", a, &c->approval) &&
	       take_text(o, "htm", a, &c->htm) &&
	       take_text(o, "htu", a, &c->htu) &&
	       take_text(o, "jti", a, &c->jti) &&
	       take_seconds(o, "iat", &c->iat, &c->has_iat) &&
	       take_hash(o, a, c);
}

bool
jws_read(
    struct slice text, const char *typ, struct arena *a, struct rp_claims *c)
{
	struct slice rest = text, header, payload;

	if (text.n == 0 || text.n > JWS_MAX)
		return false;
	memset(c, 0, sizeof(*c));
	header = text_take(&rest, '.');
	payload = text_take(&rest, '.');
	c->signing_input = (struct slice){ text.p, header.n + 1 + payload.n };
	/* A fourth part's dot is no base64url. */
	return read_header(header, typ, a, c) && read_claims(payload, a, c) &&
	       decode(rest, a, &c->signature) && c->signature.n == SIGNATURE;
}

bool
jwk_read(struct json_in *in, const struct json_node *jwk, const char *where,
    uint8_t key[64])
{
	struct jwk {
		const char *kty, *crv, *alg, *use, *kid;
		struct slice x, y;
		enum json_in_bool ext;
		struct json_texts key_ops;
	} k;
	static const struct json_in_field fields[] = {
		{ "kty", JSON_IN_TEXT, true, false, 16,
		    offsetof(struct jwk, kty) },
		{ "crv", JSON_IN_TEXT, true, false, 16,
		    offsetof(struct jwk, crv) },
		{ "x", JSON_IN_BYTES, true, false, COORDINATE,
		    offsetof(struct jwk, x) },
		{ "y", JSON_IN_BYTES, true, false, COORDINATE,
		    offsetof(struct jwk, y) },
		{ "ext", JSON_IN_BOOL, false, false, 0,
		    offsetof(struct jwk, ext) },
		{ "key_ops", JSON_IN_TEXTS, false, false, JSON_IN_TEXTS_MAX,
		    offsetof(struct jwk, key_ops) },
		{ "alg", JSON_IN_TEXT, false, false, 16,
		    offsetof(struct jwk, alg) },
		{ "use", JSON_IN_TEXT, false, false, 16,
		    offsetof(struct jwk, use) },
		{ "kid", JSON_IN_TEXT, false, false, 255,
		    offsetof(struct jwk, kid) },
	};

	if (!json_in_read(in, jwk, where, fields,
		sizeof(fields) / sizeof(*fields), false, &k))
		return false;
	if (strcmp(k.kty, "EC") != 0)
		return json_in_refuse(in, PROBLEM_FIELD_TYPE, where, "kty");
	if (strcmp(k.crv, "P-256") != 0)
		return json_in_refuse(in, PROBLEM_FIELD_TYPE, where, "crv");
	if (k.x.n != COORDINATE)
		return json_in_refuse(in, PROBLEM_FIELD_TYPE, where, "x");
	if (k.y.n != COORDINATE)
		return json_in_refuse(in, PROBLEM_FIELD_TYPE, where, "y");
	memcpy(key, k.x.p, COORDINATE);
	memcpy(key + COORDINATE, k.y.p, COORDINATE);
	return true;
}
