import { gzipSync } from "node:zlib";
import type { Caller } from "../caller";
import { ServiceError } from "../errors";
import type { Random } from "../random";
import type { World } from "../world";
import type { TrailRecord } from "./record";

/** Where a trail's log files go. */
export interface LogDestination {
  readonly trailArn: string;
  readonly bucket: string;
  readonly prefix?: string;
}

/** CloudTrail acts for a trail: the bucket's policy decides. */
export function trailCaller(trailArn: string): Caller {
  return { kind: "service", principal: "cloudtrail.amazonaws.com", sourceArn: trailArn };
}

/** `PREFIX/AWSLogs/ACCOUNT`, below which a trail writes. */
export function logFolder(world: World, prefix: string | undefined): string {
  return `${prefix ? `${prefix}/` : ""}AWSLogs/${world.account}`;
}

/** Gathers a trail's records and writes them as compressed files, as CloudTrail does about every five minutes. */
export class LogFiles {
  #pending: TrailRecord[] = [];
  #scheduled = false;
  #random: Random | undefined;
  latestDeliveryMs: number | undefined;
  latestError: string | undefined;

  constructor(
    private readonly world: World,
    private readonly destination: () => LogDestination,
    private readonly intervalMs: () => number,
  ) {}

  add(record: TrailRecord): void {
    this.#pending.push(record);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.world.clock.schedule(this.intervalMs(), "log file of a trail", () => this.#write());
  }

  async #write(): Promise<void> {
    this.#scheduled = false;
    const records = this.#pending;
    this.#pending = [];
    const { world } = this;
    const { trailArn, bucket, prefix } = this.destination();
    const iso = new Date(world.clock.now()).toISOString();
    const day = iso.slice(0, 10).replaceAll("-", "/");
    const stamp = iso.slice(0, 16).replace(/[-:]/g, "");
    // Not in the constructor: the trail that the destination speaks of is made together with this object.
    this.#random ??= world.random.fork(`cloudtrail/files/${trailArn}`);
    const file = `${world.account}_CloudTrail_${world.region}_${stamp}Z_${this.#random.text(16)}.json.gz`;
    try {
      await world.call(
        "s3",
        "PutObject",
        {
          Bucket: bucket,
          Key: `${logFolder(world, prefix)}/CloudTrail/${world.region}/${day}/${file}`,
          Body: gzipSync(JSON.stringify({ Records: records })),
          ACL: "bucket-owner-full-control",
          ContentType: "application/json",
          ContentEncoding: "gzip",
        },
        trailCaller(trailArn),
      );
      this.latestDeliveryMs = world.clock.now();
      this.latestError = undefined;
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      // GetTrailStatus shows it; the records are lost, as after CloudTrail's own retries.
      this.latestError = error.code;
    }
  }
}
