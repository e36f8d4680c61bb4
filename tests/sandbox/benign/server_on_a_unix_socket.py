import os
import socket
import socketserver
import threading


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.readline().upper())


with socketserver.UnixStreamServer("server.sock", Echo) as server:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect("server.sock")
        client.sendall(b"hello\n")
        assert client.recv(100) == b"HELLO\n"
    server.shutdown()
    thread.join()
os.unlink("server.sock")
a, b = socket.socketpair()
a.send(b"x")
assert b.recv(1) == b"x"
