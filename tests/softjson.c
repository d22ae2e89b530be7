/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softjson.h"

#include <stdlib.h>

#include "webauthn/b64url.h"

static void
put(struct soft_bytes *out, const char *s)
{
	soft_put(out, s, strlen(s));
}

/* before, then s in base64url, then a quotation mark. */
static void
put_b64(struct soft_bytes *out, const char *before, struct slice s)
{
	size_t size = WA_B64URL_SIZE(s.n);
	char *text = malloc(size);

	if (text == NULL || !wa_b64url_encode(s, text, size))
		abort();
	put(out, before);
	put(out, text);
	put(out, "\"");
	free(text);
}

static void
put_head(struct soft_bytes *out, const struct softkey_script *s,
    struct slice id, struct slice client_data)
{
	put_b64(out, "{\"id\":\"", id);
	put_b64(out, ",\"rawId\":\"", id);
	put(out, ",\"type\":\"public-key\",\"clientExtensionResults\":");
	put(out, s != NULL && s->outputs != NULL ? s->outputs : "{}");
	put(out, ",\"authenticatorAttachment\":\"platform\",\"response\":{");
	put_b64(out, "\"clientDataJSON\":\"", client_data);
}

void
softjson_create(
    struct softkey *k, const struct softkey_script *s, struct soft_bytes *out)
{
	const struct wa_registration r = softkey_register(k, s);

	put_head(out, s, r.credential_id, r.client_data_json);
	put_b64(out, ",\"attestationObject\":\"", r.attestation_object);
	soft_put(out, ",\"transports\":[\"internal\"]}}", 29);
	out->n--;
}

void
softjson_get(
    struct softkey *k, const struct softkey_script *s, struct soft_bytes *out)
{
	const struct wa_assertion a = softkey_assert(k, s);

	put_head(out, s, a.credential_id, a.client_data_json);
	put_b64(out, ",\"authenticatorData\":\"", a.authenticator_data);
	put_b64(out, ",\"signature\":\"", a.signature);
	if (a.user_handle.n > 0)
		put_b64(out, ",\"userHandle\":\"", a.user_handle);
	soft_put(out, "}}", 3);
	out->n--;
}
