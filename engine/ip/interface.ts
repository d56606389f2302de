/**
 * A device the layer sends and receives by, with its name on the link.
 *
 * The interface owns the queue of the layer's own packets (egress.ts) and what
 * a router said about the link; addresses and routes are tables of the layer.
 *
 * @module
 */
import { type Micros, NEVER } from "../base/units.ts";
import { type LinkDevice, MEDIUM_ETHERNET } from "../link/device.ts";
import type { EgressQueue } from "./egress.ts";

/** Hop limit of packets whose sender names none: RFC 1700, RFC 8504 §5.2; Linux the same. */
export const DEFAULT_HOP_LIMIT = 64;

/** One attached device. Made by the layer; others read it. */
export class IpInterface {
  /** Its number, from 0; numbers of removed interfaces are used again. */
  readonly index: number;
  /** What it is called in messages. */
  readonly name: string;
  /** The device. */
  readonly device: LinkDevice;
  /** Frames carry Ethernet headers, and neighbours have hardware addresses. */
  readonly ethernet: boolean;
  /** Packets to our own addresses go out and come in by it. */
  readonly loopback: boolean;
  /** Upper 16 bits of our hardware address. */
  readonly linkHi: number;
  /** Lower 32 bits of our hardware address. */
  readonly linkLo: number;
  /** The layer's own packets that wait for the device. */
  readonly queue: EgressQueue;
  /** Largest packet in bytes: the device's, or less when a router advertised less (RFC 4861 §6.3.4). */
  mtu: number;
  /** MTU a router advertised, or `Infinity`. */
  advertisedMtu: number = Infinity;
  /** Hop limit a router advertised, or {@linkcode DEFAULT_HOP_LIMIT}. */
  hopLimit: number = DEFAULT_HOP_LIMIT;
  /** When we last defended an address against another host's claim, RFC 5227 §2.4. */
  defendedAt: Micros = -Infinity;
  /** When routers are asked next; `NEVER` when they are not. */
  solicitAt: Micros = NEVER;
  /** Router solicitations sent. */
  solicitCount = 0;
  /** Another node's claim makes an address tentative unless this is off. */
  readonly detectDuplicates: boolean;
  /** Routers are asked, and their advertisements obeyed. */
  readonly autoconfigure: boolean;

  /** Makes an interface; `options` are settled by the layer. */
  constructor(options: {
    readonly index: number;
    readonly name: string;
    readonly device: LinkDevice;
    readonly loopback: boolean;
    readonly linkHi: number;
    readonly linkLo: number;
    readonly queue: EgressQueue;
    readonly detectDuplicates: boolean;
    readonly autoconfigure: boolean;
  }) {
    this.index = options.index;
    this.name = options.name;
    this.device = options.device;
    this.ethernet = options.device.caps.medium === MEDIUM_ETHERNET;
    this.loopback = options.loopback;
    this.linkHi = options.linkHi;
    this.linkLo = options.linkLo;
    this.queue = options.queue;
    this.detectDuplicates = options.detectDuplicates;
    this.autoconfigure = options.autoconfigure;
    this.mtu = options.device.caps.ipMtu;
  }

  /** Takes over the device's MTU, which may have changed; whether it did. */
  updateMtu(): boolean {
    const mtu = Math.min(this.device.caps.ipMtu, this.advertisedMtu);
    if (mtu === this.mtu) return false;
    this.mtu = mtu;
    return true;
  }
}
