import { parseIpAddress, parseIpBlock, type IpBlock } from "../../../aws-semantics/ip-address";

/** An IPv4 block with its first address. */
export interface Cidr extends IpBlock {
  readonly first: string;
}

/** The block of an IPv4 CIDR text; undefined for what is none. Host bits are dropped, as EC2 does. */
export function parseCidr(text: string | undefined): Cidr | undefined {
  const block = parseIpBlock(text ?? "");
  const address = parseIpAddress((text ?? "").split("/")[0]!);
  if (block?.version !== 4 || address?.version !== 4) return undefined;
  const size = addressesIn(block);
  const value = address.text.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const octets = [24, 16, 8, 0].map((shift) => Math.floor((value - (value % size)) / 2 ** shift) % 256);
  return { ...block, first: octets.join(".") };
}

/** The block as text. */
export function formatCidr({ first, prefixLength }: Cidr): string {
  return `${first}/${prefixLength}`;
}

/** How many addresses an IPv4 block has. */
export function addressesIn({ prefixLength }: IpBlock): number {
  return 2 ** (32 - prefixLength);
}

/** Whether `inner` lies within `outer`. */
export function within(inner: Cidr, outer: Cidr): boolean {
  return inner.prefixLength >= outer.prefixLength && outer.contains({ version: 4, text: inner.first });
}

/** Whether two blocks share an address: only when one lies within the other. */
export function overlap(a: Cidr, b: Cidr): boolean {
  return within(a, b) || within(b, a);
}
