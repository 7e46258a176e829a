import { BlockList, isIP, SocketAddress } from "node:net";

/** An address in the one spelling by which two spellings of it are compared. */
export interface IpAddress {
  readonly version: 4 | 6;
  readonly text: string;
}

/** All addresses that share the leading bits of one address. */
export interface IpBlock {
  readonly version: 4 | 6;
  readonly prefixLength: number;
  contains(address: IpAddress): boolean;
}

/** The address that a text names; undefined for a text that is none. Leading zeros of an octet are decimal. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (!text.includes(":")) {
    const octets = text.replace(/\b0+(?=\d)/g, "");
    return isIP(octets) === 4 ? { version: 4, text: octets } : undefined;
  }
  // Neither a zone (`%eth0`) nor dotted octets.
  if (/[%.]/.test(text) || isIP(text) !== 6) {
    return undefined;
  }
  const { address } = new SocketAddress({ address: text, family: "ipv6" });
  // ::ffff:0:0/96 holds the addresses of version 4.
  const octets = /^::ffff:([0-9.]+)$/.exec(address)?.[1];
  return octets === undefined ? { version: 6, text: address } : { version: 4, text: octets };
}

/** The block that a text such as `10.0.0.0/8` names; undefined for a text that is none. */
export function parseIpBlock(text: string): IpBlock | undefined {
  const [base = "", length = "", ...more] = text.split("/");
  const address = parseIpAddress(base);
  if (!address || more.length > 0 || !/^[0-9]{1,3}$/.test(length)) {
    return undefined;
  }
  const { version } = address;
  const prefixLength = Number(length);
  if (prefixLength > (version === 4 ? 32 : 128)) {
    return undefined;
  }
  const block = new BlockList();
  block.addSubnet(address.text, prefixLength, `ipv${version}`);
  return {
    version,
    prefixLength,
    contains: (other) => other.version === version && block.check(other.text, `ipv${version}`),
  };
}
