"""A libtorrent peer for the bench. It takes commands as lines of JSON and answers each with one. It prints `{"first": true}` when
the first block was exchanged with a peer it connected to, and `{"done": true}` when a torrent that it fetches or checks is complete.

usage: peer.py [--address A] [--sessions N]

With more than one session, each has its own address, from A on, and only every Nth piece.
"""
import argparse
import ipaddress
import json
import select
import sys
import time

import libtorrent as lt

parser = argparse.ArgumentParser()
parser.add_argument("--address", default="127.0.0.1")
parser.add_argument("--sessions", type=int, default=1)
options = parser.parse_args()

usual = lt.alert.category_t.status_notification
blocks = lt.alert.category_t.upload_notification | lt.alert.category_t.block_progress_notification


def start_session(address):
    return lt.session({
        "listen_interfaces": address + ":0",
        "outgoing_interfaces": address,
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_outgoing_utp": False,
        "enable_incoming_utp": False,
        "out_enc_policy": 2,
        "in_enc_policy": 2,
        "allow_multiple_connections_per_ip": True,
        "min_reconnect_time": 0,
        "tick_interval": 50,
        "alert_mask": usual,
    })


first = ipaddress.ip_address(options.address)
sessions = [start_session(str(first + index)) for index in range(options.sessions)]
handles = []
is_telling = False
is_waiting = False


def say(**fields):
    print(json.dumps(fields), flush=True)


def add(torrent, folder, mode):
    """`seed`: everything is there, and trusted. `fetch`: nothing is. `check`: what is there has to be verified."""
    global is_telling
    is_telling = mode != "seed"
    for index, session in enumerate(sessions):
        parameters = lt.add_torrent_params()
        parameters.ti = lt.torrent_info(torrent)
        parameters.save_path = folder
        parameters.flags &= ~lt.torrent_flags.auto_managed
        parameters.flags &= ~lt.torrent_flags.paused
        if mode == "seed":
            count = parameters.ti.num_pieces()
            parameters.have_pieces = [piece % len(sessions) == index for piece in range(count)]
            if len(sessions) > 1:
                parameters.flags |= lt.torrent_flags.upload_mode
        handles.append(session.add_torrent(parameters))
    say(heard="add")


def remove():
    global is_telling
    is_telling = False
    for session, handle in zip(sessions, handles):
        session.remove_torrent(handle)
    handles.clear()
    say(heard="remove")


def call(host, port):
    global is_waiting
    say(heard="call")
    is_waiting = True
    for session in sessions:
        session.apply_settings({"alert_mask": usual | blocks})
    for handle in handles:
        handle.connect_peer((host, port))


def hear(line):
    order = json.loads(line)
    {"add": add, "remove": remove, "call": call}[order.pop("do")](**order)


def see_first():
    global is_waiting
    is_waiting = False
    for session in sessions:
        session.apply_settings({"alert_mask": usual})
    say(first=True)


def see(alert):
    if is_waiting and isinstance(alert, (lt.block_uploaded_alert, lt.block_finished_alert)):
        see_first()
    if is_telling and isinstance(alert, lt.torrent_finished_alert):
        say(done=True)


while not all(session.listen_port() for session in sessions):
    time.sleep(0.01)
say(port=sessions[0].listen_port())
# One thread does everything, as libtorrent's objects must not be used by two.
while True:
    if select.select([sys.stdin], [], [], 0.005)[0]:
        line = sys.stdin.readline()
        if not line:
            sys.exit()
        hear(line)
    for session in sessions:
        for alert in session.pop_alerts():
            see(alert)
