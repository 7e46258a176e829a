import { createHash } from "node:crypto";
import type { Caller } from "../caller";

/** What an SDK client signs with. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** For a role: temporary credentials always carry one. */
  readonly sessionToken?: string;
}

/**
 * Which access key belongs to which caller. A caller has one key for the life of the world, made from the seed
 * and the caller alone: handing out a key changes no other draw.
 */
export class CredentialStore {
  readonly #byCaller = new Map<string, Credentials>();
  readonly #byKey = new Map<string, Caller>();

  constructor(private readonly seed: string) {}

  /** The credentials of a caller; the same ones each time. Services acting for themselves have none. */
  of(caller: Caller): Credentials {
    const name = nameOf(caller);
    const known = this.#byCaller.get(name);
    if (known) return known;
    const temporary = caller.kind === "role";
    const digest = (what: string) => createHash("sha256").update(`${this.seed}/${what}/${name}`).digest();
    const made: Credentials = {
      accessKeyId: (temporary ? "ASIA" : "AKIA") + base32(digest("key"), 16),
      secretAccessKey: digest("secret").toString("base64").slice(0, 40),
      ...(temporary ? { sessionToken: digest("token").toString("base64") } : {}),
    };
    this.#byCaller.set(name, made);
    this.#byKey.set(made.accessKeyId, caller);
    return made;
  }

  callerOf(accessKeyId: string): Caller | undefined {
    return this.#byKey.get(accessKeyId);
  }

  /** Takes a key of a user away. */
  delete(accessKeyId: string): void {
    const caller = this.#byKey.get(accessKeyId);
    if (caller) this.#byCaller.delete(nameOf(caller));
    this.#byKey.delete(accessKeyId);
  }
}

function nameOf(caller: Caller): string {
  switch (caller.kind) {
    case "role":
      return `${caller.roleArn} ${caller.session}`;
    case "service":
      return `${caller.principal} ${caller.sourceArn ?? ""}`;
    case "operator":
      return `operator ${caller.userName}`;
  }
}

function base32(bytes: Uint8Array, length: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return [...bytes.subarray(0, length)].map((byte) => alphabet[byte % 32]).join("");
}
