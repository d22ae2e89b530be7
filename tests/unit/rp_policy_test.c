/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says of new passkeys is what they are judged by. */
#include "rp_kit.h"

#include <stdio.h>

#include "tests/softmds.h"

#define UP_UV (WA_FLAG_UP | WA_FLAG_UV)

/* The first passkey of an account of that name, by a script. */
static enum rp_answer
sign_up_by(struct world *w, struct person *p, const char *name,
    const struct softkey_script *script, const char *outputs)
{
	struct rp_signup s = { .name = name };
	struct store_credential added;
	struct rp_new_passkey made;
	struct rp_creation o;

	assert_answer(rp_signup_begin(w->rp, call(w), &s, &o), RP_OK);
	made = make_passkey_by(p, &o, script);
	if (outputs != NULL)
		made.registration.client_extensions = slice_of(outputs);
	return rp_signup_finish(w->rp, call(w), sealed(&o.ceremony), &made,
	    NULL, &p->in, &p->token, &added);
}

static void
want_verdict(struct world *w, const char *name,
    const struct softkey_script *script, enum wa_verdict v)
{
	struct person *p = person_new();

	assert_answer(sign_up_by(w, p, name, script, NULL),
	    v == WA_OK ? RP_OK : RP_PASSKEY_REFUSED);
	assert_string_equal(
	    wa_verdict_name(w->call.verdict), wa_verdict_name(v));
	person_free(p);
}

static void
backup_eligibility_is_judged(void **state)
{
	struct world *w = *state;
	const struct softkey_script synced = { .flags = UP_UV | WA_FLAG_BE },
				    bound = { 0 };

	want_verdict(w, "a", &synced, WA_OK);
	w->config.backup = WA_BACKUP_NEVER;
	world_reopen(w);
	want_verdict(w, "b", &synced, WA_BACKUP_REFUSED);
	want_verdict(w, "c", &bound, WA_OK);
	w->config.backup = WA_BACKUP_ALWAYS;
	world_reopen(w);
	want_verdict(w, "d", &bound, WA_BACKUP_REQUIRED);
	want_verdict(w, "e", &synced, WA_OK);
}

/* Bound to one device, and then no more: refused where the policy says so. */
static void
becoming_eligible_is_judged_at_sign_in(void **state)
{
	struct world *w = *state;
	struct person *p = person_new();

	sign_up(w, p, "taro");
	w->config.refuse_backup_upgrade = true;
	world_reopen(w);
	assert_answer(sign_in(w, p, "taro"), RP_OK);
	p->flags = UP_UV | WA_FLAG_BE;
	assert_answer(sign_in(w, p, "taro"), RP_PASSKEY_REFUSED);
	assert_int_equal(w->call.verdict, WA_BACKUP_CHANGED);
	w->config.refuse_backup_upgrade = false;
	world_reopen(w);
	assert_answer(sign_in(w, p, "taro"), RP_OK);
	person_free(p);
}

static void
what_extensions_said_is_kept(void **state)
{
	static const struct {
		const char *outputs;
		const char *cbor;
		size_t cbor_n;
		uint8_t traits, protection, min_pin;
	} cases[] = {
		{ NULL, NULL, 0, 0, 0, 0 },
		{ "{}", NULL, 0, 0, 0, 0 },
		{ "{\"credProps\":{}}", NULL, 0, 0, 0, 0 },
		{ "{\"credProps\":{\"rk\":true}}", NULL, 0,
		    STORE_TRAIT_RESIDENT_TOLD | STORE_TRAIT_RESIDENT, 0, 0 },
		{ "{\"credProps\":{\"rk\":false}}", NULL, 0,
		    STORE_TRAIT_RESIDENT_TOLD, 0, 0 },
		{ "{\"prf\":{\"enabled\":true},"
		  "\"largeBlob\":{\"supported\":true},\"new\":[1]}",
		    NULL, 0, STORE_TRAIT_PRF | STORE_TRAIT_LARGE_BLOB, 0, 0 },
		{ NULL,
		    "\xa2\x6b"
		    "credProtect\x02\x6c"
		    "minPinLength\x06",
		    28, 0, 2, 6 },
		{ NULL,
		    "\xa1\x6c"
		    "minPinLength\x19\x01\x00",
		    17, 0, 0, 255 },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct person *p = person_new();
		const struct softkey_script script = {
			.extensions = { (const uint8_t *)cases[i].cbor,
			    cases[i].cbor_n }
		};
		struct store_credential c;
		char name[8];

		(void)snprintf(name, sizeof(name), "p%zu", i);
		assert_answer(
		    sign_up_by(w, p, name, &script, cases[i].outputs), RP_OK);
		p->ref = store_credential_ref(softkey_id(p->key));
		assert_true(stored(w, p, &c));
		if (c.traits != cases[i].traits ||
		    c.protection != cases[i].protection ||
		    c.min_pin != cases[i].min_pin)
			fail_msg("case %zu: %d %d %d", i, c.traits,
			    c.protection, c.min_pin);
		person_free(p);
	}
}

static void
what_was_not_asked_for_is_judged(void **state)
{
	struct world *w = *state;
	const struct softkey_script truth = { 0 };
	const char *told = "{\"credProps\":{\"rk\":true}}",
		   *more = "{\"credProps\":{\"rk\":true},\"prf\":{}}";
	struct person *p = person_new();

	w->config.extensions.requested = WA_EXT_CRED_PROPS;
	world_reopen(w);
	assert_answer(sign_up_by(w, p, "a", &truth, more), RP_OK);
	person_free(p);
	p = person_new();
	w->config.extensions.refuse_unsolicited = true;
	world_reopen(w);
	assert_answer(sign_up_by(w, p, "b", &truth, more), RP_PASSKEY_REFUSED);
	assert_int_equal(w->call.verdict, WA_EXTENSION_UNSOLICITED);
	assert_answer(sign_up_by(w, p, "b", &truth, told), RP_OK);
	person_free(p);
}

static void
put_metadata(struct world *w, struct softmds *service, struct person *p,
    const struct softmds_script *script)
{
	const struct slice root = softca_root(softmds_ca(service));
	const struct wa_mds_terms terms = { .anchors = { &root, 1 },
		.at = (time_t)(w->now / 1000) };
	struct soft_bytes blob = { 0 };
	struct wa_mds *mds = NULL;

	softmds_blob(service, softkey_aaguid, softca_root(softkey_ca(p->key)),
	    script, &blob);
	assert_int_equal(wa_mds_load(soft_slice(&blob), &terms, &mds), WA_OK);
	assert_true(wa_mds_shelf_put(w->config.metadata, mds));
	wa_mds_unref(mds);
	soft_free(&blob);
}

/* Exchanged while the relying party goes on. */
static void
metadata_that_is_in_force_is_asked(void **state)
{
	static const uint8_t other[32] = { 1 };
	static const struct softmds_script revoked = { .serial = 2,
		.status = "REVOKED" },
					   old = { .serial = 3,
						   .next_update =
						       "2020-01-01" };
	struct world *w = *state;
	struct softmds *service = softmds_new();
	struct person *p = person_new();
	const struct softkey_script packed = { .format = "packed" };
	struct store_credential c;

	w->config.metadata = wa_mds_shelf_new();
	assert_non_null(w->config.metadata);
	w->config.attestation.require_trusted = true;
	w->config.attestation.require_metadata = true;
	w->config.attestation.refuse_expired_metadata = true;
	world_reopen(w);
	/* Nothing is in force yet. */
	assert_answer(sign_up_by(w, p, "a", &packed, NULL), RP_PASSKEY_REFUSED);
	assert_int_equal(w->call.verdict, WA_MODEL_UNKNOWN);
	put_metadata(w, service, p, NULL);
	assert_answer(sign_up_by(w, p, "a", &packed, NULL), RP_OK);
	p->ref = store_credential_ref(softkey_id(p->key));
	assert_true(stored(w, p, &c));
	assert_int_equal(c.attestation, WA_ATTESTATION_TRUSTED);
	/* It is called what it is. */
	assert_string_equal(c.name, "Soft Key Pro");

	softkey_set_id(p->key, (struct slice){ other, sizeof(other) });
	put_metadata(w, service, p, &revoked);
	assert_answer(sign_up_by(w, p, "b", &packed, NULL), RP_PASSKEY_REFUSED);
	assert_int_equal(w->call.verdict, WA_MODEL_STATUS);
	put_metadata(w, service, p, &old);
	assert_answer(sign_up_by(w, p, "b", &packed, NULL), RP_PASSKEY_REFUSED);
	assert_int_equal(w->call.verdict, WA_METADATA_EXPIRED);
	wa_mds_shelf_free(w->config.metadata);
	w->config.metadata = NULL;
	person_free(p);
	softmds_free(service);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(backup_eligibility_is_judged),
		TEST(becoming_eligible_is_judged_at_sign_in),
		TEST(what_extensions_said_is_kept),
		TEST(what_was_not_asked_for_is_judged),
		TEST(metadata_that_is_in_force_is_asked),
	};

	return cmocka_run_group_tests_name("rp_policy", tests, NULL, NULL);
}
