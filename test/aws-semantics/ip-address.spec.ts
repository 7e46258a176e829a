import assert from "node:assert/strict";
import { parseIpAddress, parseIpBlock } from "../../aws-semantics/ip-address";

describe("aws-semantics/ip-address", () => {
  for (const [text, version, spelling] of [
    ["0.0.0.0", 4, "0.0.0.0"],
    ["10.1.2.3", 4, "10.1.2.3"],
    ["010.1.2.3", 4, "10.1.2.3"],
    ["::", 6, "::"],
    ["::1", 6, "::1"],
    ["0:0:0:0:0:0:0:1", 6, "::1"],
    ["2001:DB8::ff00:0042:8329", 6, "2001:db8::ff00:42:8329"],
    ["1:2:3:4:5:6:7:8", 6, "1:2:3:4:5:6:7:8"],
    ["::ffff:0a01:0203", 4, "10.1.2.3"],
  ] as const) {
    it(`reads ${text} as ${spelling} of version ${version}`, () => {
      assert.deepEqual(parseIpAddress(text), { version, text: spelling });
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
    "fe80::1%eth0",
    "::ffff:10.1.2.3",
  ]) {
    it(`takes ${JSON.stringify(text)} for no address`, () => {
      assert.equal(parseIpAddress(text), undefined);
    });
  }

  it("has every address of a block in it and no other, wherever in it the base lies", () => {
    const block = parseIpBlock("10.0.0.77/24");
    assert.deepEqual([block?.version, block?.prefixLength], [4, 24]);
    assert.deepEqual(
      ["9.255.255.255", "10.0.0.0", "10.0.0.255", "10.0.1.0"].map((text) =>
        block?.contains(parseIpAddress(text)!),
      ),
      [false, true, true, false],
    );
  });

  for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "x/8"]) {
    it(`takes ${text} for no block`, () => {
      assert.equal(parseIpBlock(text), undefined);
    });
  }

  it("keeps addresses of one version out of blocks of the other", () => {
    assert.equal(parseIpBlock("::/0")?.contains(parseIpAddress("0.0.0.1")!), false);
    assert.equal(parseIpBlock("0.0.0.0/0")?.contains(parseIpAddress("::1")!), false);
  });
});
