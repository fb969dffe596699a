#!/usr/bin/python3
"""Hostile bytes around TLS: regress/fuzz/tls_fuzz.py BUILD [SECONDS] [SEED]

Takes real handshakes of Python's ssl module apart into the bytes of the client, changes some (flips,
cuts, doubles, swaps records, pads) and sends them behind SSLRequest or at once, in pieces of any size,
and sometimes garbage inside an established connection. The server must live, free its sessions and
still answer a client that does it right. Ends with `N passed, N failed`; `make fuzz` runs it.
"""
import os
import random
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 60
CHANCE = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
FOLDER = tempfile.mkdtemp(prefix="talaria-tls-")
DATA = FOLDER + "/data"
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
STARTUP = struct.pack("!ii", 19, 3 << 16) + b"user\0fuzz\0\0"
LIMIT = 1 << 16


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


PORT = free_port()


def launch(*options):
    server = subprocess.Popen([BUILD + "/talaria", "--data", DATA, "--port", str(PORT), "--socket-dir", FOLDER, *options],
                              stdout=subprocess.PIPE, stderr=open(FOLDER + "/log", "a"))
    if b"ready" not in server.stdout.readline():
        raise SystemExit("the server did not start: " + open(FOLDER + "/log").read())
    return server


def start():
    first = launch()  # it makes the folder
    first.terminate()
    first.wait(60)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", DATA + "/server.key", "-out", DATA + "/server.crt"], check=True, stderr=subprocess.DEVNULL)
    os.chmod(DATA + "/server.key", 0o600)
    return launch("-c", "ssl=on")


def context(alpn):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if CHANCE.random() < 0.3:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
    if alpn:
        made.set_alpn_protocols(["postgresql"])
    return made


def mutate(data):
    data = bytearray(data)
    for _ in range(CHANCE.choice([0, 1, 1, 2, 5])):
        if not data:
            break
        at = CHANCE.randrange(len(data))
        kind = CHANCE.randrange(6)
        if kind == 0:
            data[at] ^= 1 << CHANCE.randrange(8)
        elif kind == 1:
            data[at] = CHANCE.choice([0, 1, 0x7f, 0x80, 0xff])
        elif kind == 2:
            del data[at:at + CHANCE.randrange(1, 40)]
        elif kind == 3:
            data[at:at] = data[max(0, at - 30):at] * CHANCE.randrange(1, 4)
        elif kind == 4:
            data[at:at] = CHANCE.randbytes(CHANCE.randrange(1, 300))
        else:
            data = data[:at]
    return bytes(data[:LIMIT])


def send_in_pieces(plain, data):
    at = 0
    while at < len(data):
        size = CHANCE.choice([1, 5, 100, LIMIT])
        plain.sendall(data[at:at + size])
        at += size


def read_some(plain):
    plain.settimeout(0.05)
    try:
        return plain.recv(LIMIT)
    except (socket.timeout, ConnectionError):
        return b""


def attack():
    """One connection whose handshake, at some step, or whose data behind it is changed."""
    direct = CHANCE.random() < 0.4
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context(direct or CHANCE.random() < 0.5).wrap_bio(incoming, outgoing, server_hostname="localhost")
    hurt_at = CHANCE.randrange(5)
    with socket.create_connection(("127.0.0.1", PORT), timeout=5) as plain:
        if not direct:
            plain.sendall(SSL_REQUEST + (CHANCE.randbytes(20) if CHANCE.random() < 0.1 else b""))
            if read_some(plain)[:1] != b"S":
                return
        for step in range(8):
            try:
                if step < 4:
                    tls.do_handshake()
                else:
                    tls.write(mutate(STARTUP) if CHANCE.random() < 0.5 else CHANCE.randbytes(CHANCE.randrange(1, 5000)))
            except ssl.SSLWantReadError:
                pass
            data = outgoing.read()
            send_in_pieces(plain, mutate(data) if step == hurt_at else data)
            got = read_some(plain)
            if not got and step != 4:
                return
            incoming.write(got)


def behaves():
    """A client that does it right: the whole way to ReadyForQuery through TLS."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=20) as plain:
        plain.sendall(SSL_REQUEST)
        if plain.recv(1) != b"S":
            return False
        with context(False).wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(STARTUP)
            got = b""
            while not got.endswith(b"Z\0\0\0\x05I"):
                piece = tls.recv(LIMIT)
                if not piece:
                    return False
                got += piece
    return True


def main():
    server = start()
    passed = failed = 0
    end = time.time() + SECONDS
    while time.time() < end and failed == 0:
        for _ in range(50):
            try:
                attack()
            except (ssl.SSLError, OSError, ValueError):
                pass  # it was refused
            passed += 1
        if server.poll() is not None or not behaves():
            failed += 1
            print("not ok   the server is gone or refuses a good client, seed and count:", sys.argv[3:4] or 1, passed)
    server.terminate()
    failed += server.wait(60) != 0
    log = open(FOLDER + "/log").read()
    if "Sanitizer" in log or "runtime error" in log or " PANIC " in log:
        failed += 1
        print(log[-4000:])
    shutil.rmtree(FOLDER)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
