/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/webauthn_json.h"

#include "web/clock.h"

enum {
	STATEMENT_MAX = 98304, /* decoded attestation object */
	PART_MAX = 16384, /* client data, authenticator data, signature */
	HANDLE_MAX = 64, /* user handles, L3 5.4.3 */
	OUTPUTS_MAX = 4096, /* clientExtensionResults */
};

static const struct {
	const char *name;
	enum store_transport bit;
} transports_known[] = {
	{ "internal", STORE_TRANSPORT_INTERNAL },
	{ "hybrid", STORE_TRANSPORT_HYBRID },
	/* What hybrid was called before it had a name. */
	{ "cable", STORE_TRANSPORT_HYBRID },
	{ "usb", STORE_TRANSPORT_USB },
	{ "nfc", STORE_TRANSPORT_NFC },
	{ "ble", STORE_TRANSPORT_BLE },
	{ "smart-card", STORE_TRANSPORT_SMART_CARD },
};

enum { TRANSPORTS = sizeof(transports_known) / sizeof(*transports_known) };

#define FIELDS(f) (f), sizeof(f) / sizeof(*(f))

struct envelope {
	struct slice id, raw_id;
	const char *type;
	const struct json_node *response, *outputs;
};

static const struct json_in_field envelope_fields[] = {
	{ "id", JSON_IN_BYTES, true, false, STORE_CREDENTIAL_ID_MAX,
	    offsetof(struct envelope, id) },
	/* toJSON() always has it; the conformance tools leave it out. */
	{ "rawId", JSON_IN_BYTES, false, false, STORE_CREDENTIAL_ID_MAX,
	    offsetof(struct envelope, raw_id) },
	{ "type", JSON_IN_TEXT, true, false, 32,
	    offsetof(struct envelope, type) },
	{ "response", JSON_IN_OBJECT, true, false, 0,
	    offsetof(struct envelope, response) },
	/* Likewise. */
	{ "clientExtensionResults", JSON_IN_OBJECT, false, true, 0,
	    offsetof(struct envelope, outputs) },
};

static const char *
below(struct json_in *in, const char *where, const char *name)
{
	struct slice w;
	size_t n;
	char *text;

	if (where == NULL)
		return name;
	w = slice_of(where);
	n = strlen(name);
	if ((text = arena_take(in->arena, w.n + n + 2)) == NULL)
		return name;
	memcpy(text, w.p, w.n);
	text[w.n] = '.';
	memcpy(text + w.n + 1, name, n + 1);
	return text;
}

static bool
read_envelope(struct json_in *in, const struct json_node *credential,
    const char *where, struct envelope *e)
{
	if (!json_in_read(
		in, credential, where, FIELDS(envelope_fields), true, e))
		return false;
	if (strcmp(e->type, "public-key") != 0)
		return json_in_refuse(
		    in, PROBLEM_CREDENTIAL_MALFORMED, where, "type");
	if (e->id.n == 0)
		return json_in_refuse(
		    in, PROBLEM_CREDENTIAL_MALFORMED, where, "id");
	if (e->raw_id.p != NULL && !slice_equal(e->id, e->raw_id))
		return json_in_refuse(
		    in, PROBLEM_CREDENTIAL_MALFORMED, where, "rawId");
	if (e->outputs != NULL && e->outputs->text.n > OUTPUTS_MAX)
		return json_in_refuse(in, PROBLEM_FIELD_TOO_LONG, where,
		    "clientExtensionResults");
	return true;
}

/* As text, which the library reads; mostly there is nothing in it. */
static struct slice
outputs_of(const struct envelope *e)
{
	return e->outputs != NULL && e->outputs->count > 0
		   ? e->outputs->text
		   : (struct slice){ 0 };
}

bool
webauthn_json_registration(struct json_in *in,
    const struct json_node *credential, const char *where,
    struct rp_new_passkey *got)
{
	struct response {
		struct slice client_data_json, attestation_object;
		struct json_texts transports;
	} r;
	static const struct json_in_field fields[] = {
		{ "clientDataJSON", JSON_IN_BYTES, true, false, PART_MAX,
		    offsetof(struct response, client_data_json) },
		{ "attestationObject", JSON_IN_BYTES, true, false,
		    STATEMENT_MAX,
		    offsetof(struct response, attestation_object) },
		{ "transports", JSON_IN_TEXTS, false, true, 64,
		    offsetof(struct response, transports) },
	};
	struct envelope e;

	if (!read_envelope(in, credential, where, &e) ||
	    !json_in_read(in, e.response, below(in, where, "response"),
		FIELDS(fields), true, &r))
		return false;
	got->registration = (struct wa_registration){
		.credential_id = e.id,
		.client_data_json = r.client_data_json,
		.attestation_object = r.attestation_object,
		.client_extensions = outputs_of(&e),
	};
	got->transports = 0;
	for (size_t i = 0; i < r.transports.n; i++)
		for (size_t k = 0; k < TRANSPORTS; k++)
			if (strcmp(r.transports.v[i],
				transports_known[k].name) == 0)
				got->transports |=
				    (uint8_t)transports_known[k].bit;
	return true;
}

bool
webauthn_json_assertion(struct json_in *in, const struct json_node *credential,
    const char *where, struct wa_assertion *got)
{
	struct response {
		struct slice client_data_json, authenticator_data, signature,
		    user_handle;
	} r;
	static const struct json_in_field fields[] = {
		{ "clientDataJSON", JSON_IN_BYTES, true, false, PART_MAX,
		    offsetof(struct response, client_data_json) },
		{ "authenticatorData", JSON_IN_BYTES, true, false, PART_MAX,
		    offsetof(struct response, authenticator_data) },
		{ "signature", JSON_IN_BYTES, true, false, PART_MAX,
		    offsetof(struct response, signature) },
		{ "userHandle", JSON_IN_BYTES, false, true, HANDLE_MAX,
		    offsetof(struct response, user_handle) },
	};
	struct envelope e;

	if (!read_envelope(in, credential, where, &e) ||
	    !json_in_read(in, e.response, below(in, where, "response"),
		FIELDS(fields), true, &r))
		return false;
	*got = (struct wa_assertion){
		.credential_id = e.id,
		.client_data_json = r.client_data_json,
		.authenticator_data = r.authenticator_data,
		.signature = r.signature,
		.user_handle = r.user_handle,
		.client_extensions = outputs_of(&e),
	};
	return true;
}

const char *
webauthn_json_requirement(enum rp_requirement q)
{
	switch (q) {
	case RP_PREFERRED:
		return "preferred";
	case RP_DISCOURAGED:
		return "discouraged";
	case RP_REQUIRED:
		break;
	}
	return "required";
}

static const char *
conveyance(const struct site *site, enum rp_attestation_conveyance a)
{
	switch (a) {
	case RP_CONVEY_INDIRECT:
		return "indirect";
	case RP_CONVEY_DIRECT:
		return "direct";
	case RP_CONVEY_ENTERPRISE:
		return "enterprise";
	case RP_CONVEY_NONE:
		break;
	}
	/* Where statements are demanded they have to be asked for. */
	return site->trust.policy.want_attestation ? "direct" : "none";
}

void
webauthn_json_transports(struct json_out *o, uint8_t transports)
{
	json_out_array(o, "transports");
	for (size_t k = 0; k < TRANSPORTS; k++) {
		if ((transports & (uint8_t)transports_known[k].bit) == 0)
			continue;
		json_out_word(o, NULL, transports_known[k].name);
		transports &= (uint8_t) ~(unsigned)transports_known[k].bit;
	}
	json_out_array_end(o);
}

static void
put_descriptors(
    struct json_out *o, const char *key, const struct rp_descriptors *d)
{
	json_out_array(o, key);
	for (size_t i = 0; i < d->n; i++) {
		const struct rp_descriptor *c = &d->list[i];

		json_out_object(o, NULL);
		json_out_bytes(o, "id", (struct slice){ c->id, c->id_n });
		json_out_word(o, "type", "public-key");
		if (c->transports != 0)
			webauthn_json_transports(o, c->transports);
		json_out_object_end(o);
	}
	json_out_array_end(o);
}

static int64_t
time_left(store_time expires)
{
	int64_t left = expires - clock_now();

	return left > 0 ? left : 0;
}

static void
put_algorithms(struct json_out *o, const struct site *site)
{
	const struct wa_policy *policy = &site->trust.policy;

	json_out_array(o, "pubKeyCredParams");
	for (size_t i = 0; i < policy->algorithm_count; i++) {
		json_out_object(o, NULL);
		json_out_word(o, "type", "public-key");
		json_out_int(o, "alg", policy->algorithms[i]);
		json_out_object_end(o);
	}
	json_out_array_end(o);
}

static void
put_selection(struct json_out *o, const struct rp_wishes *w)
{
	json_out_object(o, "authenticatorSelection");
	json_out_word(
	    o, "residentKey", webauthn_json_requirement(w->resident_key));
	/* For browsers of level 1, which know only this one. */
	json_out_bool(o, "requireResidentKey", w->resident_key == RP_REQUIRED);
	json_out_word(o, "userVerification",
	    webauthn_json_requirement(w->user_verification));
	json_out_object_end(o);
}

void
webauthn_json_creation(struct json_out *o, const struct site *site,
    const struct rp_creation *c, struct slice selection)
{
	json_out_object(o, "rp");
	json_out_text(o, "name", site->config->rp_name);
	json_out_word(o, "id", site->config->rp_id);
	json_out_object_end(o);
	json_out_object(o, "user");
	json_out_bytes(
	    o, "id", (struct slice){ c->user_handle, sizeof(c->user_handle) });
	json_out_text(o, "name", c->name);
	json_out_text(o, "displayName", c->display_name);
	json_out_object_end(o);
	json_out_bytes(o, "challenge",
	    (struct slice){ c->challenge, sizeof(c->challenge) });
	put_algorithms(o, site);
	json_out_int(o, "timeout", time_left(c->expires));
	put_descriptors(o, "excludeCredentials", &c->exclude);
	if (selection.n > 0)
		json_out_raw(o, "authenticatorSelection", selection);
	else
		put_selection(o, &c->wishes);
	json_out_word(
	    o, "attestation", conveyance(site, c->wishes.attestation));
}

void
webauthn_json_request(
    struct json_out *o, const struct site *site, const struct rp_request *q)
{
	json_out_bytes(o, "challenge",
	    (struct slice){ q->challenge, sizeof(q->challenge) });
	json_out_int(o, "timeout", time_left(q->expires));
	json_out_word(o, "rpId", site->config->rp_id);
	put_descriptors(o, "allowCredentials", &q->allow);
	json_out_word(o, "userVerification",
	    webauthn_json_requirement(q->user_verification));
}
