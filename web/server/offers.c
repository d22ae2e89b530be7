/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "web/qr.h"
#include "web/server/companions.h"
#include "web/server/device.h"
#include "web/server/handlers.h"
#include "web/server/reply.h"
#include "web/server/waiting.h"

enum { OFFER_MAX = 128, LINK_MAX = 512 };

static const char *
state_name(enum store_offer_state s)
{
	static const char *const names[] = {
		[STORE_OFFER_OPEN] = "open",
		[STORE_OFFER_ANSWERED] = "answered",
		[STORE_OFFER_CONFIRMED] = "confirmed",
		[STORE_OFFER_REFUSED] = "refused",
	};

	return names[s];
}

static void
put_offer(struct json_out *o, const struct rp_offer *f)
{
	json_out_word(o, "id", rp_id_write("off_", f->id.b).s);
	json_out_word(o, "state", state_name(f->state));
	json_out_time(o, "expires_at", f->expires);
}

/* Which phone asks, for the computer that is to confirm it. */
static void
put_who(struct json_out *o, const struct rp_offer *f)
{
	if (f->state == STORE_OFFER_OPEN)
		return;
	json_out_object(o, "phone");
	json_out_word(o, "id", rp_id_write("phn_", f->phone.b).s);
	json_out_text(o, "name", f->name);
	json_out_text(o, "platform", f->platform);
	json_out_text(o, "browser", f->client.browser);
	json_out_text(o, "address", f->client.address);
	json_out_text(o, "place", f->client.place);
	json_out_object_end(o);
}

/* ---- on the computer ---- */

/* What the camera of a phone reads: a page that finds the secret in it. */
static bool
put_link(struct web_request *r, struct json_out *o, const char *token)
{
	const char *at = device_url(r, NULL);
	char link[LINK_MAX], *svg = NULL;
	size_t n = 0, origin;
	FILE *f;
	bool good = false;

	if (at == NULL || (origin = strlen(at) - r->path.n) > LINK_MAX / 2 ||
	    (f = open_memstream(&svg, &n)) == NULL)
		return false;
	/* Behind a #, so that it stays out of requests and logs. */
	(void)snprintf(link, sizeof(link), "%.*s/companion#offer=%s",
	    (int)origin, at, token);
	good = qr_svg(f, link);
	good = fclose(f) == 0 && good;
	if (good) {
		json_out_text(o, "url", link);
		json_out_text(o, "qr_svg", svg);
	}
	explicit_bzero(link, sizeof(link));
	if (svg != NULL)
		explicit_bzero(svg, n);
	free(svg);
	return good;
}

void
web_offers_post(struct web_request *r)
{
	struct rp_offer_text token;
	struct rp_offer f;
	struct json_out o;
	int none;

	if (!request_read(r, NULL, 0, &none) ||
	    !reply_unless_ok(
		r, rp_offer_begin(r->site->rp, &r->call, &r->who, &f, &token)))
		return;
	json_out_init(&o, &r->arena, 16384);
	json_out_object(&o, NULL);
	json_out_object(&o, "offer");
	put_offer(&o, &f);
	json_out_word(&o, "token", token.s);
	if (!put_link(r, &o, token.s))
		o.failed = true;
	json_out_object_end(&o);
	json_out_object_end(&o);
	reply_json(r, 201, &o);
}

static void
reply_offer(struct web_request *r, const struct rp_offer *f)
{
	struct json_out o;

	json_out_init(&o, &r->arena, 1024);
	json_out_object(&o, NULL);
	json_out_object(&o, "offer");
	put_offer(&o, f);
	put_who(&o, f);
	json_out_object_end(&o);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

/* {id} of the path; false once offer-unknown has been replied. */
static bool
read_id(struct web_request *r, struct offer_id *id)
{
	char *text = arena_text(&r->arena, r->parameter);

	if (text != NULL && rp_id_read("off_", text, id->b))
		return true;
	reply_problem(r, PROBLEM_OFFER_UNKNOWN);
	return false;
}

void
web_offer_get(struct web_request *r)
{
	struct offer_id id;
	struct rp_offer f;
	bool waits;

	/* Whose it is, before who waits for it longest has to give way. */
	if (!read_id(r, &id) ||
	    !reply_unless_ok(
		r, rp_offer_look(r->site->rp, &r->call, &r->who, &id, &f)) ||
	    !waiting_wanted(r, WAITING_OFFER, id.b, &waits))
		return;
	/* News until it was registered woke nobody. */
	if (waits && !reply_unless_ok(r, rp_offer_look(r->site->rp, &r->call,
					     &r->who, &id, &f)))
		return;
	if (waits && f.state == STORE_OFFER_OPEN)
		r->sleeps = true;
	else
		reply_offer(r, &f);
}

void
web_offer_confirm(struct web_request *r)
{
	struct body {
		enum json_in_bool confirm;
	} b;
	static const struct json_in_field fields[] = {
		{ "confirm", JSON_IN_BOOL, true, false, 0,
		    offsetof(struct body, confirm) },
	};
	bool yes;
	struct store_phone added;
	struct offer_id id;
	struct json_out o;

	if (!read_id(r, &id) || !REQUEST_READ(r, fields, &b))
		return;
	yes = b.confirm == JSON_IN_TRUE;
	if (!reply_unless_ok(r, rp_offer_confirm(r->site->rp, &r->call, &r->who,
				    &id, yes, &added)))
		return;
	json_out_init(&o, &r->arena, 1024);
	json_out_object(&o, NULL);
	if (yes)
		shape_phone(&o, "phone", &added);
	json_out_object_end(&o);
	reply_json(r, 200, &o);
}

/* ---- on the phone ---- */

/* A POST, since the offer's secret is no part of an address. */
void
web_offer_state(struct web_request *r)
{
	struct body {
		const char *offer;
	} b;
	static const struct json_in_field fields[] = {
		{ "offer", JSON_IN_TEXT, true, false, OFFER_MAX,
		    offsetof(struct body, offer) },
	};
	struct rp_offer f;
	struct json_out o;
	enum rp_answer a;
	bool waits;

	if (!REQUEST_READ(r, fields, &b))
		return;
	/* What it is called is known once it was found; then it waits. */
	a = rp_offer_state(r->site->rp, &r->call, b.offer, &f);
	if (!reply_unless_ok(r, a) ||
	    !waiting_wanted(r, WAITING_OFFER, f.id.b, &waits))
		return;
	if (waits)
		a = rp_offer_state(r->site->rp, &r->call, b.offer, &f);
	if (!reply_unless_ok(r, a))
		return;
	if (waits && f.state == STORE_OFFER_ANSWERED) {
		r->sleeps = true;
		return;
	}
	companion_begin(r, &o, 256);
	json_out_object(&o, "offer");
	put_offer(&o, &f);
	json_out_object_end(&o);
	companion_end(r, 200, &o);
}
