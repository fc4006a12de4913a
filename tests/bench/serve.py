#!/usr/bin/env python3
"""What `fathom serve` takes: latencies of one client, and CPU time of the server a request.

    tests/bench/serve.py PORT MODEL READER-COLUMN ITEM-COLUMN [REQUESTS]

Reads process_cpu_seconds_total from /metrics before and after, so that the client's own time on the
same machine is not counted.
"""
import json
import socket
import statistics
import sys
import time


def answer(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(1 << 20)
    head, body = data.split(b"\r\n\r\n", 1)
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    while len(body) < length:
        body += sock.recv(1 << 20)
    assert head.startswith(b"HTTP/1.1 200"), (head, body)
    return body


def request(path, body=None):
    method = "GET" if body is None else "POST"
    body = body or ""
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def cpu_seconds(sock):
    sock.sendall(request("/metrics"))
    line = next(line for line in answer(sock).decode().splitlines() if line.startswith("process_cpu_seconds_total "))
    return float(line.split()[1])


def measure(sock, name, requests, count):
    for sent in requests[:50]:
        sock.sendall(sent)
        answer(sock)
    cpu = cpu_seconds(sock)
    times = []
    for i in range(count):
        began = time.perf_counter()
        sock.sendall(requests[i % len(requests)])
        answer(sock)
        times.append((time.perf_counter() - began) * 1e3)
    cpu = cpu_seconds(sock) - cpu
    times.sort()
    print(f"{name:28} p50 {statistics.median(times):.3f} ms, p99 {times[int(count * 0.99)]:.3f} ms, server CPU {cpu / count * 1e6:.0f} us a request")


def main():
    port, model, reader, item = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    count = int(sys.argv[5]) if len(sys.argv) > 5 else 2000
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def v2(rows, first):
        tensor = lambda name, values: {"name": name, "shape": [len(values)], "datatype": "BYTES", "data": values}
        return request(f"/v2/models/{model}/infer", json.dumps({"inputs": [
            tensor(reader, [str(first % 300 + 1)]), tensor(item, [str((first * 7 + i) % 500 + 1) for i in range(rows)])],
            "outputs": [{"name": "score"}]}))

    def v1(rows, first):
        return request(f"/v1/models/{model}:predict", json.dumps({"instances": [
            {reader: first % 300 + 1, item: (first * 7 + i) % 500 + 1} for i in range(rows)]}))

    measure(sock, "GET /v2/health/live", [request("/v2/health/live")], count)
    measure(sock, "V2 JSON, 1 row", [v2(1, i) for i in range(100)], count)
    measure(sock, "V2 JSON, 200 candidates", [v2(200, i) for i in range(100)], count)
    measure(sock, "V1 rows, 200 candidates", [v1(200, i) for i in range(100)], count)


main()
