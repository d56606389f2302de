/**
 * A socket's options: what was set, in the units the engine uses.
 *
 * One record for all categories; which member may be touched when, and by
 * which option number, is control_options.ts's affair. Defaults are Windows'
 * where the reference names one: keep-alive after 7,200 s, every second, ten
 * times.
 *
 * @module
 */
import { type Micros, SECOND } from "../base/units.ts";
import type { SECURITY_DESCRIPTOR } from "./structures.ts";
import type { TransportOptions } from "./transport.ts";

/** The options of one socket. */
export class SocketOptions implements TransportOptions {
  /** SO_REUSEADDR. */
  reuseAddress = false;
  /** SO_EXCLUSIVEADDRUSE. */
  exclusiveAddress = false;
  /** SO_CONDITIONAL_ACCEPT. */
  conditionalAccept = false;
  /** SO_WSK_SECURITY. */
  security: SECURITY_DESCRIPTOR | null = null;
  /** SO_KEEPALIVE. */
  keepAlive = false;
  /** TCP_KEEPIDLE. */
  keepAliveIdle: Micros = 7_200 * SECOND;
  /** TCP_KEEPINTVL. */
  keepAliveInterval: Micros = SECOND;
  /** TCP_KEEPCNT. */
  keepAliveCount = 10;
  /** SO_RCVBUF; 0: the stack decides. */
  receiveCapacity = 0;
  /** TCP_FASTOPEN. */
  fastOpen = false;
  /** TCP_TIMESTAMPS. */
  timestamps = true;
  /** TCP_MAXRT; 0: the stack decides, Infinity: never. */
  userTimeout: Micros = 0;
  /** TCP_FAIL_CONNECT_ON_ICMP_ERROR. */
  failOnIcmpError = false;
  /** SIO_TCP_INITIAL_RTO. */
  initialRto: Micros = 0;
  /** SIO_TCP_INITIAL_RTO. */
  synRetries = -1;
  /** IP_TOS. */
  trafficClass = 0;
  /** IP_TTL, IPV6_UNICAST_HOPS; 0: the stack decides. */
  hopLimit = 0;
  /** IP_DONTFRAGMENT. */
  dontFragment = false;
  /** SO_BROADCAST. */
  broadcast = false;
  /** IPV6_V6ONLY. */
  v6Only = true;
  /** IP_PKTINFO, IPV6_PKTINFO. */
  packetInfo = false;
  /** IP_RECVTTL, IPV6_HOPLIMIT. */
  receiveHopLimit = false;
  /** IP_RECVTOS. */
  receiveTrafficClass = false;

  /** What a listening socket's connections inherit. */
  inherit(from: SocketOptions): void {
    this.keepAlive = from.keepAlive;
    this.keepAliveIdle = from.keepAliveIdle;
    this.keepAliveInterval = from.keepAliveInterval;
    this.keepAliveCount = from.keepAliveCount;
    this.receiveCapacity = from.receiveCapacity;
    this.trafficClass = from.trafficClass;
    this.hopLimit = from.hopLimit;
  }
}
