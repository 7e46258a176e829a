import { createSign, generateKeyPairSync, randomBytes, type KeyObject } from "node:crypto";

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Who signs: made anew for each run, trusted by nobody who is not given its certificate. */
export interface Authority {
  /** PEM, for whoever is to trust it (`NODE_EXTRA_CA_CERTS`). */
  readonly certificate: string;
  /** A certificate of a server under a name or an IPv4 address. */
  issue(host: string): Certificate;
}

/** Object identifiers, encoded (RFC 5280, RFC 5758). */
const oid = {
  commonName: hex("0603550403"),
  ecdsaWithSha256: hex("06082a8648ce3d040302"),
  basicConstraints: hex("0603551d13"),
  subjectAltName: hex("0603551d11"),
};

/** Validity far around today, so that no clock is asked: the keys live for one run. */
const validity = sequence(time("20200101000000Z"), time("20991231235959Z"));

/** Makes an authority of elliptic-curve keys (P-256). */
export function createAuthority(name: string): Authority {
  const authority = keys();
  const certificate = sign(authority.privateKey, name, name, authority.publicKey, [
    extension(oid.basicConstraints, sequence(hex("0101ff"))),
  ]);
  return {
    certificate,
    issue(host) {
      const server = keys();
      const address = /^\d+\.\d+\.\d+\.\d+$/.test(host)
        ? tagged(0x87, Buffer.from(host.split(".").map(Number)))
        : tagged(0x82, Buffer.from(host));
      return {
        certificate: sign(authority.privateKey, name, host, server.publicKey, [
          extension(oid.subjectAltName, sequence(address)),
        ]),
        key: server.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      };
    },
  };
}

function keys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** An X.509 certificate (RFC 5280, section 4.1). */
function sign(
  signer: KeyObject,
  issuer: string,
  subject: string,
  key: KeyObject,
  extensions: Buffer[],
): string {
  const serial = randomBytes(16);
  serial[0] = 0x40 | (serial[0]! & 0x3f); // positive, without a leading zero
  const algorithm = sequence(oid.ecdsaWithSha256);
  const body = sequence(
    tagged(0xa0, hex("020102")), // version 3
    tagged(0x02, serial),
    algorithm,
    distinguishedName(issuer),
    validity,
    distinguishedName(subject),
    key.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = createSign("sha256").update(body).sign(signer);
  const der = sequence(body, algorithm, tagged(0x03, Buffer.concat([hex("00"), signature])));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

function distinguishedName(commonName: string): Buffer {
  return sequence(tagged(0x31, sequence(oid.commonName, tagged(0x0c, Buffer.from(commonName)))));
}

function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, tagged(0x04, value));
}

function time(text: string): Buffer {
  return tagged(0x18, Buffer.from(text));
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

/** Tag, length and content (X.690, distinguished encoding rules). */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const bytes = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

function hex(text: string): Buffer {
  return Buffer.from(text, "hex");
}
