/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "rp/passkeys.h"

/*
 * AAGUIDs as their makers publish them: password managers and platforms from
 * the list that passkey developers keep together (2026-08), security keys from
 * their makers' tables.  A name is a hint for people, never evidence: any
 * authenticator may claim any AAGUID unless its attestation is verified.
 *
 * Sorted, for the search below.
 */
/* clang-format off */
static const struct provider {
	char aaguid[RP_AAGUID_TEXT + 1];
	const char *name;
} providers[] = {
	{ "01020304-0506-0708-0102-030405060708", "Chromium test authenticator" },
	{ "08987058-cadc-4b81-b6e1-30de50dcbe96", "Windows Hello" },
	{ "0bb43545-fd2c-4185-87dd-feb0b2916ace", "Security Key NFC by Yubico" },
	{ "0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6", "Keeper" },
	{ "149a2021-8ef6-4133-96b8-81f8d5b7f1f5", "Security Key NFC by Yubico" },
	{ "19083c3d-8383-4b18-bc03-8f1c9ab2fd1b", "YubiKey 5" },
	{ "1ac71f64-468d-4fe0-bef1-0e5f2f551f18", "YubiKey 5 NFC" },
	{ "20ac7a17-c814-4833-93fe-539f0d5e3389", "YubiKey 5" },
	{ "22248c4c-7a12-46e2-9a41-44291b373a4d", "LogMeOnce" },
	{ "24673149-6c86-42e7-98d9-433fb5b73296", "YubiKey 5Ci" },
	{ "2fc0579f-8113-47ea-b116-bb5a8db9202a", "YubiKey 5 NFC" },
	{ "34744913-4f57-4e6e-a527-e9ec3c4b94e6", "YubiKey Bio" },
	{ "39a5647e-1853-446c-a1f6-a79bae9f5bc7", "IDmelon" },
	{ "3a662962-c6d4-4023-bebb-98ae92e78e20", "YubiKey 5Ci FIPS" },
	{ "3b24bf49-1d45-4484-a917-13175df0867b", "YubiKey 5Ci" },
	{ "4599062e-6926-4fe7-9566-9e8fb1aedaa0", "YubiKey 5" },
	{ "45e3057e-b2f9-48ed-912f-9b901e153b16", "Uniqkey" },
	{ "47ab2fb4-66ac-4184-9ae1-86be814012d5", "Security Key NFC by Yubico" },
	{ "50726f74-6f6e-5061-7373-50726f746f6e", "Proton Pass" },
	{ "531126d6-e717-415c-9320-3d9aa6981239", "Dashlane" },
	{ "53414d53-554e-4700-0000-000000000000", "Samsung Pass" },
	{ "57f7de54-c807-4eab-b1c6-1c9be7984e92", "YubiKey 5 FIPS" },
	{ "6028b017-b1d4-4c02-b4b3-afcdafc96bb2", "Windows Hello" },
	{ "662ef48a-95e2-4aaa-a6c1-5b9c40375824", "YubiKey 5 NFC" },
	{ "6ab56fad-881f-4a43-acb2-0be065924522", "YubiKey 5 NFC" },
	{ "6bb49926-160a-4306-a100-4eb39ba6ac45", "AVG Password Manager" },
	{ "6d44ba9b-f6ec-2e49-b930-0c8fe920cb73", "Security Key NFC by Yubico" },
	{ "6ec5cff2-a0f9-4169-945b-f33b563f7b99", "YubiKey Bio" },
	{ "72c6b72d-8512-4c66-8359-9d3d10d9222f", "Security Key NFC by Yubico" },
	{ "73bb0cd4-e502-49b8-9c6f-b59445bf720b", "YubiKey 5 FIPS" },
	{ "7409272d-1ff9-4e10-9fc9-ac0019c124fd", "YubiKey Bio" },
	{ "771b48fd-d3d4-4f74-9232-fc157ab0507a", "Edge on Mac" },
	{ "79f3c8ba-9e35-484b-8f47-53a5a0f5c630", "YubiKey 5 NFC FIPS" },
	{ "7b96457d-e3cd-432b-9ceb-c9fdd7ef7432", "YubiKey 5Ci FIPS" },
	{ "7d1351a6-e097-4852-b8bf-c9ac5c9ce4a3", "YubiKey Bio" },
	{ "83c47309-aabb-4108-8470-8be838b573cb", "YubiKey Bio" },
	{ "85203421-48f9-4355-9bc8-8a53846e5083", "YubiKey 5Ci FIPS" },
	{ "8c39ee86-7f9a-4a95-9ba3-f6b097e5c2ee", "YubiKey Bio" },
	{ "905b4cb4-ed6f-4da9-92fc-45e0d4e9b5c7", "YubiKey 5 FIPS" },
	{ "90636e1f-ef82-43bf-bdcf-5255f139d12f", "YubiKey Bio" },
	{ "90a3ccdf-635c-4729-a248-9b709135078f", "Microsoft Authenticator" },
	{ "97e6a830-c952-4740-95fc-7c78dc97ce47", "YubiKey Bio" },
	{ "9addb28c-b46f-4402-808f-019651441ff3", "KeePassPasskey" },
	{ "9ddd1817-af5a-4672-a2b9-3e3dd95000a9", "Windows Hello" },
	{ "9ff4cc65-6154-4fff-ba09-9e2af7882ad2", "Security Key NFC by Yubico" },
	{ "a02167b9-ae71-4ac7-9a07-06432ebb6f1c", "YubiKey 5Ci" },
	{ "a10c6dd9-465e-4226-8198-c7c44b91c555", "Kaspersky Password Manager" },
	{ "a11a5faa-9f32-4b8c-8c5d-2f7d13e8c942", "AliasVault" },
	{ "a25342c0-3cdc-4414-8e46-f4807fca511c", "YubiKey 5 NFC" },
	{ "a4a2d88e-9796-4356-9164-e2a5a8bd019c", "Avast Password Manager" },
	{ "a4e9fc6d-4cbe-4758-b8ba-37598bb5bbaa", "Security Key NFC by Yubico" },
	{ "ad08c78a-4e41-49b9-86a2-ac15b06899e2", "YubiKey Bio" },
	{ "adce0002-35bc-c60a-648b-0b25f1f05503", "Chrome on Mac" },
	{ "b35a26b2-8f6e-4697-ab1d-d44db4da28c6", "Zoho Vault" },
	{ "b5397666-4885-aa6b-cebf-e52262a439a2", "Chromium" },
	{ "b78a0a55-6ef8-d246-a042-ba0f6d55050c", "LastPass" },
	{ "b7d3f68e-88a6-471e-9ecf-2df26d041ede", "Security Key NFC by Yubico" },
	{ "b84e4048-15dc-4dd0-8640-f4f60813c8af", "NordPass" },
	{ "b90e7dc1-316e-4fee-a25a-56a666a670fe", "YubiKey 5Ci" },
	{ "b92c3f9a-c014-4056-887f-140a2501163b", "Security Key by Yubico" },
	{ "bada5566-a7aa-401f-bd96-45619a55120d", "1Password" },
	{ "c1f9a0bc-1dd2-404a-b27f-8e29047a43fd", "YubiKey 5 NFC FIPS" },
	{ "c5ef55ff-ad9a-4b9f-b580-adebafe026d0", "YubiKey 5Ci" },
	{ "cb69481e-8ff7-4039-93ec-0a2729a154a8", "YubiKey 5" },
	{ "d3452668-01fd-4c12-926c-83a4204853aa", "Microsoft Password Manager" },
	{ "d548826e-79b4-db40-a3d8-11116f7e8349", "Bitwarden" },
	{ "d7781e5d-e353-46aa-afe2-3ca49f13332a", "YubiKey 5 NFC" },
	{ "d8522d9f-575b-4866-88a9-ba99fa02f35b", "YubiKey Bio" },
	{ "d9be9d39-e6a6-4c28-a581-32b044d986e4", "Sticky Password Manager" },
	{ "dd4ec289-e01d-41c9-bb89-70fa845d4bf2", "iCloud Keychain" },
	{ "dd86a2da-86a0-4cbe-b462-4bd31f57bc6f", "YubiKey Bio" },
	{ "de1e552d-db1d-4423-a619-566b625cdc84", "Microsoft Authenticator" },
	{ "de503f9c-21a4-4f76-b4b7-558eb55c6f89", "Devolutions" },
	{ "e77e3c64-05e3-428b-8824-0cbeb04b829d", "Security Key NFC by Yubico" },
	{ "e7db2bd3-f2fe-4d71-ad78-7e7aa166cfd1", "Avira Password Manager" },
	{ "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4", "Google Password Manager" },
	{ "eaecdef2-1c31-5634-8639-f1cbd9c00a08", "KeePassDX" },
	{ "ed042a3a-4b22-4455-bb69-a267b652ae7e", "Security Key NFC by Yubico" },
	{ "ee882879-721c-4913-9775-3dfcce97072a", "YubiKey 5" },
	{ "f3809540-7f14-49c1-a8b3-8f813b225541", "Enpass" },
	{ "f8a011f3-8c0a-4d15-8006-17111f9edc7d", "Security Key by Yubico" },
	{ "fa2b99dc-9e39-4257-8f92-4a30d23c4118", "YubiKey 5 NFC" },
	{ "fa37f553-f9b6-4adb-ac53-8bbb57ebdf0d", "Norton Password Manager" },
	{ "fbfc3007-154e-4ecc-8c0b-6e020557d7bd", "iCloud Keychain" },
	{ "fcc0118f-cd45-435b-8da1-9782b2da0715", "YubiKey 5 NFC FIPS" },
	{ "fdb141b2-5d84-443e-8a35-4698c205a502", "KeePassXC" },
	{ "ff4dac45-ede8-4ec2-aced-cf66103f4335", "YubiKey 5" },
};
/* clang-format on */

void
rp_aaguid_write(const uint8_t aaguid[16], char text[RP_AAGUID_TEXT + 1])
{
	static const char hex[] = "0123456789abcdef";
	char *p = text;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[aaguid[i] >> 4];
		*p++ = hex[aaguid[i] & 15];
	}
	*p = '\0';
}

static int
compare(const void *text, const void *p)
{
	const struct provider *provider = p;

	return strcmp(text, provider->aaguid);
}

const char *
rp_provider_name(const uint8_t aaguid[16])
{
	const struct provider *found;
	char text[RP_AAGUID_TEXT + 1];

	rp_aaguid_write(aaguid, text);
	found =
	    bsearch(text, providers, sizeof(providers) / sizeof(providers[0]),
		sizeof(providers[0]), compare);
	return found != NULL ? found->name : NULL;
}
