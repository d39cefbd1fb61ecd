//! No network of any family.

use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;

use crate::stage::{stages, word};

#[test]
fn there_is_no_network() {
    let (tcp, udp) = (TcpListener::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let (tcp, udp) = (tcp.local_addr().unwrap().to_string(), udp.local_addr().unwrap().to_string());
    for stage in stages() {
        for profile in [stage.run(), stage.build()] {
            for action in [
                &["listen to tcp"][..],
                &["listen to tcp over ipv6"],
                &["connect over tcp", &tcp],
                &["send over udp", &udp],
                &["open a netlink socket"],
                &["open a local socket"],
            ] {
                stage.refused(&profile, action);
            }
            if stage.who == "root" {
                stage.refused(&profile, &["open a packet socket"]);
            }
        }
    }
}

#[test]
fn there_are_no_local_sockets_but_those_that_are_inherited() {
    for stage in stages() {
        let socket = stage.outside.join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        std::fs::set_permissions(&socket, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        for (profile, name) in [(stage.run(), "run"), (stage.build(), "build")] {
            stage.refused(&profile, &["connect to a local socket", word(&socket)]);
            let new = stage.outside.join(name);
            stage.refused(&profile, &["listen to a local socket", word(&new)]);
        }
        stage.refused(&stage.run(), &["open a pair of local sockets"]);
    }
}
