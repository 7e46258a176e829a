import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { scramVerifier } from "../../rotator/scram";

// RFC 7677, section 3: user "user", password "pencil".
const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
const clientFirst = "n=user,r=rOprNGfwEbeRWgbNEkqO";
const serverFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const clientFinal = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

describe("scramVerifier", () => {
  it("holds the keys with which the exchange of RFC 7677 succeeds", () => {
    const verifier = scramVerifier("pencil", salt);

    const [, iterations, written, storedKey, serverKey] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)$/.exec(
      verifier,
    )!;
    assert.equal(iterations, "4096");
    assert.equal(written, "W22ZaJ0SNY7soEsUEjb6gQ==");
    const message = `${clientFirst},${serverFirst},${clientFinal}`;
    const signature = createHmac("sha256", Buffer.from(serverKey!, "base64"))
      .update(message)
      .digest("base64");
    assert.equal(signature, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    // The proof of the RFC's client, checked as a server does: ClientKey = proof XOR signature, H(ClientKey) = StoredKey.
    const proof = Buffer.from("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "base64");
    const mask = createHmac("sha256", Buffer.from(storedKey!, "base64")).update(message).digest();
    const clientKey = proof.map((byte, index) => byte ^ mask[index]!);
    assert.equal(createHash("sha256").update(clientKey).digest("base64"), storedKey);
  });

  it("uses another salt each time, and never holds the password", () => {
    const password = 'it\'s "secret" $1 \\';

    const [one, other] = [scramVerifier(password), scramVerifier(password)];

    assert.notEqual(one, other);
    assert.ok(!one.includes(password));
    const parts = /:([^$]+)\$/.exec(one)![1]!;
    const salted = pbkdf2Sync(password, Buffer.from(parts, "base64"), 4096, 32, "sha256");
    assert.ok(one.endsWith(createHmac("sha256", salted).update("Server Key").digest("base64")));
  });

  it("refuses what client and server could normalise differently", () => {
    for (const password of ["", "pässword", "tab\t"])
      assert.throws(() => scramVerifier(password), /printable ASCII/);
  });
});
