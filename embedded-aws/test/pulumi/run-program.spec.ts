import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { runProgram, type Engine } from "../../pulumi/run-program";

const options = { project: "test", stack: "dev", config: { "test:count": 7, "test:list": ["a"] } };

function engine(change: Partial<Engine> = {}): Engine {
  return {
    newResource: ({ inputs }) => ({ id: "id", state: inputs as object }),
    call: () => ({}),
    ...change,
  };
}

describe("runProgram", () => {
  it("answers the exports with their outputs awaited, of a function too", async () => {
    const exported = { a: pulumi.output(1), b: [pulumi.secret("two")] };

    const outputs = [
      await runProgram(() => exported, options, engine()),
      await runProgram(() => async () => exported, options, engine()),
    ];

    assert.deepEqual(outputs, Array(2).fill({ a: 1, b: ["two"] }));
  });

  it("gives settings as the engine does: what is no text as JSON, what is encrypted as a secret", async () => {
    const encrypted = { ...options, secretKeys: ["test:count"] };

    const outputs = await runProgram(
      () => {
        const config = new pulumi.Config("test");
        return {
          stack: pulumi.getStack(),
          list: config.requireObject("list"),
          isSecret: pulumi.isSecret(config.requireSecretNumber("count")),
        };
      },
      encrypted,
      engine(),
    );

    assert.deepEqual(outputs, { stack: "dev", list: ["a"], isSecret: true });
  });

  it("tells the engine when the runtime is ready, before the program begins", async () => {
    const order: string[] = [];

    await runProgram(() => void order.push("program"), options, engine({ ready: () => order.push("ready") }));

    assert.deepEqual(order, ["ready", "program"]);
  });

  it("runs one program after the other, after one that fails too", async () => {
    const order: string[] = [];
    const program = (name: string, fails: boolean) => () => async () => {
      order.push(`${name} begins`);
      await new Promise(setImmediate);
      order.push(`${name} ends`);
      if (fails) throw new Error(`${name} fails`);
    };

    const first = runProgram(program("first", true), options, engine());
    const second = runProgram(program("second", false), options, engine());

    await assert.rejects(first, /first fails/);
    await second;
    assert.deepEqual(order, ["first begins", "first ends", "second begins", "second ends"]);
  });

  it("leaves the length of stack traces as it was, after a failure too", async () => {
    const before = Error.stackTraceLimit;

    const failing = runProgram(
      () => {
        throw new Error("no program");
      },
      options,
      engine(),
    );

    await assert.rejects(failing, /no program/);
    assert.equal(Error.stackTraceLimit, before);
  });
});
