/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/cookies.h"

#include <stdatomic.h>
#include <stdio.h>

#include <openssl/evp.h>

#include "web/server/text.h"

/* cookie-octet of RFC 6265 4.1.1. */
static bool
is_cookie_octet(uint8_t c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' &&
	       c != '\\';
}

static struct slice
judge_value(struct slice v)
{
	if (v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"')
		v = (struct slice){ v.p + 1, v.n - 2 };
	for (size_t i = 0; i < v.n; i++)
		if (!is_cookie_octet(v.p[i]))
			return (struct slice){ 0 };
	return v;
}

struct slice
cookie_find(struct slice header, const char *name)
{
	struct slice want = slice_of(name);

	while (header.n > 0) {
		struct slice pair = text_trim(text_take(&header, ';'));

		if (pair.n > want.n && pair.p[want.n] == '=' &&
		    memcmp(pair.p, want.p, want.n) == 0)
			return judge_value((struct slice){
			    pair.p + want.n + 1, pair.n - want.n - 1 });
	}
	return (struct slice){ 0 };
}

bool
cookie_write(
    char out[COOKIE_MAX], const char *name, const char *value, int64_t max_age)
{
	int n = snprintf(out, COOKIE_MAX,
	    "%s=%s; Max-Age=%lld; Path=/; Secure; HttpOnly; SameSite=Lax", name,
	    value, (long long)max_age);

	return n > 0 && n < COOKIE_MAX;
}

bool
cookie_hash(struct slice value, uint8_t hash[32])
{
	static _Atomic(EVP_MD *) sha256;
	EVP_MD *md = atomic_load_explicit(&sha256, memory_order_acquire);

	if (md == NULL) {
		EVP_MD *none = NULL;

		if ((md = EVP_MD_fetch(NULL, "SHA2-256", NULL)) == NULL)
			return false;
		if (!atomic_compare_exchange_strong(&sha256, &none, md)) {
			EVP_MD_free(md);
			md = none;
		}
	}
	return EVP_Digest(value.p, value.n, hash, NULL, md, NULL) == 1;
}
