#!/usr/bin/env python3
"""Checks a Tocsin evidence bundle without Tocsin. Usage: verify.py FILE   Needs PyJWT and cryptography (Debian: python3-jwt)."""
import base64, hashlib, json, sys
from datetime import datetime
import jwt

bundle, faults = json.load(open(sys.argv[1], encoding="utf-8")), []
sha256 = lambda data: hashlib.sha256(data).digest()
u64 = lambda number: number.to_bytes(8, "big")
text = lambda data: u64(len(data)) + data
seconds = lambda at: datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
deliveries = {delivery["sequence"]: delivery for delivery in bundle["deliveries"]}

def signed(delivery):
    """By one of the bundle's keys of the token's kid, for this organization, in time when it was received."""
    kid = jwt.get_unverified_header(delivery["token"])["kid"]
    keys = [jwt.PyJWK(key["jwk"]).key for key in bundle["keys"] if key["jwk"]["kid"] == kid]
    expect = {"algorithms": ["ES256"], "audience": bundle["organization"]["id"], "issuer": bundle["organization"]["issuer"]}
    for key in keys:
        try:
            said = jwt.decode(delivery["token"], key, **expect, options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat"]})
            return said["iat"] - 60 <= seconds(delivery["receivedAt"]) <= said["exp"] + 60 or "was not in time"
        except jwt.InvalidTokenError as error:
            fault = f"{type(error).__name__}: {error}"
    return fault if keys else "has no key in the bundle"

def hashed(delivery, body):
    received = round(seconds(delivery["receivedAt"]) * 1000)
    start = b"tocsin delivery 1\n" + u64(delivery["sequence"]) + text(delivery["inlet"].encode()) + u64(received)
    return sha256(start + text(delivery["headers"].encode()) + text(body)).hex()

for sequence, delivery in deliveries.items():
    body = delivery["token"].encode() if delivery["token"] else base64.b64decode(delivery["body"]) if delivery["body"] else None
    link = next((link for segment in bundle["chain"] for link in segment["links"] if link["sequence"] == sequence), None)
    if link is None: faults.append(f"delivery {sequence} is not in the chain")
    elif body is not None and hashed(delivery, body) != link["contentHash"]: faults.append(f"delivery {sequence}: its content was changed")
    if delivery["token"] and (fault := signed(delivery)) is not True: faults.append(f"delivery {sequence}: its signature: {fault}")
for segment in bundle["chain"]:
    last = segment["after"]
    if last["sequence"] == 0 and last["chainHash"] != sha256(bundle["history"]["id"].encode()).hex(): faults.append("the chain begins elsewhere")
    for link in segment["links"]:
        expected = sha256(bytes.fromhex(last["chainHash"]) + bytes.fromhex(link["contentHash"])).hex()
        if link["sequence"] != last["sequence"] + 1 or link["chainHash"] != expected: faults.append(f"link {link['sequence']} was changed")
        last = link
for fault in faults: print(fault)
count = sum(1 for delivery in deliveries.values() if delivery["token"])
print(f"{count} tokens, {sum(len(s['links']) for s in bundle['chain'])} links, {len(faults)} faults. Compare the keys with the issuer's own.")
sys.exit(1 if faults or count == 0 else 0)
