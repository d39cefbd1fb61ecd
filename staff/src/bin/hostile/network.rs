//! Attempts to communicate with others.

use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

use rustix::net::{AddressFamily, SocketType, socket};

pub(super) fn attempt(action: &str, on: &str) -> Option<io::Result<()>> {
    let netlink = || socket(AddressFamily::NETLINK, SocketType::RAW, None);
    let packets = || socket(AddressFamily::PACKET, SocketType::RAW, None);
    Some(match action {
        "listen to tcp" => TcpListener::bind("127.0.0.1:0").map(drop),
        "listen to tcp over ipv6" => {
            socket(AddressFamily::INET6, SocketType::STREAM, None).map(drop).map_err(Into::into)
        }
        "connect over tcp" => TcpStream::connect(on).map(drop),
        "send over udp" => UdpSocket::bind("127.0.0.1:0").and_then(|it| it.send_to(b"hello", on)).map(drop),
        "open a local socket" => UnixDatagram::unbound().map(drop),
        "open a pair of local sockets" => UnixStream::pair().map(drop),
        "listen to a local socket" => UnixListener::bind(on).map(drop),
        "connect to a local socket" => UnixStream::connect(on).map(drop),
        "open a netlink socket" => netlink().map(drop).map_err(Into::into),
        "open a packet socket" => packets().map(drop).map_err(Into::into),
        _ => return None,
    })
}
