/** IP addresses and CIDR blocks of both versions, as numbers. */

/** An address as a number of 32 bits (version 4) or 128 (version 6). */
export interface IpAddress {
  readonly version: 4 | 6;
  readonly value: bigint;
}

/** All addresses of a block, first and last included. */
export interface IpBlock {
  readonly version: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  /** The number of leading bits that the addresses share. */
  readonly prefixLength: number;
}

/** The address that a text names; undefined for a text that is none. Leading zeros of an octet are decimal. */
export function parseIpAddress(text: string): IpAddress | undefined {
  return text.includes(":") ? parseVersion6(text) : parseVersion4(text);
}

function parseVersion4(text: string): IpAddress | undefined {
  const octets = text.split(".");
  if (octets.length !== 4 || !octets.every((octet) => /^[0-9]{1,10}$/.test(octet) && Number(octet) <= 255)) {
    return undefined;
  }
  return { version: 4, value: octets.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n) };
}

function parseVersion6(text: string): IpAddress | undefined {
  const halves = text.split("::");
  if (halves.length > 2) {
    return undefined;
  }
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) {
    return undefined;
  }
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...tail];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) {
    return undefined;
  }
  const value = groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
  // ::ffff:0:0/96 holds the addresses of version 4.
  return value >> 32n === 0xffffn ? { version: 4, value: value & 0xffffffffn } : { version: 6, value };
}

/** The block that a text such as `10.0.0.0/8` names; undefined for a text that is none. */
export function parseIpBlock(text: string): IpBlock | undefined {
  const [base = "", length = "", ...more] = text.split("/");
  const address = parseIpAddress(base);
  if (!address || more.length > 0 || !/^[0-9]{1,3}$/.test(length)) {
    return undefined;
  }
  const bits = address.version === 4 ? 32 : 128;
  const prefixLength = Number(length);
  if (prefixLength > bits) {
    return undefined;
  }
  const size = 1n << BigInt(bits - prefixLength);
  const first = address.value - (address.value % size);
  return { version: address.version, first, last: first + size - 1n, prefixLength };
}

/** True when the address is one of the block's. */
export function isInBlock(address: IpAddress, block: IpBlock): boolean {
  return address.version === block.version && address.value >= block.first && address.value <= block.last;
}
