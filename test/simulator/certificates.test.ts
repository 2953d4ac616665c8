import { X509Certificate } from "node:crypto";
import { createCertificateAuthority } from "../../simulator/server/certificates.js";

it("issues certificates that its authority stands for, by host name and address", async () => {
  const authority = await createCertificateAuthority();

  const { cert } = await authority.issue(["localhost", "127.0.0.1"]);

  const [ca, leaf] = [new X509Certificate(authority.pem), new X509Certificate(cert)];
  expect(leaf.checkIssued(ca)).toBe(true);
  expect(leaf.verify(ca.publicKey)).toBe(true);
  expect(leaf.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1");
  expect(ca.ca).toBe(true);
});

it("makes them valid around real time", async () => {
  const authority = await createCertificateAuthority();
  const { validFromDate, validToDate } = new X509Certificate(authority.pem);

  const year = 365 * 24 * 3_600_000;
  expect(Date.now() - validFromDate.getTime()).toBeGreaterThan(0.99 * year);
  expect(validToDate.getTime() - Date.now()).toBeGreaterThan(9.9 * year);
});

it("keeps the context of a host", async () => {
  const authority = await createCertificateAuthority();

  const [first, again] = await Promise.all([
    authority.contextFor("a.example"),
    authority.contextFor("a.example"),
  ]);

  expect(again).toBe(first);
});
