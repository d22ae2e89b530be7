/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softmds.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "tests/softjws.h"
#include "webauthn/b64.h"

const char softmds_icon[] =
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    "WjR9awAAAABJRU5ErkJggg==";

struct softmds {
	struct softca *ca;
	EVP_PKEY *key;
};

static void
must(bool good)
{
	if (!good)
		abort();
}

struct softmds *
softmds_new(void)
{
	struct softmds *m = calloc(1, sizeof(*m));

	must(m != NULL);
	m->ca = softca_new();
	m->key = EVP_RSA_gen(2048);
	must(m->key != NULL);
	return m;
}

void
softmds_free(struct softmds *m)
{
	softca_free(m->ca);
	EVP_PKEY_free(m->key);
	free(m);
}

struct softca *
softmds_ca(struct softmds *m)
{
	return m->ca;
}

static const char *
or_else(const char *text, const char *otherwise)
{
	return text != NULL ? text : otherwise;
}

/* MetadataBLOBPayload, MDS 3.1.6. */
static char *
write_payload(const char *aaguid, struct slice root,
    const struct softmds_script *s, size_t *n)
{
	static char text[8192], der[4096];
	const uint8_t *a = (const uint8_t *)aaguid;
	int made;

	must(wa_b64_encode(root, der, sizeof(der)));
	made = snprintf(text, sizeof(text),
	    "{\"no\":%lu,\"nextUpdate\":\"%s\",\"entries\":[{\"aaguid\":"
	    "\"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x\","
	    "\"timeOfLastStatusChange\":\"2026-01-01\","
	    "\"statusReports\":[{\"status\":\"%s\"}],"
	    "\"metadataStatement\":{\"description\":\"%s\",\"icon\":\"%s\","
	    "\"attestationRootCertificates\":[\"%s\"]}}]}",
	    s->serial != 0 ? s->serial : 1,
	    or_else(s->next_update, "2039-01-01"), a[0], a[1], a[2], a[3], a[4],
	    a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12], a[13], a[14],
	    a[15], or_else(s->status, "FIDO_CERTIFIED_L1"),
	    or_else(s->name, "Soft Key Pro"), or_else(s->icon, softmds_icon),
	    der);
	must(made > 0 && made < (int)sizeof(text));
	*n = (size_t)made;
	return text;
}

void
softmds_blob(struct softmds *m, const char *aaguid, struct slice root,
    const struct softmds_script *script, struct soft_bytes *out)
{
	const struct softmds_script truth = { 0 };
	const struct softmds_script *s = script != NULL ? script : &truth;
	const struct softjws_script how = { .host = or_else(s->host,
						"mds.fidoalliance.org"),
		.bad_signature = s->bad_signature };
	size_t n;
	char *text = write_payload(aaguid, root, s, &n);

	softjws_make(m->ca, m->key, &how,
	    (struct slice){ (const uint8_t *)text, n }, out);
}

void
softmds_write(struct softmds *m, const char *file, const char *aaguid,
    struct slice root, const struct softmds_script *script)
{
	struct soft_bytes blob = { 0 };
	char beside[256];

	softmds_blob(m, aaguid, root, script, &blob);
	must(snprintf(beside, sizeof(beside), "%s.new", file) <
	     (int)sizeof(beside));
	softmds_file(beside, soft_slice(&blob));
	must(rename(beside, file) == 0);
	soft_free(&blob);
}

void
softmds_pem_more(const char *file, const char *label, struct slice der)
{
	FILE *f = fopen(file, "ae");

	must(f != NULL && PEM_write(f, label, "", der.p, (long)der.n) > 0);
	must(fclose(f) == 0);
}

void
softmds_pem(const char *file, const char *label, struct slice der)
{
	softmds_file(file, (struct slice){ 0 });
	softmds_pem_more(file, label, der);
}

void
softmds_file(const char *file, struct slice bytes)
{
	FILE *f = fopen(file, "we");

	must(f != NULL &&
	     (bytes.n == 0 || fwrite(bytes.p, 1, bytes.n, f) == bytes.n));
	must(fclose(f) == 0);
}
