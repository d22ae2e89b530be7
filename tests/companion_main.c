/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A companion app on a terminal, for who develops against the API without a
 * phone at hand: joins an account, shows what is asked, signs what is chosen.
 * Its keys live as long as it runs.  Loopback only.
 *
 *	companion LINK [--name NAME]	  LINK: what the QR code of an offer
 *					  says, "ORIGIN/companion#offer=…"
 *	companion ORIGIN --sign-up ACCOUNT [--name NAME]
 *					  makes the account first
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/companion.h"

enum { LOOK_MS = 500 };

static int
usage(void)
{
	fputs("usage: companion ORIGIN/companion#offer=TOKEN [--name NAME]\n"
	      "       companion ORIGIN --sign-up ACCOUNT [--name NAME]\n",
	    stderr);
	return 2;
}

/* "http://host:port" of a link; a copy. */
static char *
origin_of(const char *link)
{
	const char *host = strstr(link, "://");

	if (host == NULL)
		return NULL;
	host += 3;
	return strndup(link, (size_t)(host - link) + strcspn(host, "/#"));
}

static void
join(struct companion *c, const char *offer, const char *name)
{
	json_t *told;

	companion_answer(c, offer, name);
	printf("confirm \"%s\" on the computer…\n", name);
	told = companion_await(c, offer);
	printf("the computer says: %s\n", json_string_value(told));
	if (strcmp(json_string_value(told), "confirmed") != 0)
		exit(1);
	json_decref(told);
}

/* What a person has to see before they choose. */
static void
show(const json_t *seen)
{
	const json_t *context = json_object_get(seen, "context"), *one;
	const json_t *choices = json_object_get(context, "shown");
	size_t i;

	printf("\n%s is asked for by %s\n  at %s %s %s\n  %s\n",
	    json_at(seen, "context.app"), json_at(seen, "context.browser.name"),
	    json_at(seen, "context.browser.address"),
	    json_at(seen, "context.browser.place"),
	    json_at(seen, "context.browser.network"),
	    json_is_true(json_object_get(
		json_object_get(seen, "context"), "same_network"))
		? "in the same network as this phone"
		: "NOT in the network of this phone");
	if (json_object_get(context, "binding") != NULL)
		printf("  it says: %s\n", json_at(seen, "context.binding"));
	printf("none of these, not me: \"no\"; and never again: \"report\"\n");
	json_array_foreach(choices, i, one)
	    printf("  %s", json_string_value(one));
	printf("\nnumber on the screen: ");
	(void)fflush(stdout);
}

/* False: nothing can be read any more. */
static bool
ask_person(char *answer, size_t size)
{
	if (fgets(answer, (int)size, stdin) == NULL)
		return false;
	answer[strcspn(answer, "\r\n")] = '\0';
	return true;
}

/* "no", "report", or a number that could be the one. */
static bool
is_answer(const json_t *seen, const char *answer)
{
	const json_t *context = json_object_get(seen, "context"), *one;
	const json_t *choices = json_object_get(context, "shown");
	size_t i;

	if (strcmp(answer, "no") == 0 || strcmp(answer, "report") == 0)
		return true;
	json_array_foreach(choices, i,
	    one) if (strcmp(json_string_value(one), answer) == 0) return true;
	return json_array_size(choices) == 0 &&
	       strspn(answer, "0123456789") == strlen(answer);
}

static bool
decide(struct companion *c, const char *id)
{
	json_t *seen = companion_look(c, id), *options, *done = NULL;
	char answer[32];
	bool goes_on;

	do
		show(seen);
	while ((goes_on = ask_person(answer, sizeof(answer))) &&
	       !is_answer(seen, answer));
	if (goes_on) {
		if (strcmp(answer, "no") == 0 || strcmp(answer, "report") == 0)
			done = companion_refuse(
			    c, id, answer[0] == 'n' ? "deny" : "report");
		else if ((options = companion_choose(c, id, seen, answer)) ==
			 NULL)
			fputs("what is to be signed is NOT what was shown\n",
			    stderr);
		else {
			done = companion_sign(c, id, options);
			json_decref(options);
		}
	}
	if (done != NULL)
		printf("%s\n", json_at(done, "state"));
	json_decref(done);
	json_decref(seen);
	return goes_on;
}

static void
serve(struct companion *c)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000 };
	char id[32];

	printf("waiting; Ctrl-C ends it\n");
	for (;;) {
		snprintf(id, sizeof(id), "%s", companion_pending(c));
		if (id[0] == '\0')
			(void)nanosleep(&pause, NULL);
		else if (!decide(c, id))
			return;
	}
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "name", required_argument, NULL, 'n' },
		{ "sign-up", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	const char *name = "Terminal", *account = NULL, *offer;
	struct server *server;
	struct companion *c;
	char *origin;
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (o == 'n')
			name = optarg;
		else if (o == 's')
			account = optarg;
		else
			return usage();
	if (optind != argc - 1 || (origin = origin_of(argv[optind])) == NULL)
		return usage();
	offer = strstr(argv[optind], "#offer=");
	if ((offer == NULL) == (account == NULL)) {
		free(origin);
		return usage();
	}
	server = server_elsewhere(origin);
	c = companion_new(visitor_new(server));
	if (offer != NULL)
		join(c, offer + strlen("#offer="), name);
	else {
		json_decref(visitor_sign_up(c->v, account));
		companion_join(c, name);
		printf("%s has a phone, %s\n", account, c->id);
	}
	serve(c);
	companion_free(c);
	server_end(server);
	free(origin);
	return 0;
}
