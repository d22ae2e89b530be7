/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/vapid.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "webauthn/b64url.h"

enum {
	LIFE_S = 12 * 60 * 60, /* RFC 8292 section 2: at most 24 hours */
	KEPT = 32, /* there are few push services */
	CLAIMS_MAX = 639,
	PRIVATE_TEXT = 43,
};

struct kept {
	char origin[VAPID_ORIGIN_MAX + 1];
	char header[VAPID_HEADER_MAX + 1];
	store_time made;
	uint64_t used;
};

struct vapid {
	struct p256_pair pair;
	char subject[VAPID_SUBJECT_MAX + 1];
	char public_text[VAPID_KEY_TEXT + 1];
	pthread_mutex_t lock;
	uint64_t uses;
	struct kept kept[KEPT]; /* under the lock */
};

const char *
vapid_answer_name(enum vapid_answer a)
{
	static const char *const names[] = {
#define X(id, name) [id] = (name),
		VAPID_ANSWERS(X)
#undef X
	};

	return names[a];
}

/* What stands in JSON as it is. */
static bool
is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s <= 0x20 || *s >= 0x7f || *s == '"' || *s == '\\')
			return false;
	return true;
}

static bool
subject_is_good(const char *s)
{
	size_t scheme = 0;

	if (strncmp(s, "mailto:", 7) == 0)
		scheme = 7;
	else if (strncmp(s, "https://", 8) == 0)
		scheme = 8;
	return scheme > 0 && s[scheme] != '\0' &&
	       strlen(s) <= VAPID_SUBJECT_MAX && is_plain(s);
}

static bool
read_key(struct slice key, struct p256_pair *pair)
{
	uint8_t raw[P256_PRIVATE];
	struct slice text = key;
	size_t n = 0;
	bool good;

	if (key.n == P256_PRIVATE)
		return p256_of_private(key.p, pair);
	while (text.n > PRIVATE_TEXT &&
	       (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
		text.n--;
	if (text.n != PRIVATE_TEXT)
		return p256_of_pem(key, pair);
	good = wa_b64url_decode(text, raw, sizeof(raw), &n) &&
	       n == sizeof(raw) && p256_of_private(raw, pair);
	OPENSSL_cleanse(raw, sizeof(raw));
	return good;
}

enum vapid_answer
vapid_open(struct slice key, const char *subject, struct vapid **out)
{
	struct vapid *v;

	if (!subject_is_good(subject))
		return VAPID_SUBJECT;
	if ((v = calloc(1, sizeof(*v))) == NULL)
		return VAPID_FAULT;
	if (pthread_mutex_init(&v->lock, NULL) != 0) {
		free(v);
		return VAPID_FAULT;
	}
	if (!read_key(key, &v->pair)) {
		vapid_close(v);
		return VAPID_KEY;
	}
	memcpy(v->subject, subject, strlen(subject) + 1);
	(void)wa_b64url_encode(
	    (struct slice){ v->pair.public_key, P256_PUBLIC }, v->public_text,
	    sizeof(v->public_text));
	*out = v;
	return VAPID_OK;
}

void
vapid_close(struct vapid *v)
{
	if (v == NULL)
		return;
	pthread_mutex_destroy(&v->lock);
	OPENSSL_cleanse(v, sizeof(*v));
	free(v);
}

void
vapid_public_key(const struct vapid *v, char text[VAPID_KEY_TEXT + 1])
{
	memcpy(text, v->public_text, VAPID_KEY_TEXT + 1);
}

/* Appends base64url to a text of which *n characters stand; false: no room. */
static bool
append(char *text, size_t size, size_t *n, struct slice bytes)
{
	if (!wa_b64url_encode(bytes, text + *n, size - *n))
		return false;
	*n += strlen(text + *n);
	return true;
}

/* RFC 8292 sections 2 and 3: "vapid t=<JWT>, k=<public key>". */
static bool
make_header(const struct vapid *v, const char *origin, store_time now,
    char header[VAPID_HEADER_MAX + 1])
{
	static const char jose[] = "{\"typ\":\"JWT\",\"alg\":\"ES256\"}";
	static const size_t prefix = sizeof("vapid t=") - 1;
	const size_t size = VAPID_HEADER_MAX + 1;
	char claims[CLAIMS_MAX + 1];
	uint8_t signature[P256_SIGNATURE];
	size_t n = prefix;
	int m;

	m = snprintf(claims, sizeof(claims),
	    "{\"aud\":\"%s\",\"exp\":%" PRId64 ",\"sub\":\"%s\"}", origin,
	    (int64_t)(now / 1000 + LIFE_S), v->subject);
	if (m < 0 || (size_t)m >= sizeof(claims))
		return false;
	memcpy(header, "vapid t=", prefix);
	if (!append(header, size, &n, slice_of(jose)))
		return false;
	header[n++] = '.';
	if (!append(header, size, &n, slice_of(claims)) ||
	    !p256_sign(&v->pair,
		(struct slice){ (const uint8_t *)header + prefix, n - prefix },
		signature))
		return false;
	header[n++] = '.';
	if (!append(header, size, &n,
		(struct slice){ signature, sizeof(signature) }))
		return false;
	m = snprintf(header + n, size - n, ", k=%s", v->public_text);
	return m > 0 && (size_t)m < size - n;
}

/* The one kept for the origin, else the one that was not used for longest. */
static struct kept *
find(struct vapid *v, const char *origin)
{
	struct kept *oldest = &v->kept[0];

	for (size_t i = 0; i < KEPT; i++) {
		if (strcmp(v->kept[i].origin, origin) == 0)
			return &v->kept[i];
		if (v->kept[i].used < oldest->used)
			oldest = &v->kept[i];
	}
	return oldest;
}

/* A clock that was set back must not keep a header longer than its life. */
static bool
is_fresh(const struct kept *k, const char *origin, store_time now)
{
	return strcmp(k->origin, origin) == 0 && now >= k->made &&
	       now - k->made < (store_time)LIFE_S * 1000 / 2;
}

bool
vapid_header(struct vapid *v, const char *origin, store_time now,
    char header[VAPID_HEADER_MAX + 1])
{
	struct kept *k;
	bool good = true;

	if (*origin == '\0' || strlen(origin) > VAPID_ORIGIN_MAX ||
	    !is_plain(origin))
		return false;
	pthread_mutex_lock(&v->lock);
	k = find(v, origin);
	if (!is_fresh(k, origin, now)) {
		k->origin[0] = '\0';
		if ((good = make_header(v, origin, now, k->header))) {
			memcpy(k->origin, origin, strlen(origin) + 1);
			k->made = now;
		}
	}
	if (good) {
		k->used = ++v->uses;
		memcpy(header, k->header, sizeof(k->header));
	}
	pthread_mutex_unlock(&v->lock);
	return good;
}
