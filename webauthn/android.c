/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/android.h"

#include "webauthn/der.h"

/* Tags in an AuthorizationList, and the values we want there. */
enum {
	TAG_PURPOSE = 1,
	TAG_ALL_APPLICATIONS = 600,
	TAG_ORIGIN = 702,
	KM_PURPOSE_SIGN = 2,
	KM_ORIGIN_GENERATED = 0,
};

static bool
read_purposes(struct slice content, struct wa_android_list *a)
{
	struct cursor c = cursor_over(content), inside;
	struct slice set, number;

	if (!cursor_der_of(&c, WA_DER_SET, &set) || !cursor_finished(&c))
		return false;
	a->has_purpose = true;
	inside = cursor_over(set);
	while (inside.rest.n > 0 && !inside.bad) {
		if (cursor_der_of(&inside, WA_DER_INTEGER, &number) &&
		    wa_der_number(number) == KM_PURPOSE_SIGN)
			a->may_sign = true;
	}
	return !inside.bad;
}

static bool
read_origin(struct slice content, struct wa_android_list *a)
{
	struct cursor c = cursor_over(content);
	struct slice number;

	if (!cursor_der_of(&c, WA_DER_INTEGER, &number) || !cursor_finished(&c))
		return false;
	a->has_origin = true;
	a->generated = wa_der_number(number) == KM_ORIGIN_GENERATED;
	return true;
}

/* SEQUENCE of explicitly tagged members, each optional; no tag twice. */
static bool
read_list(struct slice list, struct wa_android_list *a)
{
	struct cursor c = cursor_over(list);
	struct wa_der item;

	while (c.rest.n > 0) {
		if (!cursor_der(&c, &item) || item.class != WA_DER_CONTEXT)
			return false;
		if (item.tag == TAG_ALL_APPLICATIONS)
			a->all_applications = true;
		if ((item.tag == TAG_PURPOSE &&
			(a->has_purpose || !read_purposes(item.content, a))) ||
		    (item.tag == TAG_ORIGIN &&
			(a->has_origin || !read_origin(item.content, a))))
			return false;
	}
	return true;
}

bool
wa_android_description_parse(
    struct slice der, struct wa_android_description *out)
{
	struct cursor outer = cursor_over(der), c;
	struct slice sequence, ignored, software, tee;
	struct wa_android_description d = { 0 };

	if (!cursor_der_of(&outer, WA_DER_SEQUENCE, &sequence) ||
	    !cursor_finished(&outer))
		return false;
	c = cursor_over(sequence);
	if (!cursor_der_of(&c, WA_DER_INTEGER, &ignored) || /* version */
	    !cursor_der_of(&c, WA_DER_ENUMERATED, &ignored) || /* its level */
	    !cursor_der_of(&c, WA_DER_INTEGER, &ignored) || /* of keymaster */
	    !cursor_der_of(&c, WA_DER_ENUMERATED, &ignored) || /* its level */
	    !cursor_der_of(&c, WA_DER_OCTETS, &d.challenge) ||
	    !cursor_der_of(&c, WA_DER_OCTETS, &ignored) || /* unique id */
	    !cursor_der_of(&c, WA_DER_SEQUENCE, &software) ||
	    !cursor_der_of(&c, WA_DER_SEQUENCE, &tee) || !cursor_finished(&c) ||
	    !read_list(software, &d.software) || !read_list(tee, &d.tee))
		return false;
	*out = d;
	return true;
}
