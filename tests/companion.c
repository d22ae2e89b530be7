/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/companion.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/http/claims.h"
#include "tests/softsign.h"
#include "webauthn/b64url.h"

struct companion *
companion_new(struct visitor *v)
{
	struct companion *c = calloc(1, sizeof(*c));

	assert(c != NULL);
	c->v = v;
	softproof_key_make(&c->key);
	return c;
}

void
companion_free(struct companion *c)
{
	softproof_key_free(&c->key);
	visitor_free(c->v);
	free(c);
}

json_t *
companion_jwk(const struct companion *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:[s]}", "kty", "EC", "crv",
	    "P-256", "x", c->key.x, "y", c->key.y, "ext", 1, "key_ops",
	    "verify");
}

json_t *
companion_push(const struct companion *c, const char *endpoint)
{
	uint8_t point[65] = { 4 };
	char text[WA_B64URL_SIZE(65)];

	memcpy(point + 1, c->key.xy, 64);
	assert(wa_b64url_encode(
	    (struct slice){ point, sizeof(point) }, text, sizeof(text)));
	return json_pack("{s:s, s:n, s:{s:s, s:s}}", "endpoint", endpoint,
	    "expirationTime", "keys", "p256dh", text, "auth",
	    "AAECAwQFBgcICQoLDA0ODw");
}

/* ---- joining ---- */

/* What every phone brings along. */
static void
describe(const struct companion *c, const char *name, json_t *body)
{
	json_object_set_new(body, "name", json_string(name));
	json_object_set_new(body, "platform", json_string("Test 1"));
	json_object_set_new(body, "device_jwk", companion_jwk(c));
	if (c->push != NULL)
		json_object_set_new(body, "push", companion_push(c, c->push));
}

static void
take_id(struct companion *c, json_t *answer)
{
	snprintf(c->id, sizeof(c->id), "%s", json_at(answer, "phone.id"));
	assert(strncmp(c->id, "phn_", 4) == 0);
	json_decref(answer);
}

void
companion_join(struct companion *c, const char *name)
{
	json_t *options = visitor_get(
	    c->v, "POST", "/api/v1/phones/options", json_object(), 200);
	json_t *body =
	    visitor_finish(options, visitor_sign(c->v, options, NULL));

	describe(c, name, body);
	json_decref(options);
	take_id(c, visitor_get(c->v, "POST", "/api/v1/phones", body, 201));
}

void
companion_answer(struct companion *c, const char *offer, const char *name)
{
	json_t *options = visitor_get(c->v, "POST", "/api/v1/phones/options",
	    json_pack("{s:s}", "offer", offer), 200);
	json_t *body =
	    visitor_finish(options, visitor_create(c->v, options, NULL));

	json_object_set_new(body, "offer", json_string(offer));
	describe(c, name, body);
	json_decref(options);
	take_id(c, visitor_get(c->v, "POST", "/api/v1/phones", body, 201));
}

json_t *
companion_await(struct companion *c, const char *offer)
{
	json_t *j, *state;

	for (;;) {
		j = visitor_get(c->v, "POST",
		    "/api/v1/phones/offers/state?wait=25",
		    json_pack("{s:s}", "offer", offer), 200);
		if (strcmp(json_at(j, "offer.state"), "answered") != 0)
			break;
		json_decref(j);
	}
	state =
	    json_incref(json_object_get(json_object_get(j, "offer"), "state"));
	json_decref(j);
	return state;
}

/* ---- one request ---- */

/* The origin and the path, without a query. */
static char *
url_of(struct companion *c, const char *path)
{
	const char *origin = server_origin(c->v->server);
	size_t n = strlen(origin), m = strcspn(path, "?");
	char *url = malloc(n + m + 1);

	assert(url != NULL);
	memcpy(url, origin, n);
	memcpy(url + n, path, m);
	url[n + m] = '\0';
	return url;
}

struct answer
companion_ask(struct companion *c, const char *method, const char *path,
    json_t *body, const struct softproof_script *script)
{
	struct softproof_script s = { 0 };
	char headers[8192], *text = NULL, *url = url_of(c, path), *proof;
	char cookies[sizeof(c->v->cookies)];
	struct slice bytes = { 0 };
	struct answer a;

	if (script != NULL)
		s = *script;
	if (body != NULL) {
		text = json_dumps(body, JSON_COMPACT);
		assert(text != NULL);
		bytes = slice_of(text);
		json_decref(body);
	}
	s.phone = s.phone != NULL ? s.phone : c->id;
	s.htm = s.htm != NULL ? s.htm : method;
	s.htu = s.htu != NULL ? s.htu : url;
	s.body = s.body.p != NULL ? s.body : bytes;
	proof = softproof_make(&c->key, &s);
	snprintf(headers, sizeof(headers),
	    "Itsumo-Device: %s\r\n%sContent-Length: %zu\r\n", proof,
	    text != NULL ? "Content-Type: application/json\r\n" : "", bytes.n);
	memcpy(cookies, c->v->cookies, sizeof(cookies));
	c->v->cookies[0] = '\0';
	a = visitor_ask_raw(c->v, method, path, headers, bytes);
	memcpy(c->v->cookies, cookies, sizeof(cookies));
	free(proof);
	free(text);
	free(url);
	return a;
}

static void
unexpected(const char *method, const char *path, const struct answer *a,
    int status, const char *code)
{
	fail_msg("%s %s by a phone: wanted %d %s, got %d %s", method, path,
	    status, code, a->status, a->body != NULL ? a->body : "");
}

json_t *
companion_get(struct companion *c, const char *method, const char *path,
    json_t *body, int status)
{
	struct answer a = companion_ask(c, method, path, body, NULL);
	json_t *j;

	if (a.status != status)
		unexpected(method, path, &a, status, "");
	/* Each answer says which API this is, and what it can do. */
	if (a.json != NULL)
		assert(
		    json_integer_value(json_object_get(a.json, "api")) == 1 &&
		    json_is_array(json_object_get(a.json, "capabilities")));
	j = json_incref(a.json);
	answer_free(&a);
	return j;
}

void
companion_refused(struct companion *c, const char *method, const char *path,
    json_t *body, int status, const char *code)
{
	struct answer a = companion_ask(c, method, path, body, NULL);

	if (a.status != status || strcmp(answer_code(&a), code) != 0)
		unexpected(method, path, &a, status, code);
	answer_free(&a);
}

/* ---- a request for approval ---- */

#define PENDING "/api/v1/companion/approvals"

const char *
companion_pending(struct companion *c)
{
	static _Thread_local char id[32];
	json_t *j = companion_get(c, "GET", PENDING, NULL, 200);

	snprintf(id, sizeof(id), "%s", json_at(j, "approvals.0.id"));
	json_decref(j);
	return id;
}

static const char *
path_of(const char *id, const char *what)
{
	static _Thread_local char path[128];

	snprintf(path, sizeof(path), PENDING "/%s%s", id, what);
	return path;
}

json_t *
companion_look(struct companion *c, const char *id)
{
	return companion_get(c, "GET", path_of(id, ""), NULL, 200);
}

/* RFC 8785 of what has only strings, whole numbers and truths in it. */
static char *
canonical(const json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);

	assert(text != NULL);
	return text;
}

static void
encode(const uint8_t hash[32], char text[44])
{
	assert(wa_b64url_encode((struct slice){ hash, 32 }, text, 44));
}

char *
companion_seen(const json_t *context)
{
	char *text = canonical(context), *seen = malloc(44);
	uint8_t hash[32];

	assert(seen != NULL);
	soft_sha256(slice_of(text), hash);
	encode(hash, seen);
	free(text);
	return seen;
}

/* SHA-256("itsumo approval v1", a zero byte, JCS(T)). */
static void
challenge_of(const json_t *t, char challenge[44])
{
	static const char label[] = "itsumo approval v1";
	char *text = canonical(t);
	struct soft_bytes b = { 0 };
	uint8_t hash[32];

	soft_put(&b, label, sizeof(label));
	soft_put(&b, text, strlen(text));
	soft_sha256(soft_slice(&b), hash);
	encode(hash, challenge);
	soft_free(&b);
	free(text);
}

/* T is what was shown, and the choice, and a nonce: nothing else. */
static bool
is_what_was_shown(const json_t *t, const json_t *context, const char *number)
{
	json_t *mine = json_copy((json_t *)(uintptr_t)context);
	bool same;

	json_object_set_new(mine, "choice", json_string(number));
	json_object_set(mine, "nonce", json_object_get(t, "nonce"));
	same = json_equal(mine, (json_t *)(uintptr_t)t) != 0;
	json_decref(mine);
	return same;
}

static bool
same(const json_t *a, const char *member, const json_t *context, const char *as)
{
	return json_equal(json_object_get(a, member),
		   json_object_get(context, as)) != 0;
}

bool
companion_is_honest(const json_t *seen)
{
	const json_t *context = json_object_get(seen, "context");
	const json_t *approval = json_object_get(seen, "approval");
	const json_t *shown = json_object_get(context, "shown");

	return same(approval, "id", context, "approval") &&
	       same(approval, "match", context, "match") &&
	       same(approval, "trusted", context, "trusted") &&
	       (json_array_size(shown) == 0
		       ? json_object_get(seen, "choices") == NULL
		       : same(seen, "choices", context, "shown"));
}

json_t *
companion_choose(
    struct companion *c, const char *id, const json_t *seen, const char *number)
{
	const json_t *context = json_object_get(seen, "context"), *t;
	char challenge[44], *hash;
	json_t *j;

	if (!companion_is_honest(seen))
		return NULL;
	hash = companion_seen(context);
	j = companion_get(c, "POST", path_of(id, "/choice"),
	    json_pack("{s:s, s:s}", "choice", number, "seen", hash), 200);

	free(hash);
	t = json_object_get(j, "transaction");
	challenge_of(t, challenge);
	if (is_what_was_shown(t, context, number) &&
	    strcmp(challenge, json_at(j, "publicKey.challenge")) == 0)
		return j;
	json_decref(j);
	return NULL;
}

json_t *
companion_sign(struct companion *c, const char *id, const json_t *options)
{
	return companion_get(c, "POST", path_of(id, "/assertion"),
	    json_pack(
		"{s:o}", "credential", visitor_sign(c->v, options, &c->lies)),
	    200);
}

json_t *
companion_refuse(struct companion *c, const char *id, const char *how)
{
	return companion_get(
	    c, "POST", path_of(id, "/choice"), json_pack("{s:b}", how, 1), 200);
}

void
companion_decide(
    struct companion *c, const char *id, const char *number, const char *state)
{
	json_t *seen = companion_look(c, id);
	json_t *options = companion_choose(c, id, seen, number), *done;

	assert(options != NULL);
	done = companion_sign(c, id, options);
	if (strcmp(json_at(done, "state"), state) != 0)
		fail_msg("wanted %s, got %s", state, json_at(done, "state"));
	json_decref(done);
	json_decref(options);
	json_decref(seen);
}
