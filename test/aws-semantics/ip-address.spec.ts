import assert from "node:assert/strict";
import { isInBlock, parseIpAddress, parseIpBlock } from "../../aws-semantics/ip-address";

describe("aws-semantics/ip-address", () => {
  for (const [text, version, value] of [
    ["0.0.0.0", 4, 0n],
    ["10.1.2.3", 4, 0x0a010203n],
    ["010.1.2.3", 4, 0x0a010203n],
    ["::", 6, 0n],
    ["::1", 6, 1n],
    ["2001:db8::ff00:42:8329", 6, 0x20010db8000000000000ff0000428329n],
    ["1:2:3:4:5:6:7:8", 6, 0x00010002000300040005000600070008n],
    ["::ffff:0a01:0203", 4, 0x0a010203n],
  ] as const) {
    it(`reads ${text} as an address of version ${version}`, () => {
      assert.deepEqual(parseIpAddress(text), { version, value });
    });
  }

  for (const text of [
    "",
    "1.2.3",
    "1.2.3.256",
    "1.2.3.-4",
    "a.b.c.d",
    ":::",
    "1::2::3",
    "1:2:3",
    "::12345",
    "1:2:3:4:5:6:7:8:9",
  ]) {
    it(`takes ${JSON.stringify(text)} for no address`, () => {
      assert.equal(parseIpAddress(text), undefined);
    });
  }

  it("gives a block its first and last address, wherever in it the base lies", () => {
    assert.deepEqual(parseIpBlock("10.0.0.77/24"), {
      version: 4,
      first: 0x0a000000n,
      last: 0x0a0000ffn,
      prefixLength: 24,
    });
  });

  for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "x/8"]) {
    it(`takes ${text} for no block`, () => {
      assert.equal(parseIpBlock(text), undefined);
    });
  }

  it("keeps addresses of one version out of blocks of the other", () => {
    const address = parseIpAddress("0.0.0.1");
    const block = parseIpBlock("::/0");
    assert.ok(address && block);
    assert.equal(isInBlock(address, block), false);
  });
});
