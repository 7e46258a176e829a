import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { createAuthority } from "./certificates";

describe("createAuthority", () => {
  it("issues certificates that verify against it, for a name and for an address", () => {
    const authority = createAuthority("local authority");
    const root = new X509Certificate(authority.certificate);

    const name = new X509Certificate(authority.issue("db.shop.test").certificate);
    const address = new X509Certificate(authority.issue("127.0.0.1").certificate);

    assert.ok(root.ca && root.verify(root.publicKey));
    for (const leaf of [name, address])
      assert.ok(leaf.checkIssued(root) && leaf.verify(root.publicKey) && !leaf.ca);
    assert.equal(name.checkHost("db.shop.test"), "db.shop.test");
    assert.equal(address.checkIP("127.0.0.1"), "127.0.0.1");
    assert.ok(!new X509Certificate(createAuthority("local authority").certificate).verify(root.publicKey));
  });

  it("is believed by a client that trusts it, and by no other", async () => {
    const authority = createAuthority("local authority");
    const { certificate, key } = authority.issue("127.0.0.1");
    const server = createServer({ cert: certificate, key }, (socket) => socket.end("hello"));
    server.on("tlsClientError", () => undefined);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;

    const trusting = connect({ host: "127.0.0.1", port, ca: authority.certificate });
    const [greeting] = (await once(trusting, "data")) as [Buffer];
    const stranger = connect({ host: "127.0.0.1", port });

    assert.equal(String(greeting), "hello");
    await assert.rejects(once(stranger, "secureConnect"), { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
    trusting.destroy();
    server.close();
  });
});
