import { createHash } from "node:crypto";
import { CompactEncrypt, compactDecrypt, errors } from "jose";
import { z } from "zod";
import { Refusal } from "../server/refusal.js";
import { geographyOf } from "../world/geographies.js";
import { guidFrom } from "../world/names.js";
import type { Secret } from "./secrets.js";
import type { Vault } from "./state.js";

const FORMAT = "AzureKeyVaultSecretBackupV1.microsoft.com";
/** The length of the format's name in a byte, its name, and then a JWE that only the service can open. */
const HEADER = String.fromCharCode(FORMAT.length) + FORMAT;

const Contents = z.strictObject({
  name: z.string(),
  versions: z
    .array(
      z.strictObject({
        id: z.string(),
        value: z.string(),
        createdAt: z.number(),
        updatedAt: z.number(),
        contentType: z.string().optional(),
        tags: z.record(z.string(), z.string()).optional(),
        enabled: z.boolean(),
        notBefore: z.number().optional(),
        expires: z.number().optional(),
      }),
    )
    .min(1),
});
export type BackupContents = z.infer<typeof Contents>;

/** All versions of a secret as an opaque blob, in base64url as the service answers it. */
export async function sealBackup(vault: Vault, { name, versions }: Secret): Promise<string> {
  const contents = Buffer.from(JSON.stringify({ name, versions }), "utf8");
  const sealed = await new CompactEncrypt(contents)
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid: guidFrom(worldOf(vault)) })
    .encrypt(keyOf(vault));
  return Buffer.from(HEADER + sealed, "utf8").toString("base64url");
}

/** Opens a blob in a vault; one that was made in another subscription or geography cannot be opened. */
export async function openBackup(vault: Vault, blob: string): Promise<BackupContents> {
  const text = Buffer.from(blob, "base64url").toString("utf8");
  if (!text.startsWith(HEADER)) {
    throw new Refusal(
      400,
      "Malformed backup blob",
      "Backup blob contains invalid or corrupt version.",
    );
  }
  try {
    const { plaintext } = await compactDecrypt(text.slice(HEADER.length), keyOf(vault));
    return Contents.parse(JSON.parse(Buffer.from(plaintext).toString("utf8")));
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw new Refusal(400, "BadParameter", "Cannot decrypt backup blob.");
  }
}

/** The security world that a vault belongs to. */
function worldOf({ id, region }: Vault): string {
  const [, , subscription = ""] = id.split("/");
  return `${subscription.toLowerCase()} ${geographyOf(region)}`;
}

// The key follows from the security world, so that blobs outlive this process, as they outlive any machine of Azure's.
function keyOf(vault: Vault): Uint8Array {
  return createHash("sha256")
    .update(`simulated security world of ${worldOf(vault)}`)
    .digest();
}
