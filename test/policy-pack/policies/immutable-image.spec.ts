import assert from "node:assert/strict";
import { messages } from "../../support/policies";
import { cluster, recycler, service } from "../../support/policy-programs";
import { immutableImage, isMutable } from "../../../policy-pack/policies/immutable-image";

const { name } = immutableImage;

describe(name, () => {
  it("finds nothing in a covered service on a version's tag", async () => {
    const program = () => (recycler(), service(cluster()));

    assert.deepEqual(await messages(name, program), []);
  });

  it("advises a digest where the tag moves", async () => {
    const program = () => (recycler(), service(cluster(), { container: { image: "checkout:latest" } }));

    const [message] = await messages(name, program);

    assert.match(
      message!,
      /^advisory: shop\/checkout: container "app" runs "checkout:latest", a tag that can be reassigned/,
    );
    assert.match(message!, /Use the image's digest \(name@sha256:\.\.\.\)/);
  });

  it("leaves a service alone that nobody recycles", async () => {
    const program = () => service(cluster(), { container: { image: "checkout:latest" } });

    assert.deepEqual(await messages(name, program), []);
  });

  for (const [image, mutable] of [
    ["checkout", true],
    ["localhost:5000/checkout", true],
    ["localhost:5000/checkout:main", true],
    ["registry.example.com/shop/checkout:1.4.0", false],
    ["checkout:latest@sha256:0a1b", false],
  ] as const)
    it(`takes ${image} as ${mutable ? "moving" : "fixed"}`, () => {
      assert.equal(isMutable(image), mutable);
    });
});
