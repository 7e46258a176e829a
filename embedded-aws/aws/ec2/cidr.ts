/** An IPv4 range as two numbers, both included. */
export interface Range {
  readonly first: number;
  readonly last: number;
  readonly bits: number;
}

/** The range of an IPv4 CIDR block; undefined for what is none. Host bits are dropped, as EC2 does. */
export function parseCidr(text: string | undefined): Range | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text ?? "");
  if (!match) return undefined;
  const parts = match.slice(1).map(Number);
  const bits = parts[4]!;
  if (bits > 32 || parts.slice(0, 4).some((p) => p > 255)) return undefined;
  const address = parts.slice(0, 4).reduce((sum, p) => sum * 256 + p, 0);
  const size = 2 ** (32 - bits);
  const first = address - (address % size);
  return { first, last: first + size - 1, bits };
}

/** The range as text. */
export function formatCidr({ first, bits }: Range): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${bytes.join(".")}/${bits}`;
}

/** Whether two ranges share an address. */
export function overlap(a: Range, b: Range): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Whether `inner` lies within `outer`. */
export function within(inner: Range, outer: Range): boolean {
  return inner.first >= outer.first && inner.last <= outer.last;
}
