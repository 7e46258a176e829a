import assert from "node:assert/strict";
import { countFrom1, dropRedirections, oneOf, readOptions, UsageError } from "../../demo/command";

const options = { json: { type: "boolean" }, seed: { type: "string", default: "demo" } } as const;

/** The sentence that a mistake is answered with. */
function mistake(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  throw new Error("no mistake was found");
}

describe("a command line", () => {
  it("gives its options, with defaults", () => {
    assert.deepEqual({ ...readOptions(options, ["--json"]) }, { json: true, seed: "demo" });
    assert.deepEqual({ ...readOptions(options, ["--seed", "other"]) }, { seed: "other" });
  });

  it("asks for help with --help, whatever else it says", () => {
    assert.equal(readOptions(options, ["--nonsense", "--help"]), undefined);
  });

  for (const [args, sentence] of [
    [["--fast"], "Unknown option '--fast'; --help lists the options."],
    [["fast"], "Unexpected argument 'fast'; --help lists the options."],
    [["--seed"], "Option '--seed <value>' argument missing; --help lists the options."],
    [["--seed", "--json"], "Option '--seed' argument is ambiguous; --help lists the options."],
    [["--json=yes"], "Option '--json' does not take an argument; --help lists the options."],
  ] as const)
    it(`is refused in one sentence: ${args.join(" ")}`, () => {
      assert.equal(
        mistake(() => readOptions(options, args)),
        sentence,
      );
    });

  it("is refused with what was found and what is expected, where a value is none of a few words or no count", () => {
    assert.equal(oneOf("--store", "secret", ["secret", "parameter"]), "secret");
    assert.equal(
      mistake(() => oneOf("--store", "file", ["secret", "parameter"])),
      "--store: found file, expected secret or parameter.",
    );
    assert.equal(countFrom1("--rotations", "50"), 50);
    for (const found of ["0", "-1", "1.5", "many", ""])
      assert.equal(
        mistake(() => countFrom1("--rotations", found)),
        `--rotations: found ${found}, expected a whole number from 1.`,
      );
  });
});

describe("the environment of a command", () => {
  it("loses what redirects connections, and nothing else", () => {
    const environment = {
      https_proxy: "a",
      HTTP_PROXY: "b",
      no_proxy: "c",
      PGSSLMODE: "d",
      PGOPTIONS: "e",
      PATH: "f",
    };

    dropRedirections(environment);

    assert.deepEqual(environment, { PATH: "f" });
  });
});
