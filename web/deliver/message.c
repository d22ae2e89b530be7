/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/message.h"

static const struct {
	const char *name;
	enum deliver_end end;
} reasons[] = {
#define X(id, end, name) [id] = { name, end },
	DELIVER_REASONS(X)
#undef X
};

const char *
deliver_reason_name(enum deliver_reason r)
{
	return reasons[r].name;
}

enum deliver_end
deliver_reason_end(enum deliver_reason r)
{
	return reasons[r].end;
}

const char *
deliver_kind_name(enum store_message_kind kind)
{
	static const char *const names[DELIVER_KINDS] = {
		[STORE_MESSAGE_PUSH] = "push",
		[STORE_MESSAGE_SMS] = "sms",
		[STORE_MESSAGE_MAIL] = "mail",
	};

	return names[kind];
}
