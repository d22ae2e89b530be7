/* SPDX-License-Identifier: Apache-2.0 */
/* What new passkeys have to be: options, presets, and the files they name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/softmds.h"
#include "web/server/trust.h"
#include "webauthn/algorithm.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char folder[64];

static const char *
path(const char *name)
{
	static char all[4][128];
	static unsigned next;
	char *p = all[next++ % 4];

	(void)snprintf(p, sizeof(all[0]), "%s/%s", folder, name);
	return p;
}

static struct config *
read_text(const char *text, char *said, size_t size)
{
	struct config_problems p = { 0 };
	const char *file = path("itsumo.conf");
	struct config *c;
	char *words = NULL;
	size_t n = 0;

	softmds_file(file, slice_of(text));
	p.to = open_memstream(&words, &n);
	assert_non_null(p.to);
	c = config_read(file, NULL, 0, &p);
	assert_int_equal(fclose(p.to), 0);
	(void)snprintf(said, size, "%s", words);
	free(words);
	return c;
}

/* Each with the words that name it. */
static const struct {
	const char *text, *says;
} mistakes[] = {
	{ "policy = strict\n",
	    ":1: policy: \"strict\" is neither consumer nor enterprise" },
	{ "user_verification = preferred\n",
	    ":1: user_verification: \"preferred\" is not offered" },
	{ "algorithms = { \"ES256\", \"ES257\" }\n",
	    ":1: algorithms: \"ES257\" is no algorithm" },
	{ "algorithms = { ES256, ES256, ES256, ES256, ES256, ES256, ES256, "
	  "ES256, ES256, ES256, ES256, ES256, ES256, ES256, ES256, ES256, "
	  "ES256 }\n",
	    "algorithms: 16 of them at most" },
	{ "attestation = some\n", ":1: attestation: \"some\"" },
	{ "attestation = trusted\n", "trusted needs attestation_anchors, or" },
	{ "attestation_formats = { packed, u2f }\n",
	    ":1: attestation_formats: \"u2f\"" },
	{ "attestation = required\nattestation_formats = { none }\n",
	    "none is no attestation" },
	{ "attestation_unknown = maybe\n", ":1: attestation_unknown:" },
	{ "aaguids_allowed = { \"39a5647e-1853-446c-a1f6\" }\n",
	    "is no AAGUID" },
	{ "aaguids_refused = { \"39a5647e1853446ca1f6a79bae9f5bc7\" }\n",
	    "is no AAGUID" },
	{ "aaguids_refused = { 39a5647e-1853-446c-a1f6-a79bae9f5bc7 }\n"
	  "aaguids_allowed = { 39a5647e-1853-446c-a1f6-a79bae9f5bc7 }\n",
	    "is in aaguids_allowed, too" },
	{ "backup_eligibility = sometimes\n", ":1: backup_eligibility:" },
	{ "android_tee = on\n", "is neither required nor optional" },
	{ "tpm_manufacturers = { \"FFFFF1D0\" }\n",
	    "is not of the form id:FFFFF1D0" },
	{ "u2f_zero_aaguid = yes\n", ":1: u2f_zero_aaguid:" },
	{ "extensions_unasked = ignore\n", ":1: extensions_unasked:" },
	{ "metadata = /tmp/blob\n", "metadata, metadata_root: one needs" },
	{ "metadata_root = /tmp/root\n", "metadata, metadata_root: one needs" },
	{ "metadata_models = required\n", "need metadata and metadata_root" },
	{ "policy = enterprise\n", "need metadata and metadata_root" },
	{ "policy = enterprise\nmetadata_models = optional\n",
	    "trusted needs attestation_anchors, or" },
	{ "metadata_tolerated = { FIDO_CERTIFIED }\n",
	    "is no status that speaks against a model" },
	{ "metadata_expired = warn\n", ":1: metadata_expired:" },
};

static void
each_mistake_is_named(void **state)
{
	char said[2048];

	(void)state;
	for (size_t i = 0; i < COUNT(mistakes); i++) {
		struct config *c =
		    read_text(mistakes[i].text, said, sizeof(said));

		if (c != NULL || strstr(said, mistakes[i].says) == NULL)
			fail_msg("%s: %s", mistakes[i].text, said);
	}
}

/* What can be, and is worth a word. */
static void
some_are_warned_of(void **state)
{
	static const struct {
		const char *text, *says;
	} warnings[] = {
		{ "aaguids_allowed = { 39a5647e-1853-446c-a1f6-a79bae9f5bc7 "
		  "}\n",
		    "any passkey may claim to be one of them" },
		{ "metadata = /b\nmetadata_root = /r\nmetadata_host = \"\"\n",
		    "may sign metadata" },
	};
	char said[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(warnings); i++) {
		struct config *c =
		    read_text(warnings[i].text, said, sizeof(said));

		if (c == NULL || strstr(said, warnings[i].says) == NULL)
			fail_msg("%s: %s", warnings[i].text, said);
		config_free(c);
	}
}

/* ML-DSA came with OpenSSL 3.5. */
static void
an_algorithm_that_openssl_has_not_is_refused(void **state)
{
	static const struct {
		const char *name, *line;
	} all[] = { { "ES256", "algorithms = { ES256 }\n" },
		{ "ES256K", "algorithms = { ES256K }\n" },
		{ "ML-DSA-44", "algorithms = { ES256, ML-DSA-44 }\n" } };
	char said[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct config *c = read_text(all[i].line, said, sizeof(said));
		bool usable =
		    wa_algorithm_usable(config_algorithm(all[i].name));

		assert_int_equal(c != NULL, usable);
		if (!usable)
			assert_non_null(strstr(said,
			    "is one that this machine's OpenSSL has not"));
		config_free(c);
	}
}

static void
fill(const char *text, struct trust *t, struct config **c)
{
	char said[1024];

	*c = read_text(text, said, sizeof(said));
	if (*c == NULL)
		fail_msg("%s: %s", text, said);
	*t = (struct trust){ 0 };
	assert_true(trust_fill(t, *c));
}

static void
without_options_the_presets_hold(void **state)
{
	const struct wa_attestation_policy *a;
	struct config *c;
	struct trust t;

	(void)state;
	fill("", &t, &c);
	a = &t.policy.attestation;
	assert_int_equal(t.algorithms[0], -7);
	assert_true(t.policy.algorithm_count >= 12);
	for (size_t i = 0; i < t.policy.algorithm_count; i++)
		assert_true(wa_algorithm_usable(t.algorithms[i]));
	assert_false(a->refuse_none || a->refuse_self || a->require_trusted ||
		     a->require_metadata || a->refuse_expired_metadata ||
		     a->android_require_tee || t.policy.want_attestation ||
		     t.policy.refuse_backup_upgrade ||
		     t.policy.extensions.refuse_unsolicited);
	assert_true(a->accept_unknown_formats);
	assert_null(a->formats);
	assert_int_equal(t.policy.backup, WA_BACKUP_EITHER);
	trust_clear(&t);
	config_free(c);

	fill(
	    "policy = enterprise\nmetadata = /b\nmetadata_root = /r\n", &t, &c);
	a = &t.policy.attestation;
	assert_true(a->refuse_none && a->refuse_self && a->require_trusted &&
		    a->require_metadata && a->refuse_expired_metadata &&
		    a->android_require_tee && t.policy.want_attestation &&
		    t.policy.refuse_backup_upgrade);
	assert_false(a->accept_unknown_formats);
	assert_non_null(a->formats);
	assert_int_equal(t.policy.backup, WA_BACKUP_NEVER);
	trust_clear(&t);
	config_free(c);
}

static void
each_option_wins_over_the_preset(void **state)
{
	const struct wa_attestation_policy *a;
	struct config *c;
	struct trust t;

	(void)state;
	fill("policy = enterprise\n"
	     "algorithms = { RS256, ES256 }\n"
	     "attestation = any\n"
	     "attestation_formats = { packed, none }\n"
	     "attestation_unknown = accept\n"
	     "backup_eligibility = any\n"
	     "android_tee = optional\n"
	     "metadata_models = optional\n"
	     "metadata_expired = accept\n"
	     "metadata_tolerated = { REVOKED, USER_VERIFICATION_BYPASS }\n",
	    &t, &c);
	a = &t.policy.attestation;
	assert_int_equal(t.policy.algorithm_count, 2);
	assert_int_equal(t.algorithms[0], -257);
	assert_false(a->refuse_none || a->refuse_self || a->require_trusted ||
		     a->require_metadata || a->refuse_expired_metadata ||
		     a->android_require_tee || t.policy.refuse_backup_upgrade);
	assert_true(a->accept_unknown_formats);
	assert_string_equal(a->formats[1], "none");
	assert_null(a->formats[2]);
	assert_int_equal(a->tolerated_statuses,
	    WA_MDS_REVOKED | WA_MDS_USER_VERIFICATION_BYPASS);
	trust_clear(&t);
	config_free(c);

	fill("attestation = required\n"
	     "attestation_unknown = refuse\n"
	     "backup_eligibility = always\n"
	     "android_tee = required\n"
	     "u2f_zero_aaguid = required\n"
	     "extensions_unasked = refuse\n"
	     "tpm_manufacturers = { \"id:FFFFF1D0\" }\n"
	     "aaguids_allowed = { 39a5647e-1853-446c-a1f6-a79bae9f5bc7 }\n"
	     "aaguids_refused = { C5EF55FF-AD9A-4B9F-B580-ADEBAFE026D0,\n"
	     "  00000000-0000-0000-0000-000000000000 }\n",
	    &t, &c);
	a = &t.policy.attestation;
	assert_true(a->refuse_none && a->refuse_self &&
		    a->android_require_tee && a->u2f_require_zero_aaguid &&
		    t.policy.extensions.refuse_unsolicited);
	assert_false(a->require_trusted || a->accept_unknown_formats);
	assert_int_equal(t.policy.backup, WA_BACKUP_ALWAYS);
	assert_string_equal(a->tpm_manufacturers[0], "id:FFFFF1D0");
	assert_int_equal(a->models_allowed->count, 1);
	assert_int_equal(a->models_allowed->aaguids[0][0], 0x39);
	assert_int_equal(a->models_refused->count, 2);
	assert_int_equal(a->models_refused->aaguids[0][15], 0xd0);
	assert_int_equal(a->models_refused->aaguids[1][0], 0);
	trust_clear(&t);
	config_free(c);
}

/* Whoever asks for no statement is given none, and no AAGUID to judge. */
static void
statements_are_asked_for_where_they_are_judged(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = {
		{ "", false },
		{ "attestation = required\n", true },
		{ "attestation_formats = { packed }\n", true },
		{ "aaguids_refused = { 39a5647e-1853-446c-a1f6-a79bae9f5bc7 "
		  "}\n",
		    true },
		{ "metadata = /b\nmetadata_root = /r\n", false },
		{ "metadata = /b\nmetadata_root = /r\n"
		  "metadata_models = required\n",
		    true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config *c;
		struct trust t;

		fill(cases[i].text, &t, &c);
		if (t.policy.want_attestation != cases[i].want)
			fail_msg("%s", cases[i].text);
		trust_clear(&t);
		config_free(c);
	}
}

static void
files_are_read_whole_or_refused(void **state)
{
	struct softca *ca = softca_new();
	const struct slice root = softca_root(ca),
			   under = softca_intermediate(ca);
	struct soft_bytes crl = { 0 };
	struct derfile d = { 0 };

	(void)state;
	softca_revoke(ca, 0, false, &crl);
	softmds_pem(path("one.pem"), "CERTIFICATE", root);
	assert_true(
	    derfile_add(&d, DERFILE_CERTIFICATES, "x", path("one.pem")));
	assert_int_equal(d.n, 1);
	assert_true(slice_equal(d.der[0], root));
	/* Several, with others between them. */
	softmds_pem_more(path("one.pem"), "X509 CRL", soft_slice(&crl));
	softmds_pem_more(path("one.pem"), "CERTIFICATE", under);
	derfile_clear(&d);
	assert_true(
	    derfile_add(&d, DERFILE_CERTIFICATES, "x", path("one.pem")));
	assert_int_equal(d.n, 2);
	assert_true(slice_equal(d.der[1], under));
	derfile_clear(&d);
	assert_true(derfile_add(&d, DERFILE_CRLS, "x", path("one.pem")));
	assert_int_equal(d.n, 1);
	/* As DER. */
	softmds_file(path("one.crl"), soft_slice(&crl));
	assert_true(derfile_add(&d, DERFILE_CRLS, "x", path("one.crl")));
	assert_int_equal(d.n, 2);
	assert_true(slice_equal(d.der[0], d.der[1]));
	derfile_clear(&d);
	soft_free(&crl);
	softca_free(ca);
}

static void
files_that_will_not_do_are_refused(void **state)
{
	struct softca *ca = softca_new();
	struct slice root = softca_root(ca);
	struct soft_bytes longer = { 0 };
	struct derfile d = { 0 };
	FILE *f;

	(void)state;
	assert_false(
	    derfile_add(&d, DERFILE_CERTIFICATES, "x", path("absent")));
	assert_false(derfile_add(&d, DERFILE_CERTIFICATES, "x", folder));
	softmds_file(path("bad"), slice_of("nothing of that kind\n"));
	assert_false(derfile_add(&d, DERFILE_CERTIFICATES, "x", path("bad")));
	softmds_file(path("bad"), (struct slice){ 0 });
	assert_false(derfile_add(&d, DERFILE_CERTIFICATES, "x", path("bad")));
	/* A byte behind it. */
	soft_put_slice(&longer, root);
	soft_put(&longer, "", 1);
	softmds_file(path("bad"), soft_slice(&longer));
	assert_false(derfile_add(&d, DERFILE_CERTIFICATES, "x", path("bad")));
	soft_free(&longer);
	/* One byte less, as DER and as PEM. */
	softmds_file(path("bad"), (struct slice){ root.p, root.n - 1 });
	assert_false(derfile_add(&d, DERFILE_CERTIFICATES, "x", path("bad")));
	softmds_pem(path("bad"), "CERTIFICATE", root);
	softmds_pem_more(
	    path("bad"), "CERTIFICATE", (struct slice){ root.p, root.n - 1 });
	assert_false(derfile_add(&d, DERFILE_CERTIFICATES, "x", path("bad")));
	/* A good one, and one that was cut while it was copied. */
	softmds_pem(path("bad"), "CERTIFICATE", root);
	f = fopen(path("bad"), "ae");
	assert_non_null(f);
	assert_true(fputs("-----BEGIN CERTIFICATE-----\nMIIB\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	derfile_clear(&d);
	assert_false(derfile_add(&d, DERFILE_CERTIFICATES, "x", path("bad")));
	derfile_clear(&d);
	softca_free(ca);
}

/* As check-config does: a file is opened, not only looked at. */
static void
a_configuration_is_checked_with_its_files(void **state)
{
	static const struct {
		const char *option, *file;
		bool good;
	} cases[] = {
		{ "attestation_anchors", "root.pem", true },
		{ "attestation_anchors", "text", false },
		{ "attestation_anchors", "absent", false },
		{ "attestation_crls", "crl.pem", true },
		{ "attestation_crls", "root.pem", false },
	};
	struct softca *ca = softca_new();
	struct soft_bytes crl = { 0 };
	char text[256], said[1024];

	(void)state;
	softca_revoke(ca, 0, false, &crl);
	softmds_pem(path("root.pem"), "CERTIFICATE", softca_root(ca));
	softmds_pem(path("crl.pem"), "X509 CRL", soft_slice(&crl));
	softmds_file(path("text"), slice_of("-----BEGIN"));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config *c;

		(void)snprintf(text, sizeof(text), "%s = \"%s\"\n",
		    cases[i].option, path(cases[i].file));
		c = read_text(text, said, sizeof(said));
		assert_non_null(c);
		if (trust_check(c) != cases[i].good)
			fail_msg("%s", text);
		config_free(c);
	}
	soft_free(&crl);
	softca_free(ca);
}

static int
begin(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/itsumo-policy-XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
end(void **state)
{
	static const char *const names[] = { "itsumo.conf", "one.pem",
		"one.crl", "bad", "root.pem", "crl.pem", "text" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		(void)unlink(path(names[i]));
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_is_named),
		cmocka_unit_test(some_are_warned_of),
		cmocka_unit_test(an_algorithm_that_openssl_has_not_is_refused),
		cmocka_unit_test(without_options_the_presets_hold),
		cmocka_unit_test(each_option_wins_over_the_preset),
		cmocka_unit_test(
		    statements_are_asked_for_where_they_are_judged),
		cmocka_unit_test(files_are_read_whole_or_refused),
		cmocka_unit_test(files_that_will_not_do_are_refused),
		cmocka_unit_test(a_configuration_is_checked_with_its_files),
	};

	return cmocka_run_group_tests_name("web_policy", tests, begin, end);
}
