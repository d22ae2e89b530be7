/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/softjws.h"
#include "webauthn/b64.h"
#include "webauthn/mds.h"
#include "webauthn/mds_entry.h"
#include "webauthn/pem.h"

#define HOST "mds.fidoalliance.org"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct fixture {
	struct softca *ca;
	EVP_PKEY *rsa, *ec;
	struct slice root;
	struct soft_bytes blob;
};

static struct wa_mds_terms
terms(const struct fixture *f)
{
	return (struct wa_mds_terms){
		.anchors = { &f->root, 1 }, .host = HOST, .at = SOFTCA_NOW
	};
}

#define AAGUID_1 "39a5647e-1853-446c-a1f6-a79bae9f5bc7"
#define AAGUID_2 "c5ef55ff-ad9a-4b9f-b580-adebafe026d0"
#define KEY_ID "0123456789abcdef0123456789abcdef01234567"
#define STATEMENT(name)                                                        \
	"\"metadataStatement\":{\"description\":\"" name "\","                 \
	"\"icon\":\"data:image/png;base64,AA==\","                             \
	"\"attestationRootCertificates\":[\" AQID\\nBA== \"],"                 \
	"\"of tomorrow\":{}}"
#define SINCE "\"timeOfLastStatusChange\":\"2022-05-19\""
#define REPORT(status) "\"statusReports\":[{\"status\":\"" status "\"}]"
#define ENTRY_1                                                                \
	"{\"aaguid\":\"" AAGUID_1                                              \
	"\"," STATEMENT("One") "," SINCE "," REPORT("FIDO_CERTIFIED_L2") "}"
#define ENTRY_2                                                                \
	"{\"aaguid\":\"" AAGUID_2 "\"," STATEMENT(                             \
	    "Two") "," SINCE ","                                               \
		   "\"statusReports\":[{\"status\":\"FIDO_CERTIFIED\"},"       \
		   "{\"status\":\"REVOKED\"},{\"status\":\"OF_TOMORROW\"}]}"
#define ENTRY_U2F                                                              \
	"{\"attestationCertificateKeyIdentifiers\":[\"" KEY_ID                 \
	"\"]," STATEMENT("Key") "," SINCE "," REPORT("NOT_FIDO_CERTIFIED") "}"
#define ENTRY_UAF                                                              \
	"{\"aaid\":\"1234#5678\"," STATEMENT("UAF") "," SINCE "," REPORT(      \
	    "FIDO_CERTIFIED") "}"
#define PAYLOAD(no, entries)                                                   \
	"{\"legalHeader\":\"…\",\"no\":" no                                    \
	",\"nextUpdate\":\"2026-06-30\",\"entries\":[" entries "]}"
#define GOOD PAYLOAD("7", ENTRY_1 "," ENTRY_2 "," ENTRY_U2F "," ENTRY_UAF)

static struct slice
make(struct fixture *f, struct softjws_script script, const char *payload)
{
	if (script.host == NULL)
		script.host = HOST;
	soft_clear(&f->blob);
	softjws_make(f->ca, script.elliptic ? f->ec : f->rsa, &script,
	    slice_of(payload), &f->blob);
	return soft_slice(&f->blob);
}

static enum wa_verdict
load(struct fixture *f, struct slice blob, struct wa_mds **mds)
{
	const struct wa_mds_terms t = terms(f);

	return wa_mds_load(blob, &t, mds);
}

static void
knows_models(void **state)
{
	static const uint8_t one[16] = { 0x39, 0xa5, 0x64, 0x7e, 0x18, 0x53,
		0x44, 0x6c, 0xa1, 0xf6, 0xa7, 0x9b, 0xae, 0x9f, 0x5b, 0xc7 };
	static const uint8_t two[16] = { 0xc5, 0xef, 0x55, 0xff, 0xad, 0x9a,
		0x4b, 0x9f, 0xb5, 0x80, 0xad, 0xeb, 0xaf, 0xe0, 0x26, 0xd0 };
	static const uint8_t id[20] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab,
		0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
		0x01, 0x23, 0x45, 0x67 };
	static const uint8_t zeros[20];
	struct fixture *f = *state;
	struct wa_mds *mds;
	struct wa_mds_entry e;

	assert_int_equal(
	    load(f, make(f, (struct softjws_script){ 0 }, GOOD), &mds), WA_OK);
	assert_int_equal(wa_mds_info(mds).serial, 7);
	assert_int_equal(wa_mds_info(mds).entry_count, 3);
	assert_int_equal(wa_mds_info(mds).skipped, 0);
	assert_int_equal(wa_mds_info(mds).next_update, 1782777600);
	assert_false(wa_mds_expired(mds, 1782777600 + 86399));
	assert_true(wa_mds_expired(mds, 1782777600 + 86400));
	assert_true(wa_mds_find(mds, (struct slice){ one, 16 }, &e));
	assert_string_equal(e.name, "One");
	assert_string_equal(e.icon, "data:image/png;base64,AA==");
	assert_int_equal(e.statuses, WA_MDS_CERTIFIED);
	assert_int_equal(e.since, 1652918400);
	assert_int_equal(e.anchors.count, 1);
	assert_true(slice_equal(e.anchors.der[0], slice_of("\1\2\3\4")));
	assert_true(wa_mds_find(mds, (struct slice){ two, 16 }, &e));
	assert_int_equal(
	    e.statuses, WA_MDS_CERTIFIED | WA_MDS_REVOKED | WA_MDS_OTHER);
	assert_true(wa_mds_find_key(mds, (struct slice){ id, 20 }, &e));
	assert_string_equal(e.name, "Key");
	assert_false(wa_mds_find(mds, (struct slice){ id, 16 }, &e));
	assert_false(wa_mds_find(mds, (struct slice){ zeros, 16 }, &e));
	assert_false(wa_mds_find_key(mds, (struct slice){ zeros, 20 }, &e));
	assert_false(wa_mds_find(mds, (struct slice){ 0 }, &e));
	wa_mds_unref(mds);
}

static void
statuses_have_names(void **state)
{
	(void)state;
	assert_int_equal(wa_mds_status_find("REVOKED"), WA_MDS_REVOKED);
	assert_int_equal(
	    wa_mds_status_find("FIDO_CERTIFIED_L3plus"), WA_MDS_CERTIFIED);
	assert_int_equal(wa_mds_status_find("revoked"), 0);
	assert_int_equal(wa_mds_status_find(""), 0);
	assert_string_equal(
	    wa_mds_status_name(WA_MDS_REVOKED | WA_MDS_OTHER), "REVOKED");
	assert_string_equal(wa_mds_status_name(WA_MDS_OTHER), "");
}

/* One lie about the whole a row. */
static const struct {
	const char *name;
	struct softjws_script script;
	const char *payload; /* NULL: GOOD */
	enum wa_verdict want;
} blobs[] = {
	{ "the truth", { 0 }, NULL, WA_OK },
	{ "the truth of ES256", { .elliptic = true }, NULL, WA_OK },
	{ "a bit of the signature", { .bad_signature = true }, NULL,
	    WA_STATEMENT_SIGNATURE },
	{ "signed by nobody", { .alg = "none" }, NULL, WA_STATEMENT_SIGNATURE },
	{ "signed with a secret", { .alg = "HS256" }, NULL,
	    WA_STATEMENT_SIGNATURE },
	{ "another host", { .host = "mds.example.org" }, NULL,
	    WA_CERTIFICATE_RULES },
	{ "no certificates", { .no_x5c = true }, NULL, WA_STATEMENT_FORM },
	{ "something critical", { .critical = true }, NULL, WA_STATEMENT_FORM },
	{ "no JSON", { 0 }, "{", WA_STATEMENT_FORM },
	{ "an array", { 0 }, "[]", WA_STATEMENT_FORM },
	{ "no serial", { 0 },
	    "{\"nextUpdate\":\"2026-06-30\","
	    "\"entries\":[]}",
	    WA_STATEMENT_FORM },
	{ "a serial below zero", { 0 }, PAYLOAD("-1", ""), WA_STATEMENT_FORM },
	{ "a serial in words", { 0 }, PAYLOAD("\"7\"", ""), WA_STATEMENT_FORM },
	{ "no entries", { 0 }, "{\"no\":7,\"nextUpdate\":\"2026-06-30\"}",
	    WA_STATEMENT_FORM },
	{ "no next update", { 0 }, "{\"no\":7,\"entries\":[]}",
	    WA_STATEMENT_FORM },
	{ "a next update of no date", { 0 },
	    "{\"no\":7,\"nextUpdate\":"
	    "\"soon\",\"entries\":[]}",
	    WA_STATEMENT_FORM },
	{ "a next update that no calendar has", { 0 },
	    "{\"no\":7,\"nextUpdate\":\"2026-02-31\",\"entries\":[]}",
	    WA_STATEMENT_FORM },
	{ "a host of any name", { .host = "*.fidoalliance.org" }, NULL,
	    WA_CERTIFICATE_RULES },
	{ "r and s, and a byte more",
	    { .elliptic = true, .long_signature = true }, NULL,
	    WA_STATEMENT_SIGNATURE },
	{ "seven certificates", { .certificates = 7 }, NULL,
	    WA_STATEMENT_FORM },
	{ "six", { .certificates = 6 }, NULL, WA_OK },
	{ "a header that does not end", { .long_header = true }, NULL,
	    WA_STATEMENT_FORM },
	{ "nothing in it", { 0 }, PAYLOAD("7", ""), WA_OK },
};

static void
names_each_lie(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(blobs); i++) {
		struct wa_mds *mds = NULL;
		const enum wa_verdict v = load(f,
		    make(f, blobs[i].script,
			blobs[i].payload ? blobs[i].payload : GOOD),
		    &mds);

		if (v != blobs[i].want)
			fail_msg("%s: got %s, want %s", blobs[i].name,
			    wa_verdict_name(v), wa_verdict_name(blobs[i].want));
		wa_mds_unref(mds);
	}
}

/* A broken entry is skipped, and the good one behind it is kept. */
static const char *const broken[] = {
	"7",
	"null",
	"[]",
	"\"aaguid\"",
	"{\"aaguid\":\"" AAGUID_2 "\"," STATEMENT(
	    "x") ","
		 "\"timeOfLastStatusChange\":\"2022-02-30\"," REPORT(
		     "REVOKED") "}",
	"{\"aaguid\":7," STATEMENT("x") "," SINCE "," REPORT("REVOKED") "}",
	"{\"aaguid\":\"39a5647e\"," STATEMENT("x") "," SINCE
						   "," REPORT("REVOKED") "}",
	"{\"aaguid\":\"" AAGUID_2
	"00\"," STATEMENT("x") "," SINCE "," REPORT("REVOKED") "}",
	"{\"aaguid\":\"" AAGUID_2 "\"," SINCE "," REPORT("REVOKED") "}",
	"{\"aaguid\":\"" AAGUID_2
	"\"," STATEMENT("x") "," REPORT("REVOKED") "}",
	"{\"aaguid\":\"" AAGUID_2 "\"," STATEMENT("x") "," SINCE "}",
	"{\"aaguid\":\"" AAGUID_2 "\"," STATEMENT("x") "," SINCE ","
						       "\"statusReports\":[]}",
	"{\"aaguid\":\"" AAGUID_2 "\",\"metadataStatement\":{}," SINCE
	"," REPORT("REVOKED") "}",
	"{\"aaguid\":\"" AAGUID_2 "\",\"metadataStatement\":{\"description\":"
	"\"x\",\"attestationRootCertificates\":[\"*\"]}," SINCE
	"," REPORT("REVOKED") "}",
	"{\"attestationCertificateKeyIdentifiers\":[]," STATEMENT(
	    "x") "," SINCE "," REPORT("REVOKED") "}",
	"{\"attestationCertificateKeyIdentifiers\":[\"" KEY_ID
	"\",\"0\"]," STATEMENT("x") "," SINCE "," REPORT("REVOKED") "}",
};

static void
skips_broken_entries(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(broken); i++) {
		struct wa_mds *mds = NULL;
		char text[4096];

		snprintf(
		    text, sizeof(text), PAYLOAD("7", "%s," ENTRY_1), broken[i]);
		assert_int_equal(
		    load(f, make(f, (struct softjws_script){ 0 }, text), &mds),
		    WA_OK);
		if (wa_mds_info(mds).skipped != 1 ||
		    wa_mds_info(mds).entry_count != 1)
			fail_msg("entry %zu was taken", i);
		wa_mds_unref(mds);
	}
}

static struct wa_mds *
of_payload(struct fixture *f, const char *payload)
{
	struct wa_mds *mds = NULL;

	assert_int_equal(
	    load(f, make(f, (struct softjws_script){ 0 }, payload), &mds),
	    WA_OK);
	return mds;
}

/* Of two entries of one name the first counts, and the reports of both. */
static void
a_model_listed_twice_is_the_worse(void **state)
{
	static const char good[] = "{\"aaguid\":\"" AAGUID_2 "\"," STATEMENT(
	    "Good") "," SINCE "," REPORT("FIDO_CERTIFIED") "}";
	static const uint8_t two[16] = { 0xc5, 0xef, 0x55, 0xff, 0xad, 0x9a,
		0x4b, 0x9f, 0xb5, 0x80, 0xad, 0xeb, 0xaf, 0xe0, 0x26, 0xd0 };
	struct fixture *f = *state;

	for (int order = 0; order < 2; order++) {
		struct wa_mds_entry e;
		struct wa_mds *mds;
		char text[4096];

		snprintf(text, sizeof(text), PAYLOAD("7", ENTRY_1 ",%s,%s"),
		    order == 0 ? good : ENTRY_2, order == 0 ? ENTRY_2 : good);
		mds = of_payload(f, text);
		assert_true(wa_mds_find(mds, (struct slice){ two, 16 }, &e));
		assert_string_equal(e.name, order == 0 ? "Good" : "Two");
		assert_true((e.statuses & WA_MDS_REVOKED) != 0);
		wa_mds_unref(mds);
	}
}

/* Nothing but an image of its own goes onto a page. */
static void
keeps_icons_that_are_images(void **state)
{
	static const struct {
		const char *icon;
		bool kept;
	} icons[] = {
		{ "\"data:image/png;base64,AA==\"", true },
		{ "\"data:text/html,hello\"", false },
		{ "\"https://example.org/a.png\"", false },
		{ "\" data:image/png;base64,AA==\"", false },
		{ "7", false },
	};
	static const uint8_t one[16] = { 0x39, 0xa5, 0x64, 0x7e, 0x18, 0x53,
		0x44, 0x6c, 0xa1, 0xf6, 0xa7, 0x9b, 0xae, 0x9f, 0x5b, 0xc7 };
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(icons); i++) {
		struct wa_mds_entry e;
		struct wa_mds *mds;
		char text[4096];

		snprintf(text, sizeof(text),
		    PAYLOAD("7",
			"{\"aaguid\":\"" AAGUID_1 "\",\"metadataStatement\":"
			"{\"description\":\"x\",\"icon\":%s}," SINCE
			"," REPORT("FIDO_CERTIFIED") "}"),
		    icons[i].icon);
		mds = of_payload(f, text);
		assert_true(wa_mds_find(mds, (struct slice){ one, 16 }, &e));
		assert_int_equal(e.icon != NULL, icons[i].kept);
		wa_mds_unref(mds);
	}
}

/* Dates have one form. */
static void
reads_dates(void **state)
{
	static const struct {
		const char *text;
		time_t at; /* -1: none */
	} dates[] = {
		{ "2022-05-19", 1652918400 },
		{ "2024-02-29", 1709164800 },
		{ "2023-02-29", -1 },
		{ "2022-02-31", -1 },
		{ "2022-13-01", -1 },
		{ "2022-00-10", -1 },
		{ "2022-01-00", -1 },
		{ "22-02-03", -1 },
		{ " 2022-02-03", -1 },
		{ "2022-02-03 ", -1 },
		{ "2022-2-3", -1 },
		{ "2022-02-03T00:00:00Z", -1 },
		{ "2022/02/03", -1 },
		{ "+022-02-03", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(dates); i++) {
		time_t at = 0;
		const bool good = wa_mds_date(dates[i].text, &at);

		if (good != (dates[i].at != -1) || (good && at != dates[i].at))
			fail_msg("%s", dates[i].text);
	}
}

static void
leads_to_its_root_alone(void **state)
{
	struct fixture *f = *state;
	struct wa_mds_terms t = terms(f);
	struct softca *other = softca_new();
	const struct slice strange = softca_root(other);
	const struct slice blob = make(f, (struct softjws_script){ 0 }, GOOD);
	struct soft_bytes list = { 0 };
	struct slice lists[1];
	struct wa_mds *mds;

	t.anchors = (struct wa_trust_anchors){ &strange, 1 };
	assert_int_equal(wa_mds_load(blob, &t, &mds), WA_TRUST_PATH);
	t.anchors.count = 0;
	assert_int_equal(wa_mds_load(blob, &t, &mds), WA_TRUST_PATH);
	t = terms(f);
	t.at = 0;
	assert_int_equal(wa_mds_load(blob, &t, &mds), WA_TRUST_PATH);

	t = terms(f);
	softca_revoke(f->ca, 0, false, &list);
	lists[0] = soft_slice(&list);
	t.revoked = (struct wa_revocation_lists){ lists, 1 };
	assert_int_equal(wa_mds_load(blob, &t, &mds), WA_OK);
	wa_mds_unref(mds);
	soft_clear(&list);
	softca_revoke(f->ca, 1, true, &list);
	lists[0] = soft_slice(&list);
	assert_int_equal(wa_mds_load(blob, &t, &mds), WA_CERTIFICATE_REVOKED);
	soft_free(&list);
	softca_free(other);
}

static void
never_goes_back(void **state)
{
	struct fixture *f = *state;
	struct wa_mds_shelf *shelf = wa_mds_shelf_new();
	struct wa_mds *seven = of_payload(f, PAYLOAD("7", ENTRY_1));
	struct wa_mds *eight = of_payload(f, PAYLOAD("8", ENTRY_1));
	struct wa_mds *taken;

	assert_null(wa_mds_shelf_take(shelf));
	assert_true(wa_mds_shelf_put(shelf, seven));
	taken = wa_mds_shelf_take(shelf);
	assert_ptr_equal(taken, seven);
	assert_true(wa_mds_shelf_put(shelf, eight));
	assert_false(wa_mds_shelf_put(shelf, seven));
	assert_true(wa_mds_shelf_put(shelf, eight));
	wa_mds_unref(seven);
	/* Who took it before may use it still. */
	assert_int_equal(wa_mds_info(taken).serial, 7);
	wa_mds_unref(taken);
	taken = wa_mds_shelf_take(shelf);
	assert_int_equal(wa_mds_info(taken).serial, 8);
	wa_mds_unref(taken);
	wa_mds_unref(eight);
	wa_mds_shelf_free(shelf);
}

static void *
take_often(void *arg)
{
	uint64_t last = 0;

	for (size_t i = 0; i < 20000; i++) {
		struct wa_mds *mds = wa_mds_shelf_take(arg);

		if (wa_mds_info(mds).serial < last)
			abort();
		last = wa_mds_info(mds).serial;
		wa_mds_unref(mds);
	}
	return NULL;
}

static void
is_exchanged_while_threads_read(void **state)
{
	struct fixture *f = *state;
	struct wa_mds_shelf *shelf = wa_mds_shelf_new();
	pthread_t threads[3];
	char payload[256];

	for (int serial = 1; serial <= 40; serial++) {
		struct wa_mds *mds;

		snprintf(payload, sizeof(payload), PAYLOAD("%d", ""), serial);
		mds = of_payload(f, payload);
		assert_true(wa_mds_shelf_put(shelf, mds));
		wa_mds_unref(mds);
		for (size_t i = 0; serial == 1 && i < COUNT(threads); i++)
			assert_int_equal(pthread_create(&threads[i], NULL,
					     take_often, shelf),
			    0);
	}
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	wa_mds_shelf_free(shelf);
}

/* A file that lies beside the corpus, or nothing. */
static struct slice
read_file(const char *name)
{
	const char *folders[] = { getenv("ITSUMO_CORPUS"),
		getenv("ITSUMO_SOURCE") };
	const char *forms[] = { "%s/mds/%s", "%s/../shared/corpus/mds/%s" };
	char path[4096];
	uint8_t *p;
	size_t n;
	FILE *in = NULL;

	for (size_t i = 0; i < 2 && in == NULL; i++) {
		if (folders[i] == NULL)
			continue;
		snprintf(path, sizeof(path), forms[i], folders[i], name);
		in = fopen(path, "r");
	}
	if (in == NULL)
		return (struct slice){ 0 };
	p = malloc(4 << 20);
	assert_non_null(p);
	n = fread(p, 1, 4 << 20, in);
	fclose(in);
	return (struct slice){ p, n };
}

/* DER, whatever the file has. */
static struct slice
read_certificate(const char *name)
{
	struct slice file = read_file(name), text = file;
	struct slice der = file;
	uint8_t *from_pem;

	if (file.p == NULL || file.p[0] == 0x30)
		return file;
	from_pem = wa_pem_certificate(&text, &der.n, &(bool){ false });
	if (from_pem == NULL)
		from_pem = wa_b64_decode(file, &der.n, &(bool){ false });
	assert_non_null(from_pem);
	free((void *)(uintptr_t)file.p);
	der.p = from_pem;
	return der;
}

static void
drop(struct slice s)
{
	free((void *)(uintptr_t)s.p);
}

static void
loads_real_ones(void **state)
{
	static const struct {
		const char *blob, *root;
		time_t at;
		uint64_t serial;
		size_t entries;
	} files[] = {
		{ "blob.jwt", "root.crt", 1652918400, 23, 131 },
		{ "blob-with-errors.jwt", "root.crt", 1652918400, 25, 142 },
		{ "small-blob.jwt", "small-root.crt", 1652918400, 15, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		const struct slice blob = read_file(files[i].blob);
		const struct slice root = read_certificate(files[i].root);
		const struct slice lists[2] = { read_file("root-r3.crl"),
			read_file("gsextendvalsha2g3r3.crl") };
		const struct wa_mds_terms t = { .anchors = { &root, 1 },
			.revoked = { lists, 2 },
			.at = files[i].at };
		struct wa_mds *mds = NULL;
		enum wa_verdict v;

		if (blob.p == NULL) {
			print_message("# %s is not at hand: ITSUMO_CORPUS "
				      "names no folder that has it\n",
			    files[i].blob);
			continue;
		}
		v = wa_mds_load(blob, &t, &mds);
		if (v != WA_OK)
			fail_msg("%s: %s", files[i].blob, wa_verdict_name(v));
		assert_int_equal(wa_mds_info(mds).serial, files[i].serial);
		if (wa_mds_info(mds).entry_count != files[i].entries)
			fail_msg("%s: %zu entries, %zu skipped", files[i].blob,
			    wa_mds_info(mds).entry_count,
			    wa_mds_info(mds).skipped);
		wa_mds_unref(mds);
		drop(blob);
		drop(root);
		drop(lists[0]);
		drop(lists[1]);
	}
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->ca = softca_new();
	f->root = softca_root(f->ca);
	f->rsa = EVP_RSA_gen(2048);
	f->ec = EVP_EC_gen("P-256");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	softca_free(f->ca);
	EVP_PKEY_free(f->rsa);
	EVP_PKEY_free(f->ec);
	soft_free(&f->blob);
	free(f);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_models),
		cmocka_unit_test(statuses_have_names),
		cmocka_unit_test(names_each_lie),
		cmocka_unit_test(skips_broken_entries),
		cmocka_unit_test(a_model_listed_twice_is_the_worse),
		cmocka_unit_test(keeps_icons_that_are_images),
		cmocka_unit_test(reads_dates),
		cmocka_unit_test(leads_to_its_root_alone),
		cmocka_unit_test(never_goes_back),
		cmocka_unit_test(is_exchanged_while_threads_read),
		cmocka_unit_test(loads_real_ones),
	};

	return cmocka_run_group_tests_name("mds", tests, setup, teardown);
}
