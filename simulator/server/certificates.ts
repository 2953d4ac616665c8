// tsyringe, inside the certificate library, needs the metadata API to be there first.
import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const YEAR_MS = 365 * 24 * 3_600_000;

/** A certificate authority made for one run, and the leaf certificates it issues by host name. */
export interface CertificateAuthority {
  readonly pem: string;
  /** The same context for the same names, made at first use. */
  contextFor(host: string): Promise<SecureContext>;
  issue(names: readonly string[]): Promise<{ readonly cert: string; readonly key: string }>;
}

export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const validity = realValidity();
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=Simulated Azure CA",
    ...validity,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const pem = `${certificate.toString("pem")}\n`;
  const contexts = new Map<string, Promise<SecureContext>>();
  let serial = 1;

  async function issue(names: readonly string[]): Promise<{ cert: string; key: string }> {
    serial += 1;
    const own = await newKeys();
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: serial.toString(16).padStart(4, "0"),
      subject: `CN=${names[0] ?? "localhost"}`.slice(0, 64 + "CN=".length),
      issuer: certificate.subject,
      ...validity,
      signingAlgorithm: ALGORITHM,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: /^[\d.]+$/.test(value) ? "ip" : "dns", value })),
        ),
        await x509.AuthorityKeyIdentifierExtension.create(certificate),
      ],
    });
    return { cert: `${leaf.toString("pem")}\n`, key: await privateKeyPem(own.privateKey) };
  }

  return {
    pem,
    issue,
    contextFor: (host) => {
      const known = contexts.get(host);
      if (known !== undefined) return known;
      const made = issue([host]).then(createSecureContext);
      contexts.set(host, made);
      return made;
    },
  };
}

/** OpenSSL sees the real clock, so validity is counted from real time, whatever the offset of `Date` is. */
function realValidity(): { notBefore: Date; notAfter: Date } {
  const now = performance.timeOrigin + performance.now();
  return { notBefore: new Date(now - YEAR_MS), notAfter: new Date(now + 10 * YEAR_MS) };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", key)).toString("base64");
  const lines = der.match(/.{1,64}/g) ?? [];
  return ["-----BEGIN PRIVATE KEY-----", ...lines, "-----END PRIVATE KEY-----", ""].join("\n");
}
