import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  afterLook,
  changeOf,
  decidingLabel,
  isProofDoubtful,
  plausible,
  revisionOf,
  versionWith,
  withDates,
  type SecretLook,
  type SecretState,
  type Word,
} from "../../../handler/observe/secret-state";
import type { ValueChange } from "../../../handler/plan/freshness";

const second = 1000;
const minute = 60 * second;
const created = Date.parse("2026-02-05T10:00:00Z");
/** When AWSCURRENT moved from A to B. */
const moved = created + 60 * minute;
const arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:shop/db-AbCdEf";

/** A look at a secret whose labels are on these versions. */
function look(
  current: string,
  previous: string | undefined,
  changedAtMs: number,
  more: Partial<SecretLook> = {},
): SecretLook {
  const versions: Record<string, string[]> = { [current]: ["AWSCURRENT"] };
  if (previous !== undefined) versions[previous] = [...(versions[previous] ?? []), "AWSPREVIOUS"];
  return { arn, changedAtMs, deleted: false, versions, ...more };
}

function word(versionId: string, atMs: number, more: Partial<Word> = {}): Word {
  return {
    subject: arn,
    label: "AWSCURRENT",
    versionId,
    atMs,
    cause: "PutSecretValue",
    who: "operator",
    ...more,
  };
}

/** When each version was created: B when AWSCURRENT moved there, C a minute later. */
const dates = new Map([
  ["A", created],
  ["B", moved],
  ["C", moved + minute],
]);

/** The state after these looks and words, as a run keeps it: words first, then the look, then the dates. */
function after(...steps: readonly (SecretLook | Word)[]): SecretState {
  const words: Word[] = [];
  let state: SecretState | undefined;
  for (const step of steps)
    if ("versionId" in step) words.push(step);
    else {
      const next = afterLook(state, step, "AWSCURRENT");
      state = next && withDates(next, words, dates);
    }
  assert.ok(state);
  return state;
}

function proofOf(state: SecretState): number | undefined {
  return state.proof && state.proof.atMs - moved;
}

const seenA = look("A", undefined, created);
const seenB = look("B", "A", moved);

describe("a proof", () => {
  const rows: [string, readonly (SecretLook | Word)[], number | undefined][] = [
    ["is an event's word whose version and time a look confirms", [seenA, word("B", moved), seenB], 0],
    ["needs no earlier look", [word("B", moved), seenB], 0],
    ["needs an event", [seenA, seenB], undefined],
    ["needs a look after the event", [seenB, word("B", moved)], undefined],
    ["is refused when the label is on another version", [word("C", moved), seenB], undefined],
    ["is refused when it is later than the last change", [word("B", moved + 2001), seenB], undefined],
    ["may be two seconds later than the last change", [word("B", moved + 2000), seenB], 2000],
    [
      "is refused when it is earlier than the version's creation",
      [word("B", moved - 2001), seenB],
      undefined,
    ],
    ["may be two seconds earlier than the version's creation", [word("B", moved - 2000), seenB], -2000],
    [
      "is refused when it is earlier than the creation of AWSPREVIOUS's version",
      [word("A", moved - minute), look("A", "B", moved + minute)],
      undefined,
    ],
    [
      "is refused when a look showed another map at a later time",
      [look("A", "B", moved + 5 * minute), word("B", moved), look("B", "A", moved + 9 * minute)],
      undefined,
    ],
    [
      "may be two seconds earlier than the look that showed another map",
      [look("A", "B", moved + 2000), word("B", moved), look("B", "A", moved + 9 * minute)],
      0,
    ],
    [
      "stands when tags are edited: only LastChangedDate moves",
      [seenA, word("B", moved), seenB, look("B", "A", moved + 40 * minute)],
      0,
    ],
    ["is confirmed after a tag edit, too", [seenA, word("B", moved), look("B", "A", moved + 40 * minute)], 0],
    [
      "stands when AWSPENDING is put on a version and taken away",
      [
        word("B", moved),
        seenB,
        look("B", "A", moved + minute, {
          versions: { B: ["AWSCURRENT"], A: ["AWSPREVIOUS"], C: ["AWSPENDING"] },
        }),
      ],
      0,
    ],
    ["breaks when the label moves", [word("B", moved), seenB, look("C", "B", moved + minute)], undefined],
    [
      "breaks when AWSPREVIOUS is on a version that was created after it",
      [word("B", moved), seenB, look("B", "C", moved + 2 * minute)],
      undefined,
    ],
    [
      "stands when AWSPREVIOUS moves to a version that was created before it",
      [word("B", moved), look("B", undefined, moved), look("B", "A", moved + minute)],
      0,
    ],
    [
      "stands when AWSPREVIOUS is on a version that was created two seconds after it",
      [word("B", moved + minute - 2000), look("B", "A", moved + minute), look("B", "C", moved + 2 * minute)],
      minute - 2000,
    ],
    [
      "breaks when AWSPREVIOUS is on a version that was created later than that",
      [word("B", moved + minute - 2001), look("B", "A", moved + minute), look("B", "C", moved + 2 * minute)],
      undefined,
    ],
    [
      "never revives: A, B and A again",
      [word("A", created), seenA, seenB, look("A", "B", moved + minute)],
      undefined,
    ],
    [
      "never revives when the same word is said again",
      [word("A", created), seenA, seenB, word("A", created), look("A", "B", moved + minute)],
      undefined,
    ],
    [
      "never revives when the look between was within the tolerance",
      [
        word("A", moved - second),
        look("A", "B", moved),
        look("B", "A", moved + second),
        look("A", "B", moved + 9 * minute),
      ],
      undefined,
    ],
    [
      "is made anew by an event of the move back",
      [word("A", created), seenA, seenB, word("A", moved + minute), look("A", "B", moved + minute)],
      minute,
    ],
    [
      "is taken from a later event of the same version",
      [word("B", moved), seenB, word("B", moved + 5 * minute), look("B", "A", moved + 5 * minute)],
      5 * minute,
    ],
    [
      "is the latest of several words",
      [
        word("B", moved),
        word("B", moved + 5 * minute),
        word("B", moved + minute),
        look("B", "A", moved + 5 * minute),
      ],
      5 * minute,
    ],
    [
      "is not replaced by a second event of the same move",
      [word("B", moved), seenB, word("B", moved + 2000), look("B", "A", moved + minute)],
      0,
    ],
    [
      "is not replaced by an older one that comes late",
      [
        word("B", moved + minute),
        look("B", "A", moved + minute),
        word("B", moved),
        look("B", "A", moved + 2 * minute),
      ],
      minute,
    ],
  ];
  for (const [sentence, steps, expected] of rows)
    it(sentence, () => assert.equal(proofOf(after(...steps)), expected));

  it("carries the event's word", () => {
    const said = word("B", moved);

    assert.equal(after(said, seenB).proof, said);
  });

  it("is doubtful as long as AWSPREVIOUS's version was not asked about", () => {
    const proved = after(word("B", moved), seenB);
    const again = afterLook(proved, look("B", "C", moved + 2 * minute), "AWSCURRENT")!;

    assert.equal(isProofDoubtful(proved, again), true);
    assert.equal(isProofDoubtful(proved, { ...again, previous: "A" }), false);
    assert.equal(isProofDoubtful(proved, { ...again, proof: undefined }), false);
    assert.equal(isProofDoubtful(undefined, again), true);
  });
});

describe("afterLook", () => {
  it("takes over the first look", () => {
    assert.deepEqual(afterLook(undefined, { ...seenB, rotatedAtMs: moved - second }, "AWSCURRENT"), {
      broken: {},
      version: "B",
      previous: "A",
      hiMs: moved,
      changedAtMs: moved,
      otherMs: undefined,
      rotatedAtMs: moved - second,
      proof: undefined,
    });
  });

  it("keeps the smallest time of all looks that showed this map", () => {
    const state = after(seenB, look("B", "A", moved + minute), look("B", "A", moved + 2 * minute));

    assert.deepEqual([state.hiMs, state.changedAtMs, state.otherMs], [moved, moved + 2 * minute, undefined]);
  });

  it("takes over the latest date of a rotation", () => {
    const state = afterLook(after(seenB), { ...seenB, rotatedAtMs: moved }, "AWSCURRENT");

    assert.equal(state?.rotatedAtMs, moved);
  });

  it("is a witness of a move: not earlier than the last look that showed another map", () => {
    const state = after(seenA, look("A", undefined, created + minute), seenB);

    assert.deepEqual([state.version, state.hiMs, state.otherMs], ["B", moved, created + minute]);
  });

  it("is a witness of AWSPREVIOUS's move, too", () => {
    const state = after(look("B", undefined, created + minute), seenB);

    assert.deepEqual([state.version, state.hiMs, state.otherMs], ["B", moved, created + minute]);
  });

  it("ignores an answer that is older than the last one", () => {
    const state = after(seenB);

    assert.equal(afterLook(state, seenA, "AWSCURRENT"), state);
  });

  it("takes an answer of the same time for a newer one", () => {
    const state = afterLook(after(look("A", undefined, moved)), seenB, "AWSCURRENT");

    assert.equal(state?.version, "B");
  });

  it("knows nothing of a label that no version has", () => {
    assert.equal(afterLook(undefined, seenB, "BLUE"), undefined);
    assert.equal(
      afterLook(after(seenB), look("B", "A", moved + 1, { versions: {} }), "AWSCURRENT"),
      undefined,
    );
  });

  it("keeps AWSPREVIOUS out of the map of a custom label", () => {
    const versions = { A: ["AWSPREVIOUS"], B: ["AWSCURRENT", "BLUE"] };
    const first = afterLook(undefined, { ...seenB, versions }, "BLUE");
    const moves = {
      ...seenB,
      changedAtMs: moved + minute,
      versions: { B: ["AWSPREVIOUS", "BLUE"], C: ["AWSCURRENT"] },
    };

    const second = afterLook(first, moves, "BLUE");

    assert.deepEqual(
      [first?.previous, second?.version, second?.hiMs, second?.otherMs],
      [undefined, "B", moved, undefined],
    );
  });
});

describe("changeOf", () => {
  const presumed = { proved: false, doubt: false, versionId: "B" };
  const doubted = { ...presumed, doubt: true };
  type Row = [string, SecretState, ReadonlyMap<string, number> | undefined, ValueChange];
  const rows: Row[] = [
    [
      "a proof: its time alone",
      after(seenA, word("B", moved), look("B", "A", moved + minute)),
      dates,
      {
        loMs: moved,
        hiMs: moved,
        proved: true,
        doubt: false,
        versionId: "B",
        cause: "PutSecretValue",
        who: "operator",
      },
    ],
    ["dates that were not asked: its latest time", after(seenB), undefined, { ...presumed, hiMs: moved }],
    ["dates that were not asked, and a witness", after(seenA, seenB), undefined, { ...doubted, hiMs: moved }],
    [
      "a version without a date: no time at all",
      after(look("X", "A", moved)),
      dates,
      { ...presumed, versionId: "X", hiMs: Infinity },
    ],
    [
      "the younger version has the label: presumed at its creation",
      after(look("B", "A", moved + minute)),
      dates,
      { ...presumed, loMs: moved, hiMs: moved + minute },
    ],
    [
      "the label went back to the older version: a doubt since the younger one's creation",
      after(look("A", "B", moved + 5 * minute)),
      dates,
      { ...doubted, versionId: "A", loMs: moved, hiMs: moved + 5 * minute },
    ],
    [
      "the label went back, and tags were edited since: the latest time of the first look",
      after(look("A", "B", moved + 5 * minute), look("A", "B", moved + 50 * minute)),
      dates,
      { ...doubted, versionId: "A", loMs: moved, hiMs: moved + 5 * minute },
    ],
    [
      "a witness: a doubt since the look that showed another map",
      after(look("A", undefined, moved + 2 * minute), look("B", "A", moved + 5 * minute)),
      dates,
      { ...doubted, loMs: moved + 2 * minute, hiMs: moved + 5 * minute },
    ],
    [
      "a witness of a version that was created later",
      after(seenA, look("B", "A", moved + 5 * minute)),
      dates,
      { ...doubted, loMs: moved, hiMs: moved + 5 * minute },
    ],
    [
      "a rotation: not earlier than its date",
      after({ ...look("B", "A", moved + 5 * minute), rotatedAtMs: moved + minute }),
      dates,
      { ...presumed, loMs: moved + minute, hiMs: moved + 5 * minute },
    ],
    [
      "two versions of one time: no doubt",
      after(look("D", "B", moved + minute)),
      new Map([...dates, ["D", moved]]),
      { ...presumed, versionId: "D", loMs: moved, hiMs: moved + minute },
    ],
    [
      "a first version: presumed at its creation",
      after(look("A", undefined, created + minute)),
      dates,
      { ...presumed, versionId: "A", loMs: created, hiMs: created + minute },
    ],
    [
      "an AWSPREVIOUS version without a date",
      after(look("B", "X", moved + minute)),
      dates,
      { ...presumed, loMs: moved, hiMs: moved + minute },
    ],
    [
      "a version that seems to be created after the last change: never an interval upside down",
      after(look("B", "A", moved - second)),
      dates,
      { ...presumed, loMs: moved - second, hiMs: moved - second },
    ],
  ];
  for (const [condition, state, known, expected] of rows)
    it(condition, () => {
      assert.deepEqual(changeOf(state, "AWSCURRENT", known), expected);
      assert.deepEqual(
        changeOf(state, "AWSPREVIOUS", known),
        expected,
        "AWSPREVIOUS has the times of AWSCURRENT",
      );
    });

  it("leaves the date of a rotation out for a custom label", () => {
    const versions = { A: ["AWSPREVIOUS"], B: ["AWSCURRENT", "BLUE"] };
    const state = afterLook(
      undefined,
      { ...look("B", "A", moved + 5 * minute), versions, rotatedAtMs: moved + minute },
      "BLUE",
    )!;

    assert.deepEqual(changeOf(state, "BLUE", dates), { ...presumed, loMs: moved, hiMs: moved + 5 * minute });
  });

  it("R8, R9: is the same before and after a tag edit, once the value was looked at", () => {
    for (const steps of [
      [seenB],
      [seenA, seenB],
      [word("B", moved), seenB],
      [look("A", "B", moved + minute)],
    ]) {
      const last = steps.at(-1) as SecretLook;
      const edited = { ...last, changedAtMs: last.changedAtMs + 60 * minute };

      assert.deepEqual(
        changeOf(after(...steps, edited), "AWSCURRENT", dates),
        changeOf(after(...steps), "AWSCURRENT", dates),
      );
    }
  });
});

describe("plausible", () => {
  it("leaves out words that dates could not confirm", () => {
    const words = [word("A", moved), word("B", moved + 2001), word("B", moved), word("B", created)];

    assert.deepEqual(plausible(after(seenA, seenB), words), [words[2], words[3]]);
  });
});

describe("revisionOf", () => {
  const base = after(word("B", moved), seenB);
  const others: [string, SecretState][] = [
    ["another version", { ...base, version: "C" }],
    ["another AWSPREVIOUS version", { ...base, previous: "C" }],
    ["no AWSPREVIOUS version", { ...base, previous: undefined }],
    ["another proof", { ...base, proof: word("B", moved + 1) }],
    ["no proof", { ...base, proof: undefined }],
  ];
  for (const [what, other] of others)
    it(`differs for ${what}`, () => assert.notEqual(revisionOf(other), revisionOf(base)));

  it("is the same after a tag edit", () => {
    assert.equal(revisionOf({ ...base, changedAtMs: moved + minute }), revisionOf(base));
  });
});

describe("decidingLabel", () => {
  const rows: [string, string][] = [
    ["AWSPREVIOUS", "AWSCURRENT"],
    ["AWSCURRENT", "AWSCURRENT"],
    ["BLUE", "BLUE"],
  ];
  for (const [label, expected] of rows)
    it(`is ${expected} for ${label}`, () => assert.equal(decidingLabel(label), expected));
});

describe("versionWith", () => {
  it("is the version with the label, if there is one", () => {
    assert.deepEqual([versionWith(seenB, "AWSPREVIOUS"), versionWith(seenB, "BLUE")], ["A", undefined]);
  });
});

/** What may happen to AWSCURRENT of a secret, in turn. */
type Step =
  | { readonly kind: "put" | "back" | "tag"; readonly heard: boolean }
  | { readonly kind: "look" }
  | { readonly kind: "wait"; readonly ms: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("put" as const, "back" as const, "tag" as const), heard: fc.boolean() }),
  fc.constant({ kind: "look" as const }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 100, max: 30 * second }) }),
);

describe("what looks and events say of a drawn history", () => {
  it("never claims a change before the last one, but for moves there and back that leave no trace", () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 25 }), (steps) => {
        let nowMs = created;
        let current = "v0";
        let previous: string | undefined;
        let changedMs = created;
        let editedMs = created;
        /** The maps since the last look: one that comes back leaves no trace of what was between. */
        let maps = ["v0"];
        let isTraceless = false;
        const made = new Map([["v0", created]]);
        const words: Word[] = [];
        let state: SecretState | undefined;
        for (const step of steps) {
          if (step.kind === "wait") nowMs += step.ms;
          if (step.kind === "tag") editedMs = nowMs;
          if (step.kind === "put" || (step.kind === "back" && previous !== undefined)) {
            // Two moves within the tolerance cannot be told apart.
            nowMs += 3001;
            const next: string = step.kind === "put" ? `v${made.size}` : previous!;
            if (step.kind === "put") made.set(next, nowMs);
            [current, previous] = [next, current];
            changedMs = editedMs = nowMs;
            const map = `${current} ${previous}`;
            if (maps.includes(map) && !step.heard) isTraceless = true;
            maps.push(map);
            // Events give whole seconds.
            if (step.heard) words.push(word(current, Math.floor(nowMs / 1000) * 1000));
          }
          if (step.kind !== "look") continue;
          if (isTraceless) return true;
          const next = afterLook(state, look(current, previous, editedMs), "AWSCURRENT");
          state = next && withDates(next, words, made);
          maps = maps.slice(-1);
          assert.ok(state);
          const change = changeOf(state, "AWSCURRENT", made);
          const { loMs = 0, hiMs, proved, doubt } = change;
          assert.ok(hiMs + 2 * second + second >= changedMs, JSON.stringify({ change, changedMs }));
          if (proved || doubt)
            assert.ok(loMs <= changedMs + 2 * second, JSON.stringify({ change, changedMs }));
        }
        return true;
      }),
      { numRuns: 5000 },
    );
  });
});
