"""The kernel's UDP, for the tests: an echo, and somebody who asks.

    udp.py echo PORT              answers on both families until killed
    udp.py ask HOST PORT SIZE..   sends a datagram of each size and expects it back
    udp.py refused HOST PORT      expects ECONNREFUSED
    udp.py join GROUP PORT ADDRESS|INTERFACE    prints what a group is sent
    udp.py shout GROUP PORT ADDRESS|INTERFACE   sends "hello" to a group

Prints one line of JSON for each event.
"""

import errno
import json
import socket
import struct
import sys


def report(**fields):
    print(json.dumps(fields), flush=True)


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def pattern(size):
    return bytes((7 * i + size) & 0xFF for i in range(size))


def echo(port):
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", int(port)))
    report(event="listening")
    while True:
        data, peer = server.recvfrom(70000)
        server.sendto(data, peer)


def ask(host, port, *sizes):
    client = socket.socket(family_of(host), socket.SOCK_DGRAM)
    client.settimeout(5)
    client.connect((host, int(port)))
    for size in map(int, sizes):
        client.send(pattern(size))
        answer = client.recv(70000)
        if answer != pattern(size):
            sys.exit(f"{len(answer)} other bytes came back for {size}")
        report(event="answered", size=size)


def refused(host, port):
    client = socket.socket(family_of(host), socket.SOCK_DGRAM)
    client.settimeout(5)
    client.connect((host, int(port)))
    client.send(b"anyone?")
    try:
        client.recv(10)
    except OSError as error:
        report(event="failed", code=errno.errorcode.get(error.errno, "?"))


def join(group, port, via):
    member = socket.socket(family_of(group), socket.SOCK_DGRAM)
    member.bind(("", int(port)))
    if family_of(group) == socket.AF_INET:
        request = socket.inet_aton(group) + socket.inet_aton(via)
        member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    else:
        index = struct.pack("@I", socket.if_nametoindex(via))
        request = socket.inet_pton(socket.AF_INET6, group) + index
        member.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
    report(event="joined")
    data, peer = member.recvfrom(100)
    report(event="heard", text=data.decode(), host=peer[0])


def shout(group, port, via):
    speaker = socket.socket(family_of(group), socket.SOCK_DGRAM)
    if family_of(group) == socket.AF_INET:
        option = socket.inet_aton(via)
        speaker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, option)
    else:
        index = socket.if_nametoindex(via)
        speaker.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    speaker.sendto(b"hello", (group, int(port)))


COMMANDS = {f.__name__: f for f in (echo, ask, refused, join, shout)}
COMMANDS[sys.argv[1]](*sys.argv[2:])
