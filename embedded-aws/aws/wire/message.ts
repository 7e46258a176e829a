/** A request as both doors hand it in: HTTP without a socket. */
export interface WireRequest {
  readonly method: string;
  /** Percent-encoded, without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** An answer as both doors send it. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The model calls the body a stream: a client in process must get one. */
  readonly streaming?: boolean;
}

/** Text as bytes. */
export function bytes(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}

/** Bytes as text. */
export function text(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
}
