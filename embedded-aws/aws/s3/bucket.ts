import { createHash } from "node:crypto";
import type { Random } from "../random";

/** One version of an object; a delete marker has no body. */
export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
  readonly body: Uint8Array | undefined;
  /** Quoted MD5 of the body. */
  readonly etag: string;
  readonly modifiedMs: number;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly metadata: Readonly<Record<string, string>>;
  tags: readonly { readonly Key: string; readonly Value: string }[];
}

/** A bucket: its objects, versioned or not, and whatever is configured for it. */
export class Bucket {
  /** Versions of each key, oldest first. */
  readonly #objects = new Map<string, ObjectVersion[]>();
  /** Configurations by the name that their operations share (`BucketPolicy`, `PublicAccessBlock`). */
  readonly configurations = new Map<string, unknown>();

  constructor(
    readonly name: string,
    readonly createdMs: number,
    private readonly random: Random,
  ) {}

  get versioned(): boolean {
    return (
      (this.configurations.get("BucketVersioning") as { Status?: string } | undefined)?.Status === "Enabled"
    );
  }

  get empty(): boolean {
    return this.#objects.size === 0;
  }

  /** The policy document as text. */
  get policy(): string | undefined {
    return this.configurations.get("BucketPolicy") as string | undefined;
  }

  put(object: Omit<ObjectVersion, "versionId" | "etag">): ObjectVersion {
    const version: ObjectVersion = {
      ...object,
      versionId: this.versioned ? this.random.text(32) : "null",
      etag: `"${createHash("md5")
        .update(object.body ?? "")
        .digest("hex")}"`,
    };
    const kept = (this.#objects.get(object.key) ?? []).filter(
      (v) => this.versioned || v.versionId !== version.versionId,
    );
    this.#objects.set(object.key, [...kept, version]);
    return version;
  }

  get(key: string, versionId?: string): ObjectVersion | undefined {
    const versions = this.#objects.get(key) ?? [];
    return versionId === undefined ? versions.at(-1) : versions.find((v) => v.versionId === versionId);
  }

  /** Deletes a version for good, or, in a versioned bucket without one named, puts a delete marker on top. */
  delete(key: string, versionId: string | undefined, nowMs: number): ObjectVersion | undefined {
    if (versionId === undefined && this.versioned)
      return this.put({ key, body: undefined, modifiedMs: nowMs, metadata: {}, tags: [] });
    const versions = this.#objects.get(key) ?? [];
    const kept = versions.filter((v) => v.versionId !== (versionId ?? "null"));
    if (kept.length > 0) this.#objects.set(key, kept);
    else this.#objects.delete(key);
    return versions.find((v) => v.versionId === versionId);
  }

  /** The latest version of each key that is not deleted, in order of keys (UTF-8). */
  current(prefix: string): ObjectVersion[] {
    return this.versions(prefix).flatMap(({ version, latest }) => (latest && version.body ? [version] : []));
  }

  /** Every version, newest first within a key. */
  versions(prefix: string): { version: ObjectVersion; latest: boolean }[] {
    return [...this.#objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .flatMap((key) =>
        [...(this.#objects.get(key) ?? [])]
          .reverse()
          .map((version, index) => ({ version, latest: index === 0 })),
      );
  }
}
