/**
 * Numbers of the socket options and of the I/O control codes.
 *
 * Control codes are composed as ws2def.h does it: direction bits, then the
 * class, then a number.
 *
 *     31 30 29   28 27    26 ... 0
 *     I  O  void class    number       IOC_WSK is class 0x0F000000
 *
 * What each one does here, and which are answered with
 * STATUS_NOT_SUPPORTED, is decided by control_socket.ts and its tables.
 *
 * @module
 */

// Level SOL_SOCKET

/** Level SOL_SOCKET: not supported. */
export const SO_DEBUG = 0x0001;

/** Level SOL_SOCKET: whether the socket listens. */
export const SO_ACCEPTCONN = 0x0002;

/** Level SOL_SOCKET: share the address with others that share it. */
export const SO_REUSEADDR = 0x0004;

/** Level SOL_SOCKET: probe idle connections. */
export const SO_KEEPALIVE = 0x0008;

/** Level SOL_SOCKET: not supported. */
export const SO_DONTROUTE = 0x0010;

/** Level SOL_SOCKET: allow datagrams to broadcast addresses. */
export const SO_BROADCAST = 0x0020;

/** Level SOL_SOCKET: not supported. */
export const SO_USELOOPBACK = 0x0040;

/** Level SOL_SOCKET: a notion of Winsock's; not supported, as in WSK. */
export const SO_LINGER = 0x0080;

/** Level SOL_SOCKET: not supported. */
export const SO_OOBINLINE = 0x0100;

/** Level SOL_SOCKET: WSK buffers no sends; not supported. */
export const SO_SNDBUF = 0x1001;

/** Level SOL_SOCKET: bytes the receive queue may hold. */
export const SO_RCVBUF = 0x1002;

/** Level SOL_SOCKET: not supported. */
export const SO_SNDLOWAT = 0x1003;

/** Level SOL_SOCKET: not supported. */
export const SO_RCVLOWAT = 0x1004;

/** Level SOL_SOCKET: IoCancelIrp does this in WSK; not supported. */
export const SO_SNDTIMEO = 0x1005;

/** Level SOL_SOCKET: IoCancelIrp does this in WSK; not supported. */
export const SO_RCVTIMEO = 0x1006;

/** Level SOL_SOCKET: not supported. */
export const SO_ERROR = 0x1007;

/** Level SOL_SOCKET: the socket type. */
export const SO_TYPE = 0x1008;

/** Level SOL_SOCKET: show each connection request to WskInspectEvent first. */
export const SO_CONDITIONAL_ACCEPT = 0x3002;

/** Level SOL_SOCKET: not supported. */
export const SO_PAUSE_ACCEPT = 0x3003;

/** Level SOL_SOCKET: not supported. */
export const SO_COMPARTMENT_ID = 0x3004;

/** Level SOL_SOCKET: not supported; ephemeral ports always are random. */
export const SO_RANDOMIZE_PORT = 0x3005;

/** Level SOL_SOCKET: not supported. */
export const SO_PORT_SCALABILITY = 0x3006;

/** Level SOL_SOCKET: not supported. */
export const SO_REUSE_UNICASTPORT = 0x3007;

/** Level SOL_SOCKET: not supported. */
export const SO_REUSE_MULTICASTPORT = 0x3008;

/** Level SOL_SOCKET: the cached security descriptor that guards the address. */
export const SO_WSK_SECURITY = 0x4001;

/** Level SOL_SOCKET: enable or disable event callbacks. */
export const SO_WSK_EVENT_CALLBACK = 0x4002;

/** Level SOL_SOCKET: let nobody share the address. */
export const SO_EXCLUSIVEADDRUSE = 0xFFFFFFFB;

// Level IPPROTO_TCP

/** Level IPPROTO_TCP: WSK_FLAG_NODELAY on each send does this in WSK; not supported. */
export const TCP_NODELAY = 1;

/** Level IPPROTO_TCP: not supported. */
export const TCP_EXPEDITED_1122 = 2;

/** Level IPPROTO_TCP: seconds of idleness before the first keep-alive probe. */
export const TCP_KEEPALIVE = 3;

/** Another name of TCP_KEEPALIVE. */
export const TCP_KEEPIDLE = 3;

/** Level IPPROTO_TCP: largest segment in bytes; read only. */
export const TCP_MAXSEG = 4;

/** Level IPPROTO_TCP: seconds before an unanswered connection is given up; 0xFFFFFFFF: never. */
export const TCP_MAXRT = 5;

/** Level IPPROTO_TCP: not supported. */
export const TCP_STDURG = 6;

/** Level IPPROTO_TCP: not supported. */
export const TCP_NOURG = 7;

/** Level IPPROTO_TCP: not supported. */
export const TCP_ATMARK = 8;

/** Level IPPROTO_TCP: not supported. */
export const TCP_NOSYNRETRIES = 9;

/** Level IPPROTO_TCP: whether to offer RFC 7323 timestamps; before connecting. */
export const TCP_TIMESTAMPS = 10;

/** Level IPPROTO_TCP: not supported. */
export const TCP_OFFLOAD_PREFERENCE = 11;

/** Level IPPROTO_TCP: not supported. */
export const TCP_CONGESTION_ALGORITHM = 12;

/** Level IPPROTO_TCP: not supported. */
export const TCP_DELAY_FIN_ACK = 13;

/** Level IPPROTO_TCP: TCP_MAXRT in milliseconds. */
export const TCP_MAXRTMS = 14;

/** Level IPPROTO_TCP: allow data in the SYN, RFC 7413; 0 or 1. */
export const TCP_FASTOPEN = 15;

/** Level IPPROTO_TCP: unanswered keep-alive probes before the connection is given up, 1..255. */
export const TCP_KEEPCNT = 16;

/** Level IPPROTO_TCP: seconds between keep-alive probes. */
export const TCP_KEEPINTVL = 17;

/** Level IPPROTO_TCP: whether an ICMP error ends an attempt to connect at once. */
export const TCP_FAIL_CONNECT_ON_ICMP_ERROR = 18;

/** Level IPPROTO_TCP: which ICMP error ended the attempt; read only. */
export const TCP_ICMP_ERROR_INFO = 19;

/** Level IPPROTO_TCP: not supported. */
export const TCP_BSDURGENT = 0x7000;

// Level IPPROTO_IP

/** Level IPPROTO_IP: not supported. */
export const IP_OPTIONS = 1;

/** Level IPPROTO_IP: not supported. */
export const IP_HDRINCL = 2;

/** Level IPPROTO_IP: the type-of-service octet of packets sent. */
export const IP_TOS = 3;

/** Level IPPROTO_IP: time to live of unicast packets sent. */
export const IP_TTL = 4;

/** Level IPPROTO_IP: not supported. */
export const IP_MULTICAST_IF = 9;

/** Level IPPROTO_IP: not supported. */
export const IP_MULTICAST_TTL = 10;

/** Level IPPROTO_IP: not supported. */
export const IP_MULTICAST_LOOP = 11;

/** Level IPPROTO_IP: not supported. */
export const IP_ADD_MEMBERSHIP = 12;

/** Level IPPROTO_IP: not supported. */
export const IP_DROP_MEMBERSHIP = 13;

/** Level IPPROTO_IP: forbid fragmentation of datagrams sent. */
export const IP_DONTFRAGMENT = 14;

/** Level IPPROTO_IP: tell the local address and interface of each datagram received. */
export const IP_PKTINFO = 19;

/** Level IPPROTO_IP: tell the time to live of each datagram received. */
export const IP_RECVTTL = 21;

/** Level IPPROTO_IP: not supported. */
export const IP_RECEIVE_BROADCAST = 22;

/** Level IPPROTO_IP: not supported. */
export const IP_UNICAST_IF = 31;

/** Level IPPROTO_IP: tell the type of service of each datagram received. */
export const IP_RECVTOS = 40;

/** Level IPPROTO_IP: not supported. */
export const IP_ECN = 50;

/** Level IPPROTO_IP: not supported. */
export const IP_MTU_DISCOVER = 71;

/** Level IPPROTO_IP: not supported. */
export const IP_MTU = 73;

/** Level IPPROTO_IP: not supported. */
export const IP_USER_MTU = 76;

// Level IPPROTO_IPV6

/** Level IPPROTO_IPV6: hop limit of unicast packets sent. */
export const IPV6_UNICAST_HOPS = 4;

/** Level IPPROTO_IPV6: not supported. */
export const IPV6_MULTICAST_IF = 9;

/** Level IPPROTO_IPV6: not supported. */
export const IPV6_MULTICAST_HOPS = 10;

/** Level IPPROTO_IPV6: not supported. */
export const IPV6_MULTICAST_LOOP = 11;

/** Level IPPROTO_IPV6: not supported. */
export const IPV6_ADD_MEMBERSHIP = 12;

/** Level IPPROTO_IPV6: not supported. */
export const IPV6_DROP_MEMBERSHIP = 13;

/** Level IPPROTO_IPV6: forbid fragmentation of datagrams sent. */
export const IPV6_DONTFRAG = 14;

/** Level IPPROTO_IPV6: tell the local address and interface of each datagram received. */
export const IPV6_PKTINFO = 19;

/** Level IPPROTO_IPV6: tell the hop limit of each datagram received. */
export const IPV6_HOPLIMIT = 21;

/** Level IPPROTO_IPV6: not supported. */
export const IPV6_PROTECTION_LEVEL = 23;

/** Level IPPROTO_IPV6: keep IPv4 out; 1 by default. */
export const IPV6_V6ONLY = 27;

/** Level IPPROTO_IPV6: not supported. */
export const IPV6_UNICAST_IF = 31;

/** Level IPPROTO_IPV6: not supported. */
export const IPV6_MTU_DISCOVER = 71;

/** Level IPPROTO_IPV6: not supported. */
export const IPV6_MTU = 72;

// I/O control codes

/** Direction of a control code: no data. */
export const IOC_VOID = 0x20000000;

/** Direction of a control code: output. */
export const IOC_OUT = 0x40000000;

/** Direction of a control code: input. */
export const IOC_IN = 0x80000000;

/** Direction of a control code: both. */
export const IOC_INOUT = 0xC0000000;

/** Class of a control code: Winsock 2. */
export const IOC_WS2 = 0x08000000;

/** Class of a control code: Winsock Kernel. */
export const IOC_WSK = 0x0F000000;

/** Class of a control code: a vendor's. */
export const IOC_VENDOR = 0x18000000;

/** WskIoctl: fix a datagram socket's peer. */
export const SIO_WSK_SET_REMOTE_ADDRESS = 0x8F000001;

/** WskIoctl: register an extension interface; there are none. */
export const SIO_WSK_REGISTER_EXTENSION = 0xCF000002;

/** WskIoctl: how many bytes to keep outstanding. */
export const SIO_WSK_QUERY_IDEAL_SEND_BACKLOG = 0x4F000003;

/** WskIoctl: bytes received and not yet taken. */
export const SIO_WSK_QUERY_RECEIVE_BACKLOG = 0x4F000004;

/** WskIoctl: the WSK_INSPECT_ID an accepted socket had as a request. */
export const SIO_WSK_QUERY_INSPECT_ID = 0x4F000005;

/** WskIoctl: a datagram socket's default destination. */
export const SIO_WSK_SET_SENDTO_ADDRESS = 0x8F000006;

/** WskIoctl: send nothing any more and drop everything. */
export const SIO_WSK_SET_TCP_SILENT_MODE = 0x2F000007;

/** WskIoctl: install a WskReceiveExEvent. */
export const SIO_WSK_SET_RECEIVE_EX_CALLBACK = 0x8F000008;

/** WskIoctl: the local addresses of the socket's family. */
export const SIO_ADDRESS_LIST_QUERY = 0x48000016;

/** WskIoctl: complete when a local address is added or removed. */
export const SIO_ADDRESS_LIST_CHANGE = 0x28000017;

/** WskIoctl: sort destinations by preference. */
export const SIO_ADDRESS_LIST_SORT = 0xC8000019;

/** WskIoctl: not supported; deprecated. */
export const SIO_LOOPBACK_FAST_PATH = 0x98000010;

/** WskIoctl: not supported; there is no filtering platform. */
export const SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS = 0x980000DC;

/** WskIoctl: not supported; there is no filtering platform. */
export const SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT = 0x980000DD;

/** WskIoctl: not supported; there is no filtering platform. */
export const SIO_SET_WFP_CONNECTION_REDIRECT_RECORDS = 0x980000DE;

/** WskIoctl: Winsock's name for SIO_WSK_QUERY_IDEAL_SEND_BACKLOG; not supported. */
export const SIO_IDEAL_SEND_BACKLOG_QUERY = 0x4004747B;

/** WskIoctl: Winsock's name for the send backlog event; not supported. */
export const SIO_IDEAL_SEND_BACKLOG_CHANGE = 0x2000747A;

/** WskIoctl: keep-alive with its times in milliseconds. */
export const SIO_KEEPALIVE_VALS = 0x98000004;

/** WskIoctl: first retransmission timeout and number of SYN retransmissions. */
export const SIO_TCP_INITIAL_RTO = 0x98000011;

/** WskIoctl: not supported. */
export const SIO_CPU_AFFINITY = 0x98000015;

/** WskIoctl: not supported. */
export const SIO_TCP_SET_ICW = 0x98000016;

/** WskIoctl: not supported. */
export const SIO_TCP_SET_ACK_FREQUENCY = 0x98000017;

/** WskIoctl: not supported. */
export const SIO_SET_PRIORITY_HINT = 0x98000018;

/** WskIoctl: what TCP knows about the connection. */
export const SIO_TCP_INFO = 0xD8000027;
