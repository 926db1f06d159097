"""The SCP03 host of yubikey-manager as a peer.

It speaks to the chip through its own standard streams: "> COMMAND" goes out, one line with the whole response comes back,
both in hexadecimal. What it is asked for comes as arguments; each step that succeeded is a line "done STEP", the end is
"ok" or "error STEP WORDS".
"""

import argparse
import sys
import traceback

from yubikit.core import TRANSPORT
from yubikit.core.smartcard import ApduError, SmartCardConnection, SmartCardProtocol
from yubikit.core.smartcard.scp import KeyRef, Scp03KeyParams, ScpKid, StaticKeys


class Pipe(SmartCardConnection):
    """A card behind the standard streams."""

    @property
    def transport(self):
        return TRANSPORT.NFC

    def send_and_receive(self, apdu):
        print(">", bytes(apdu).hex(), flush=True)
        line = sys.stdin.readline()
        if not line:
            raise EOFError("the chip is gone")
        answer = bytes.fromhex(line.strip())
        return answer[:-2], int.from_bytes(answer[-2:], "big")

    def close(self):
        pass


def open_channel(aid, version, keys):
    protocol = SmartCardProtocol(Pipe())
    protocol.select(aid)
    reference = KeyRef(ScpKid.SCP03, version)
    protocol.init_scp(Scp03KeyParams(reference, StaticKeys(*keys)))
    return protocol


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--aid", type=bytes.fromhex, required=True)
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("--keys", required=True, help="ENC,MAC,DEK")
    parser.add_argument("commands", nargs="*", help="header and data of a command, one octet string each")
    given = parser.parse_args()
    step = "wrong"
    try:
        keys = [bytes.fromhex(key) for key in given.keys.split(",")]
        wrong = [bytes(byte ^ 1 for byte in key) for key in keys]
        try:
            open_channel(given.aid, given.version, wrong)
        except ValueError:
            print("done", step)
        else:
            raise AssertionError("the chip opened with other keys")
        step = "open"
        protocol = open_channel(given.aid, given.version, keys)
        print("done", step)
        for number, command in enumerate(given.commands):
            step = "command-%d" % number
            head, data = bytes.fromhex(command[:8]), bytes.fromhex(command[8:])
            answer = protocol.send_apdu(*head, data)
            print("done", step, answer.hex() or "-")
        step = "refusal"
        try:
            protocol.send_apdu(0x00, 0xFE, 0x00, 0x00, b"\x00")
        except ApduError as refusal:
            print("done", step, "%04X" % refusal.sw)
        print("ok", flush=True)
    except Exception as failure:
        traceback.print_exc()
        print("error", step, repr(failure), flush=True)


main()
