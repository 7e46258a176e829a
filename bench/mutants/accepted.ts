/** Mutants that no test can kill, because they change nothing that is promised. */
export interface AcceptedMutant {
  readonly file: string;
  readonly original: string;
  readonly replacement: string;
  readonly reason: string;
}

/** Survivors with the reason why they may survive. */
export const accepted: readonly AcceptedMutant[] = [
  {
    file: "handler/trigger.ts",
    original: '""',
    replacement: '"Stryker was here!"',
    reason: "neither text is an ARN",
  },
  {
    file: "handler/trigger.ts",
    original: "[]",
    replacement: '["Stryker was here"]',
    reason: "neither is the path of a service",
  },
];
