/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives each file of a folder to a fuzz target, once, with any compiler.
 * Prints TAP: a line a file.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

/* In memory of its exact size, so that ASan sees a byte too far. */
static int
replay(const char *folder, const char *name)
{
	char path[4096];
	uint8_t *bytes;
	long n;
	FILE *in;
	int ok;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if ((in = fopen(path, "rb")) == NULL)
		return 0;
	fseek(in, 0, SEEK_END);
	n = ftell(in);
	rewind(in);
	bytes = malloc(n > 0 ? (size_t)n : 1);
	ok = n >= 0 && bytes != NULL &&
	     fread(bytes, 1, (size_t)n, in) == (size_t)n;
	fclose(in);
	if (ok)
		LLVMFuzzerTestOneInput(bytes, (size_t)n);
	free(bytes);
	return ok;
}

int
main(int argc, char **argv)
{
	struct dirent **names;
	int count, tests = 0, failed = 0;

	if (argc != 2 ||
	    (count = scandir(argv[1], &names, NULL, alphasort)) < 0) {
		printf("Bail out! usage: %s FOLDER\n", argv[0]);
		return 1;
	}
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.') {
			const int ok = replay(argv[1], names[i]->d_name);

			printf("%sok %d - %s\n", ok ? "" : "not ", ++tests,
			    names[i]->d_name);
			failed += !ok;
		}
		free(names[i]);
	}
	free(names);
	printf("1..%d\n", tests);
	return failed > 0 || tests == 0;
}
