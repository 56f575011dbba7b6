#!/usr/bin/env python3
"""Checks a Tocsin evidence bundle without Tocsin. Usage: verify.py FILE   Needs PyJWT and cryptography (Debian: python3-jwt)."""
import base64, hashlib, json, re, sys
from datetime import datetime
import jwt

sha256 = lambda data: hashlib.sha256(data).digest()
u64 = lambda number: number.to_bytes(8, "big")
text = lambda data: u64(len(data)) + data
seconds = lambda at: datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()

def read(delivery):
    """The body as received and the detection it speaks of; None where retention removed it."""
    token, body, headers = delivery["token"], delivery["body"], delivery["headers"]
    if token is None and body is None and headers is None: return None, None
    if (token is None) == (body is None) or headers is None: raise ValueError("not exactly one of token and body, with headers")
    data = token.encode() if token is not None else base64.b64decode(body, validate=True)
    said = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==") if token is not None else data)
    content = said["trigger_content"] if token is not None or isinstance(said.get("trigger_content"), dict) else said
    is_it = lambda one: isinstance(one, dict) and isinstance(one.get("id"), str) and any(isinstance(one.get(name), str) for name in ("type", "entity_id"))
    inner = next((one for name, one in content.items() if name != "metadata" and is_it(one)), content)
    return data, (content if is_it(content) else inner).get("id")

def faults_of_token(bundle, delivery):
    """Signed by one of the bundle's keys of the token's kid, for this organization, in time when it was received."""
    kid = jwt.get_unverified_header(delivery["token"])["kid"]
    if delivery["keyId"] != kid: yield "its keyId is not the token's"
    # Only a relay that proved itself to the keeper can bring one late, or an import of what such a relay had brought.
    allowed = ("verified", "late") if re.fullmatch("(relay|jetstream):[a-z0-9]{8}|import", delivery["inlet"]) else ("verified",)
    if delivery["trust"] not in allowed: yield f"a token in time is not {delivery['trust']!r}"
    keys, fault = [jwt.PyJWK(key["jwk"]).key for key in bundle["keys"] if key["jwk"]["kid"] == kid], "has no key in the bundle"
    expect = {"algorithms": ["ES256"], "audience": bundle["organization"]["id"], "issuer": bundle["organization"]["issuer"]}
    for key in keys:
        try:
            said = jwt.decode(delivery["token"], key, **expect, options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat"]})
            fault = None if said["iat"] - 60 <= seconds(delivery["receivedAt"]) <= said["exp"] + 60 else "was not in time"
            break
        except jwt.InvalidTokenError as error: fault = f"{type(error).__name__}: {error}"
    if fault: yield f"its signature: {fault}"

def faults_of_delivery(bundle, delivery, links):
    data, detection = read(delivery)
    if delivery["sequence"] not in links: yield "is not in the chain"
    if data is None: return
    start = b"tocsin delivery 1\n" + u64(delivery["sequence"]) + text(delivery["inlet"].encode()) + u64(round(seconds(delivery["receivedAt"]) * 1000))
    hashed = sha256(start + text(delivery["headers"].encode()) + text(data)).hex()
    if hashed != links.get(delivery["sequence"], hashed): yield "its content was changed"
    if detection != bundle["detectionId"]: yield "is about another detection"
    if delivery["token"] is not None: yield from faults_of_token(bundle, delivery)
    elif (delivery["trust"], delivery["keyId"]) != ("unsigned", None) or delivery["inlet"] not in ("unsigned", "unsigned-import"): yield "nobody signed it"

def faults_of(bundle):
    deliveries, chain, genesis = bundle["deliveries"], bundle["chain"], sha256(bundle["history"]["id"].encode()).hex()
    sequences = [delivery["sequence"] for delivery in deliveries]
    if sequences != sorted(set(sequences)): yield "the deliveries are not in the order of their sequence"
    if bundle["history"]["genesis"] != genesis: yield "the chain begins elsewhere"
    organization = bundle["organization"]
    is_demo = organization["id"] == "tocsin-demo-organization" or organization["issuer"] == "https://demo.tocsin.invalid"
    if organization["demo"] is not is_demo: yield "it says of the demo organization that it is none, or the other way round"
    if len(chain) > 1 and sequences[-1] - sequences[0] < 100_000: yield "the chain is in pieces where one would have joined all deliveries"
    for segment in chain:
        last = segment["after"]
        if last["sequence"] == 0 and last["chainHash"] != genesis: yield "the chain begins elsewhere"
        for link in segment["links"]:
            expected = sha256(bytes.fromhex(last["chainHash"]) + bytes.fromhex(link["contentHash"])).hex()
            if link["sequence"] != last["sequence"] + 1 or link["chainHash"] != expected: yield f"link {link['sequence']!r} was changed"
            last = link
    links = {link["sequence"]: link["contentHash"] for segment in chain for link in segment["links"]}
    for delivery in deliveries:
        try: yield from (f"delivery {delivery['sequence']!r}: {fault}" for fault in faults_of_delivery(bundle, delivery, links))
        except Exception as error: yield f"delivery {delivery['sequence']!r} is malformed: {type(error).__name__}: {error}"
    if not any(delivery["token"] for delivery in deliveries): yield "there is no token, so nothing is proved"

faults = []
try:
    bundle = json.load(open(sys.argv[1], encoding="utf-8"))
    for fault in faults_of(bundle): faults.append(fault)
    print(*faults, sep="\n", end="\n" if faults else "")
    print(f"detection {bundle['detectionId']!r} of organization {bundle['organization']['id']!r}, issuer {bundle['organization']['issuer']!r}")
    for jwk in (key["jwk"] for key in bundle["keys"]):
        members = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
        print(f"key {jwk['kid']!r}, SHA-256 thumbprint {base64.urlsafe_b64encode(sha256(members.encode())).decode().rstrip('=')}")
    print(f"{sum(1 for one in bundle['deliveries'] if one['token'])} of {len(bundle['deliveries'])} deliveries are tokens")
except Exception as error:
    faults.append(f"the bundle is malformed: {type(error).__name__}: {error}")
    print(*faults, sep="\n")
print(f"{len(faults)} faults. NOT checked: transitions, the times of the keys, and whose the keys are: compare them with the issuer's own.")
sys.exit(1 if faults else 0)
