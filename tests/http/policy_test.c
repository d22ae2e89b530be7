/* SPDX-License-Identifier: Apache-2.0 */
/* What new passkeys have to be, option by option; and FIDO's metadata. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/http/scene.h"
#include "tests/softmds.h"
#include "webauthn/authdata.h"

const struct server_options scene = { .config = "limits = off" };

#define UP_UV (WA_FLAG_UP | WA_FLAG_UV)
/* softkey_aaguid, as options have it. */
#define MODEL "697473756d6f2074657374206b65792e"
#define MODEL_DASHED "69747375-6d6f-2074-6573-74206b65792e"
#define OTHER_DASHED "39a5647e-1853-446c-a1f6-a79bae9f5bc7"
/* Where the files are; each is written by make_files(). */
#define ANCHORS "attestation_anchors = \"@DIR@/root.pem\"\n"
#define METADATA                                                               \
	"metadata = \"@DIR@/blob.jwt\"\nmetadata_root = \"@DIR@/mds.pem\"\n"

/* One device, whose maker's authority signs its attestations. */
static struct visitor *v;
static struct softmds *service;
static unsigned names;

static const char *
file(const char *name)
{
	static char path[160];

	(void)snprintf(
	    path, sizeof(path), "%s/%s", server_folder(server), name);
	return path;
}

/* The server with another configuration, on the same data. */
static void
serve_with(const char *config)
{
	char text[2048] = "limits = off\n";
	size_t n = strlen(text);
	struct server_options o = { .config = text };

	for (const char *p = config; *p != '\0';) {
		assert_true(n + 200 < sizeof(text));
		if (strncmp(p, "@DIR@", 5) == 0) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s",
			    server_folder(server));
			p += 5;
		} else
			text[n++] = *p++;
		text[n] = '\0';
	}
	server_signal(server, SIGTERM);
	assert_int_equal(server_wait(server), 0);
	server_again(server, &o);
}

static void
publish(const struct softmds_script *script)
{
	softmds_write(service, file("blob.jwt"), softkey_aaguid,
	    softca_root(softkey_ca(v->passkey)), script);
}

static json_t *
options_for(const char *name)
{
	v->cookies[0] = '\0';
	return visitor_get(v, "POST", "/api/v1/signup/options",
	    json_pack("{s:s}", "name", name), 200);
}

/* Signs up by a script; the answer, or NULL where it was refused for that. */
static json_t *
sign_up(const struct softkey_script *script, const char *verdict)
{
	char name[32], id[32] = { 0 }, words[128];
	json_t *options, *done = NULL;

	(void)snprintf(name, sizeof(name), "somebody-%u", ++names);
	memcpy(id, name, strlen(name));
	softkey_set_id(
	    v->passkey, (struct slice){ (const uint8_t *)id, sizeof(id) });
	options = options_for(name);
	server_log_mark(server);
	if (*verdict == '\0')
		done = visitor_get(v, "POST", "/api/v1/signup/verify",
		    visitor_finish(options, visitor_create(v, options, script)),
		    201);
	else {
		visitor_refused(v, "POST", "/api/v1/signup/verify",
		    visitor_finish(options, visitor_create(v, options, script)),
		    422, "passkey-refused");
		(void)snprintf(
		    words, sizeof(words), "event=sign-up verdict=%s", verdict);
		assert_true(server_logged(server, words));
	}
	json_decref(options);
	return done;
}

/* One wish a row; "": the passkey is taken. */
static const struct {
	const char *name, *config;
	struct softkey_script script;
	const char *verdict;
} wishes[] = {
	{ "consumer takes what has no attestation", "", { 0 }, "" },
	{ "and what attests itself", "", { .format = "packed-self" }, "" },
	{ "and what nobody knows yet", "", { .format_sent = "tomorrow" }, "" },
	{ "unless it is told not to", "attestation_unknown = refuse\n",
	    { .format_sent = "tomorrow" }, "attestation-format" },
	{ "some attestation", "attestation = required\n", { 0 },
	    "none-refused" },
	{ "by another", "attestation = required\n", { .format = "packed-self" },
	    "self-refused" },
	{ "of an anchor", "attestation = trusted\n" ANCHORS,
	    { .format = "packed" }, "" },
	{ "a path that ends nowhere", "attestation = trusted\n" ANCHORS,
	    { .format = "packed", .lie = SOFTKEY_X5C_LEAF_ONLY },
	    "trust-path" },
	{ "a format that is not wanted", "attestation_formats = { packed }\n",
	    { .format = "apple" }, "format-refused" },
	{ "and one that is", "attestation_formats = { apple }\n",
	    { .format = "apple" }, "" },
	{ "another model", "aaguids_allowed = { " OTHER_DASHED " }\n",
	    { .format = "packed" }, "model-refused" },
	{ "this model", "aaguids_allowed = { " MODEL_DASHED " }\n",
	    { .format = "packed" }, "" },
	{ "all but this model", "aaguids_refused = { " MODEL_DASHED " }\n",
	    { .format = "packed" }, "model-refused" },
	{ "one that is synced", "backup_eligibility = never\n",
	    { .flags = UP_UV | WA_FLAG_BE }, "backup-refused" },
	{ "one that is not", "backup_eligibility = always\n", { 0 },
	    "backup-required" },
	{ "Android's software", "android_tee = required\n",
	    { .format = "android-key", .android.in_software = true },
	    "android-origin" },
	{ "a TPM of nobody", "",
	    { .format = "tpm", .tpm.manufacturer = "id:FFFFF1D0" },
	    "tpm-manufacturer" },
	{ "a TPM of FIDO's tests", "tpm_manufacturers = { \"id:FFFFF1D0\" }\n",
	    { .format = "tpm", .tpm.manufacturer = "id:FFFFF1D0" }, "" },
	{ "an algorithm that was not offered", "algorithms = { RS256 }\n",
	    { 0 }, "algorithm-not-offered" },
	{ "extensions that nobody asked for", "",
	    { .outputs = "{\"prf\":{\"enabled\":true}}" }, "" },
	{ "where that is refused", "extensions_unasked = refuse\n",
	    { .outputs = "{\"prf\":{\"enabled\":true}}" },
	    "extension-unsolicited" },
	{ "and what was asked for", "extensions_unasked = refuse\n",
	    { .outputs = "{\"credProps\":{\"rk\":true}}" }, "" },
	{ "enterprise, of a known model", "policy = enterprise\n" METADATA,
	    { .format = "packed" }, "" },
	{ "enterprise, of an unknown one", "policy = enterprise\n" METADATA,
	    { .format = "packed", .aaguid = "another model..." },
	    "model-unknown" },
	{ "enterprise, with no word", "policy = enterprise\n" METADATA, { 0 },
	    "none-refused" },
	{ "enterprise, synced", "policy = enterprise\n" METADATA,
	    { .format = "packed", .flags = UP_UV | WA_FLAG_BE },
	    "backup-refused" },
	{ "enterprise, by anchors of its own",
	    "policy = enterprise\nmetadata_models = optional\n" ANCHORS,
	    { .format = "packed" }, "" },
};

static void
each_wish_is_heeded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++) {
		print_message("# %s\n", wishes[i].name);
		serve_with(wishes[i].config);
		json_decref(sign_up(&wishes[i].script, wishes[i].verdict));
	}
}

/* The list comes while somebody is signing up. */
static void
who_was_revoked_is_refused(void **state)
{
	const struct softkey_script packed = { .format = "packed" };
	struct soft_bytes crl = { 0 };
	json_t *options, *made;

	(void)state;
	softca_revoke(softkey_ca(v->passkey), 0, false, &crl);
	softmds_file(file("maker.crl"), soft_slice(&crl));
	serve_with("attestation = trusted\n" ANCHORS
		   "attestation_crls = { \"@DIR@/maker.crl\" }\n");
	json_decref(sign_up(&packed, ""));
	options = options_for("revoked");
	made = visitor_create(v, options, &packed);
	soft_clear(&crl);
	softca_revoke(softkey_ca(v->passkey), 1, false, &crl);
	softmds_pem(file("maker.crl"), "X509 CRL", soft_slice(&crl));
	server_log_mark(server);
	server_signal(server, SIGHUP);
	assert_true(server_logged(server, "event=reload force"));
	visitor_refused(v, "POST", "/api/v1/signup/verify",
	    visitor_finish(options, made), 422, "passkey-refused");
	assert_true(server_logged(server, "verdict=certificate-revoked"));
	json_decref(options);
	soft_free(&crl);
}

static void
what_is_judged_is_asked_for(void **state)
{
	json_t *options;

	(void)state;
	serve_with("algorithms = { RS256, ES256 }\n");
	options = options_for("nobody");
	assert_string_equal(json_at(options, "publicKey.attestation"), "none");
	assert_int_equal(
	    json_array_size(json_object_get(
		json_object_get(options, "publicKey"), "pubKeyCredParams")),
	    2);
	json_decref(options);
	serve_with("policy = enterprise\n" METADATA);
	options = options_for("nobody");
	assert_string_equal(
	    json_at(options, "publicKey.attestation"), "direct");
	json_decref(options);
}

static json_t *
passkey(void)
{
	json_t *all = visitor_get(v, "GET", "/api/v1/passkeys", NULL, 200);
	json_t *one =
	    json_incref(json_array_get(json_object_get(all, "passkeys"), 0));

	json_decref(all);
	return one;
}

static bool
header_is(const struct answer *a, const char *name, const char *value)
{
	const char *got = answer_header(a, name);

	return got != NULL && strcmp(got, value) == 0;
}

static void
a_model_has_its_name_and_its_picture(void **state)
{
	const struct softkey_script packed = { .format = "packed" };
	json_t *one;
	struct answer a;

	(void)state;
	publish(NULL);
	serve_with(METADATA);
	json_decref(sign_up(&packed, ""));
	one = passkey();
	assert_string_equal(json_at(one, "name"), "Soft Key Pro");
	assert_string_equal(json_at(one, "provider.aaguid"), MODEL_DASHED);
	assert_string_equal(json_at(one, "provider.name"), "Soft Key Pro");
	assert_string_equal(json_at(one, "provider.icon"),
	    "/api/v1/models/" MODEL_DASHED "/icon");
	assert_string_equal(json_at(one, "provider.status"), "");
	a = visitor_ask(v, "GET", json_at(one, "provider.icon"), NULL);
	assert_int_equal(a.status, 200);
	assert_true(header_is(&a, "Content-Type", "image/png"));
	assert_true(header_is(&a, "X-Content-Type-Options", "nosniff"));
	assert_true(header_is(&a, "Cache-Control", "private, max-age=86400"));
	assert_true(a.body_n > 8 && memcmp(a.body, "\x89PNG", 4) == 0);
	answer_free(&a);
	json_decref(one);
	visitor_refused(v, "GET", "/api/v1/models/" OTHER_DASHED "/icon", NULL,
	    404, "not-found");
	visitor_refused(
	    v, "GET", "/api/v1/models/" MODEL "/icon", NULL, 404, "not-found");
}

/* What is no PNG is no picture, and never served. */
static void
no_picture_is_anything_else(void **state)
{
	const struct softkey_script packed = { .format = "packed" };
	const struct softmds_script svg = { .serial = 2,
		.icon = "data:image/svg+xml;base64,PHN2Zz4=" };
	json_t *one;

	(void)state;
	publish(&svg);
	serve_with(METADATA);
	json_decref(sign_up(&packed, ""));
	one = passkey();
	assert_string_equal(json_at(one, "provider.name"), "Soft Key Pro");
	assert_string_equal(json_at(one, "provider.icon"), "");
	json_decref(one);
	visitor_refused(v, "GET", "/api/v1/models/" MODEL_DASHED "/icon", NULL,
	    404, "not-found");
}

static void
await_serial(double serial)
{
	for (int i = 0; i < 200; i++) {
		if (server_metric(server, "itsumo_metadata_serial") == serial)
			return;
		(void)usleep(50000);
	}
	fail_msg("serial %g did not come", serial);
}

/* Nobody restarts anything, nor asks for it. */
static void
metadata_is_read_again_when_it_changes(void **state)
{
	const struct softkey_script packed = { .format = "packed" };
	json_t *one, *in;

	(void)state;
	publish(&(struct softmds_script){ .serial = 10 });
	serve_with("policy = enterprise\n" METADATA);
	await_serial(10);
	json_decref(sign_up(&packed, ""));
	publish(&(struct softmds_script){ .serial = 11, .status = "REVOKED" });
	await_serial(11);
	/* Whoever has one signs in all the same, and it is noticed. */
	server_log_mark(server);
	in = visitor_sign_in(v, NULL);
	json_decref(in);
	assert_true(server_logged(server, "event=model status=REVOKED"));
	one = passkey();
	assert_string_equal(json_at(one, "provider.status"), "REVOKED");
	json_decref(one);
	json_decref(sign_up(&packed, "model-status"));
	/* A bad file changes nothing, by itself or by a signal. */
	server_log_mark(server);
	publish(
	    &(struct softmds_script){ .serial = 12, .bad_signature = true });
	assert_true(server_logged(
	    server, "event=metadata refused=attestation-signature before"));
	server_log_mark(server);
	server_signal(server, SIGHUP);
	assert_true(server_logged(server, "event=reload force"));
	await_serial(11);
	json_decref(sign_up(&packed, "model-status"));
	publish(&(struct softmds_script){ .serial = 13 });
	await_serial(13);
	json_decref(sign_up(&packed, ""));
}

/* Not even by a restart. */
static void
metadata_never_goes_back(void **state)
{
	const struct softkey_script packed = { .format = "packed" };

	(void)state;
	publish(&(struct softmds_script){ .serial = 20 });
	serve_with("policy = enterprise\n" METADATA);
	await_serial(20);
	publish(&(struct softmds_script){ .serial = 19 });
	serve_with("policy = enterprise\n" METADATA);
	await_serial(0);
	json_decref(sign_up(&packed, "model-unknown"));
	publish(&(struct softmds_script){ .serial = 20 });
	await_serial(20);
	json_decref(sign_up(&packed, ""));
}

static void
metadata_that_expired_is_warned_of(void **state)
{
	const struct softkey_script packed = { .format = "packed" };
	const struct softmds_script old = { .serial = 30,
		.next_update = "2026-01-01" };

	(void)state;
	publish(&old);
	serve_with(METADATA);
	await_serial(30);
	assert_true(server_metric(server, "itsumo_metadata_expired") == 1);
	json_decref(sign_up(&packed, ""));
	serve_with("policy = enterprise\n" METADATA);
	json_decref(sign_up(&packed, "metadata-expired"));
	serve_with("policy = enterprise\nmetadata_expired = accept\n" METADATA);
	json_decref(sign_up(&packed, ""));
}

static void
the_browser_says_whether_it_is_discoverable(void **state)
{
	static const struct {
		const char *outputs, *said;
	} cases[] = {
		{ "{\"credProps\":{\"rk\":true}}", "true" },
		{ "{\"credProps\":{\"rk\":false}}", "false" },
		{ "{\"credProps\":{}}", "" },
		{ "{}", "" },
	};

	(void)state;
	serve_with("");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct softkey_script script = { .outputs =
							   cases[i].outputs };
		json_t *done = sign_up(&script, "");
		const json_t *told = json_object_get(
		    json_object_get(done, "passkey"), "discoverable");
		const char *said = told == NULL         ? ""
				   : json_is_true(told) ? "true"
							: "false";

		assert_string_equal(said, cases[i].said);
		json_decref(done);
	}
}

static void
check_config_opens_the_files(void **state)
{
	char *out = NULL;

	(void)state;
	publish(&(struct softmds_script){ .serial = 40 });
	serve_with(METADATA ANCHORS);
	assert_int_equal(server_cli(server, &out, "check-config", NULL), 0);
	free(out);
	softmds_file(file("blob.jwt"), slice_of("<html>"));
	assert_int_equal(server_cli(server, NULL, "check-config", NULL), 3);
	publish(&(struct softmds_script){ .serial = 40 });
	softmds_file(file("root.pem"), slice_of("-----BEGIN"));
	assert_int_equal(server_cli(server, NULL, "check-config", NULL), 3);
}

static int
begin(void **state)
{
	struct softca *maker;

	if (scene_begin(state) != 0)
		return -1;
	v = visitor_new(server);
	service = softmds_new();
	maker = softkey_ca(v->passkey);
	softmds_pem(file("root.pem"), "CERTIFICATE", softca_root(maker));
	softmds_pem(
	    file("mds.pem"), "CERTIFICATE", softca_root(softmds_ca(service)));
	publish(NULL);
	return 0;
}

static int
end(void **state)
{
	visitor_free(v);
	softmds_free(service);
	return scene_end(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_wish_is_heeded),
		cmocka_unit_test(who_was_revoked_is_refused),
		cmocka_unit_test(what_is_judged_is_asked_for),
		cmocka_unit_test(a_model_has_its_name_and_its_picture),
		cmocka_unit_test(no_picture_is_anything_else),
		cmocka_unit_test(metadata_is_read_again_when_it_changes),
		cmocka_unit_test(metadata_never_goes_back),
		cmocka_unit_test(metadata_that_expired_is_warned_of),
		cmocka_unit_test(the_browser_says_whether_it_is_discoverable),
		cmocka_unit_test(check_config_opens_the_files),
	};

	return cmocka_run_group_tests_name("policy", tests, begin, end);
}
