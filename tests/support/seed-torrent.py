"""A libtorrent peer for tests: seeds or fetches one torrent on a loopback address, and prints its state as lines of JSON.

usage: seed-torrent.py FILE.torrent FOLDER --address A [--peer HOST:PORT] [--seed] [--encrypted] [--dht-node HOST:PORT]
"""
import argparse
import json
import sys
import time

import libtorrent as lt

parser = argparse.ArgumentParser()
parser.add_argument("torrent")
parser.add_argument("folder")
parser.add_argument("--address", default="127.0.0.1")
parser.add_argument("--peer", action="append", default=[])
parser.add_argument("--seed", action="store_true")
parser.add_argument("--encrypted", action="store_true")
parser.add_argument("--recheck", action="store_true")
parser.add_argument("--limit", type=int, default=0)
parser.add_argument("--dht", action="store_true")
parser.add_argument("--dht-node", action="append", default=[])
options = parser.parse_args()

session = lt.session({
    "listen_interfaces": options.address + ":0",
    "outgoing_interfaces": options.address.strip("[]"),
    "enable_dht": options.dht,
    "dht_bootstrap_nodes": ",".join(options.dht_node),
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_prefer_verified_node_ids": False,
    "dht_enforce_node_id": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_outgoing_utp": False,
    "enable_incoming_utp": False,
    "allow_multiple_connections_per_ip": True,
    "allow_i2p_mixed": False,
    "no_recheck_incomplete_resume": not options.recheck,
    "min_reconnect_time": 1,
    "unchoke_slots_limit": 20,
    "connection_speed": 100,
    "alert_mask": lt.alert.category_t.error_notification | lt.alert.category_t.status_notification,
})
if options.encrypted:
    session.apply_settings({
        "in_enc_policy": int(lt.enc_policy.forced),
        "out_enc_policy": int(lt.enc_policy.forced),
        "allowed_enc_level": int(lt.enc_level.rc4),
    })
parameters = lt.add_torrent_params()
parameters.ti = lt.torrent_info(options.torrent)
parameters.save_path = options.folder
parameters.flags &= ~lt.torrent_flags.auto_managed
parameters.flags &= ~lt.torrent_flags.paused
if options.seed and not options.recheck:
    parameters.flags |= lt.torrent_flags.seed_mode
started = time.monotonic()
handle = session.add_torrent(parameters)
if options.limit:
    handle.set_download_limit(options.limit)
for peer in options.peer:
    host, port = peer.rsplit(":", 1)
    handle.connect_peer((host, int(port)))


def say(**fields):
    print(json.dumps(fields), flush=True)


while not session.listen_port():
    time.sleep(0.01)
say(port=session.listen_port(), dht=session.listen_port())
was_done = False
while True:
    status = handle.status()
    if status.is_seeding and not was_done:
        was_done = True
        say(done=True, seconds=time.monotonic() - started)
    say(uploaded=status.total_payload_upload, downloaded=status.total_payload_download, peers=status.num_peers,
        state=str(status.state))
    time.sleep(0.05)
