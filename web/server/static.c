/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/static.h"

#include <stdlib.h>

#include <microhttpd.h>

#include "web/pages/pages.h"
#include "web/server/reply.h"
#include "web/server/text.h"

enum encoding { PLAIN, GZIP, ENCODINGS };

/* The answers to one asset; all of them are the same bytes for everybody. */
struct prepared {
	struct MHD_Response *full[ENCODINGS]; /* GZIP: NULL without */
	struct MHD_Response *not_modified;
};

static struct prepared *prepared;

#define POLICY(types)                                                          \
	"default-src 'none'; script-src 'self'; style-src 'self'; "            \
	"img-src 'self' data:; connect-src 'self'; manifest-src 'self'; "      \
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "        \
	"require-trusted-types-for 'script'; trusted-types " types

/* The companion has a worker, whose address has to be of a trusted type. */
static void
add_security(struct MHD_Response *m, const struct web_asset *a)
{
	bool worker = strcmp(a->path, "/companion") == 0;

	reply_header(m, "Content-Security-Policy",
	    worker ? POLICY("worker") : POLICY("'none'"));
	reply_header(m, "Cross-Origin-Opener-Policy", "same-origin");
	reply_header(m, "Permissions-Policy",
	    "publickey-credentials-create=(self), "
	    "publickey-credentials-get=(self)");
	reply_header(m, "Referrer-Policy", "no-referrer");
}

static struct MHD_Response *
make(const struct web_asset *a, enum encoding e, bool body)
{
	const uint8_t *p = e == GZIP ? a->gzip : a->bytes;
	size_t n = !body ? 0 : e == GZIP ? a->gzip_n : a->n;
	struct MHD_Response *m = MHD_create_response_from_buffer(
	    n, (void *)(uintptr_t)p, MHD_RESPMEM_PERSISTENT);

	if (m == NULL)
		return NULL;
	if (body)
		reply_header(m, "Content-Type", a->mime);
	if (body && e == GZIP)
		reply_header(m, "Content-Encoding", "gzip");
	reply_header(m, "Vary",
	    *a->lang == '\0' ? "Accept-Encoding"
			     : "Accept-Encoding, Accept-Language, Cookie");
	if (*a->lang != '\0')
		reply_header(m, "Content-Language", a->lang);
	reply_header(m, "X-Content-Type-Options", "nosniff");
	reply_header(m, "Cross-Origin-Resource-Policy", "same-origin");
	if (reply_hsts())
		reply_header(
		    m, "Strict-Transport-Security", "max-age=63072000");
	if (*a->lang != '\0')
		add_security(m, a);
	return m;
}

/* One that all requests share, and browsers keep. */
static struct MHD_Response *
make_kept(const struct web_asset *a, enum encoding e, bool body)
{
	struct MHD_Response *m = make(a, e, body);

	if (m == NULL)
		return NULL;
	reply_header(m, "ETag", a->etag);
	reply_header(m, "Cache-Control",
	    a->immutable ? "public, max-age=31536000, immutable" : "no-cache");
	return m;
}

void
static_close(void)
{
	for (size_t i = 0; prepared != NULL && i < web_asset_count; i++) {
		for (int e = 0; e < ENCODINGS; e++)
			if (prepared[i].full[e] != NULL)
				MHD_destroy_response(prepared[i].full[e]);
		if (prepared[i].not_modified != NULL)
			MHD_destroy_response(prepared[i].not_modified);
	}
	free(prepared);
	prepared = NULL;
}

bool
static_open(void)
{
	if ((prepared = calloc(web_asset_count, sizeof(*prepared))) == NULL)
		return false;
	for (size_t i = 0; i < web_asset_count; i++) {
		const struct web_asset *a = &web_assets[i];
		struct prepared *p = &prepared[i];

		p->full[PLAIN] = make_kept(a, PLAIN, true);
		p->not_modified = make_kept(a, PLAIN, false);
		if (a->gzip != NULL)
			p->full[GZIP] = make_kept(a, GZIP, true);
		if (p->full[PLAIN] == NULL || p->not_modified == NULL ||
		    (a->gzip != NULL && p->full[GZIP] == NULL)) {
			static_close();
			return false;
		}
	}
	return true;
}

static int
compare(struct slice path, const char *lang, const struct web_asset *a)
{
	size_t n = strlen(a->path);
	int c = memcmp(path.p, a->path, path.n < n ? path.n : n);

	if (c == 0)
		c = (path.n > n) - (path.n < n);
	return c != 0 ? c : strcmp(lang, a->lang);
}

/* Binary search; web_assets is sorted by path, then by language. */
static const struct web_asset *
find(struct slice path, const char *lang)
{
	size_t low = 0, high = web_asset_count;

	if (path.n == 0)
		return NULL;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = compare(path, lang, &web_assets[mid]);

		if (c == 0)
			return &web_assets[mid];
		*(c < 0 ? &high : &low) = c < 0 ? mid : mid + 1;
	}
	return NULL;
}

/* "q=0", "q=0.", "q=0.000": not at all (RFC 9110 12.4.2). */
static bool
weighs_nothing(struct slice weight)
{
	if (weight.n < 3 || (weight.p[0] | 32) != 'q' || weight.p[1] != '=' ||
	    weight.p[2] != '0')
		return false;
	for (size_t i = 3; i < weight.n; i++)
		if (weight.p[i] != (i == 3 ? '.' : '0'))
			return false;
	return true;
}

bool
static_takes_gzip(const char *accept)
{
	struct slice rest, one;

	if (accept == NULL)
		return false;
	rest = slice_of(accept);
	while (rest.n > 0) {
		one = text_trim(text_take(&rest, ','));
		if (!slice_equal(
			text_trim(text_take(&one, ';')), slice_of("gzip")))
			continue;
		return !weighs_nothing(text_trim(one));
	}
	return false;
}

/* Whether one of the listed tags is ours; they are weak, all of them. */
static bool
etag_matches(const char *list, const char *etag)
{
	struct slice rest, one, ours = slice_of(etag);

	if (list == NULL)
		return false;
	rest = slice_of(list);
	while (rest.n > 0) {
		one = text_trim(text_take(&rest, ','));
		if (slice_equal(one, slice_of("*")) || slice_equal(one, ours))
			return true;
	}
	return false;
}

static enum encoding
encoding_for(const struct web_request *r, const struct web_asset *a)
{
	return a->gzip != NULL &&
		       static_takes_gzip(r->header[HEADER_ACCEPT_ENCODING])
		   ? GZIP
		   : PLAIN;
}

static void
reply_asset(struct web_request *r, const struct web_asset *a, unsigned status)
{
	struct prepared *p = &prepared[a - web_assets];
	enum encoding e = encoding_for(r, a);

	r->status = status;
	r->response = p->full[e];
	if (status == 200 &&
	    etag_matches(r->header[HEADER_IF_NONE_MATCH], a->etag)) {
		r->status = 304;
		r->response = p->not_modified;
	}
	r->shared = true;
}

static bool
begins_with(struct slice s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

/* People get a page, programs a problem. */
static bool
wants_page(const struct web_request *r)
{
	const char *accept = r->header[HEADER_ACCEPT];

	return accept != NULL && strstr(accept, "text/html") != NULL &&
	       !begins_with(r->path, "/api/");
}

static void
not_found(struct web_request *r, const char *lang)
{
	const struct web_asset *a = find(slice_of("/404"), lang);

	if (a == NULL || !wants_page(r))
		reply_problem(r, PROBLEM_NOT_FOUND);
	else
		reply_asset(r, a, 404);
}

struct MHD_Response *
static_error(const struct web_request *r)
{
	const char *mode = r->header[HEADER_SEC_FETCH_MODE];
	const struct web_asset *a =
	    find(slice_of("/error"), request_language(r));
	struct MHD_Response *m;

	if (a == NULL || !request_is_safe(r) || !wants_page(r) ||
	    (mode != NULL && strcmp(mode, "navigate") != 0))
		return NULL;
	if ((m = make(a, encoding_for(r, a), true)) != NULL)
		reply_header(m, "Cache-Control", "no-store");
	return m;
}

void
static_reply(struct web_request *r)
{
	const char *lang = request_language(r);
	const struct web_asset *a = find(r->path, lang);

	if (a == NULL)
		a = find(r->path, "");
	if (a == NULL || slice_equal(r->path, slice_of("/404")) ||
	    slice_equal(r->path, slice_of("/error"))) {
		not_found(r, lang);
		return;
	}
	/* Who is signed in has no business with the sign-in page. */
	if (slice_equal(r->path, slice_of("/")) && request_session(r))
		reply_redirect(r, 303, "/account");
	else
		reply_asset(r, a, 200);
}
