import { createHash } from "node:crypto";

/** An object as it was last put. */
export interface StoredObject {
  readonly key: string;
  readonly body: Uint8Array;
  /** Quoted MD5 of the body. */
  readonly etag: string;
  readonly modifiedMs: number;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A bucket: its objects, and whatever is configured for it. */
export class Bucket {
  readonly #objects = new Map<string, StoredObject>();
  /** Configurations by the name that their operations share (`BucketPolicy`, `PublicAccessBlock`). */
  readonly configurations = new Map<string, unknown>();

  constructor(
    readonly name: string,
    readonly createdMs: number,
  ) {}

  get empty(): boolean {
    return this.#objects.size === 0;
  }

  /** The policy document as text. */
  get policy(): string | undefined {
    return this.configurations.get("BucketPolicy") as string | undefined;
  }

  put(object: Omit<StoredObject, "etag">): StoredObject {
    const stored = { ...object, etag: `"${createHash("md5").update(object.body).digest("hex")}"` };
    this.#objects.set(object.key, stored);
    return stored;
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  delete(key: string): void {
    this.#objects.delete(key);
  }

  /** The objects below a prefix, in order of keys (UTF-8). */
  list(prefix: string): StoredObject[] {
    return [...this.#objects.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  }
}
