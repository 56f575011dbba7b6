/** Stands in every bundle, for whoever gets the file without knowing Tocsin. */
export const bundleReadme = `EVIDENCE OF ONE SLASHID DETECTION, AS TOCSIN RECEIVED AND KEPT IT

What it proves
- Each token under "deliveries" was signed (ES256) by the holder of the key under "keys" that its header names (kid), and no
  byte of it was changed since. The tokens hold all that was said of the detection.
- Each token names this organization (aud) and this issuer (iss), and had not expired (exp) when it was received.
- The deliveries lie in the history where "chain" says: none can be changed, left out, added or moved without every later link
  changing. Whoever noted a chain hash earlier, or has a later bundle of the same history, can hold this one against it.

What it does not prove
- That the keys are SlashID's. Compare them with the issuer's own: GET {issuer}/organizations/webhooks/verification-jwks with
  the header SlashID-OrgID: {organization.id}; ask SlashID for keys that were retired. Without that the tokens prove only that one holder of a key signed all of them.
- When a token was received: "receivedAt" and the headers are the word of the machine that kept them. "iat" in the token is the
  issuer's word for when it was made.
- That these are all deliveries of this detection: a delivery may have been left out when the bundle was made.
- Anything about a delivery whose trust is "unsigned", or whose token is null because its content was removed, but its place.
- What is the keeper's word alone: firstSeenAt, confirmedAt and retiredAt of the keys, madeAt, madeBy, olderLeftOut, and of
  "transitions" whatever depends on a delivery that was removed or left out.

How to check it without Tocsin
1. For each delivery with a token: verify it as a JWT with the key of its kid, algorithm ES256 and no other. Compare aud with
   organization.id and iss with organization.issuer. Allow 60 s: iat <= receivedAt + 60 s, and receivedAt <= exp + 60 s.
   Compare kid with keyId, and trigger_content.id (or the id of the object within it that has id and type) with detectionId.
   A token is never "unsigned", and "late" only where a relay that had proved itself to the keeper brought it, or an import
   says so of a keeper before. "receivedAt" of inlets "import" and "unsigned-import" is the word of an imported file.
2. For each delivery with headers: contentHash is SHA-256 over these bytes, where u64 is 8 bytes, big-endian, and a text is its
   length in bytes as u64 followed by its UTF-8 bytes:
     "tocsin delivery 1" and a line feed; u64 sequence; text inlet; u64 receivedAt in milliseconds since 1970;
     text headers; u64 length of the body; the body.
   The body is the token, or what "body" holds as base64. It must equal the contentHash of the link of the same sequence.
3. For each link: chainHash = SHA-256(chainHash of the link before || contentHash). The first link follows "after". Sequences
   rise by one. The link before sequence 1 is history.genesis = SHA-256(history.id). There is one
   segment, or one for each delivery where the last is 100,000 or more after the first.
4. Each delivery has one transition. They are in the order of iat, then sequence (unsigned ones by receivedAt, and compared among
   themselves): "to" is the token's status, "from" the one before it, "changes" what else differs, of which long names and what
   finds no room are only counted (changesLeftOut).
A short Python program that does 1 to 3, and not 4, comes with Tocsin: resources/evidence/verify.py. With Tocsin: tocsin verify --bundle FILE
`
