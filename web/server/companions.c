/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/companions.h"

#include "web/server/reply.h"

void
companion_says(struct web_request *r, struct json_out *o)
{
	static const char *const always[] = { "choose3", "type2", "type6",
		"none", "deny", "report", "seen", "history", "lock", "browsers",
		"browser-names", "mute", "leave" };

	json_out_int(o, "api", COMPANION_API);
	json_out_array(o, "capabilities");
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		json_out_word(o, NULL, always[i]);
	if (r->site->deliver != NULL)
		json_out_word(o, NULL, "push");
	json_out_array_end(o);
}

void
companion_begin(struct web_request *r, struct json_out *o, size_t room)
{
	json_out_init(o, &r->arena, room + 256);
	json_out_object(o, NULL);
	companion_says(r, o);
}

void
companion_end(struct web_request *r, unsigned status, struct json_out *o)
{
	json_out_object_end(o);
	reply_json(r, status, o);
}

void
shape_phone(struct json_out *o, const char *key, const struct store_phone *p)
{
	json_out_object(o, key);
	json_out_word(o, "id", rp_id_write("phn_", p->id.b).s);
	json_out_text(o, "name", p->name);
	json_out_text(o, "platform", p->platform);
	json_out_time(o, "created_at", p->created);
	json_out_time(o, "last_seen_at", p->last_seen);
	json_out_bool(o, "push", p->push.endpoint[0] != '\0');
	if (p->muted_until != 0)
		json_out_time(o, "muted_until", p->muted_until);
	json_out_object_end(o);
}
