#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# embed.py FROM TO: a JSON file, made compact, as an array in C.
import json
import sys

with open(sys.argv[1], encoding='utf-8') as f:
    text = json.dumps(json.load(f), ensure_ascii=False, separators=(',', ':'))
data = text.encode()
with open(sys.argv[2], 'w', encoding='ascii') as f:
    f.write('#include "web/server/openapi.h"\n\n')
    f.write('const uint8_t web_openapi[] = {')
    for i, b in enumerate(data):
        f.write(('\n\t' if i % 16 == 0 else ' ') + f'{b},')
    f.write('\n};\n')
    f.write('const size_t web_openapi_size = sizeof(web_openapi);\n')
