// An x-pay-token implementation of its own, written from the rule (p.27) and sharing nothing with the Go code but the
// vectors: node interop.mjs vectors.json prints, for each vector, the token that it would send at the vector's clock and
// the verdict on the vector's token.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

const WINDOW = 480;
const LONGEST = 256;

class MalformedQuery extends Error {}

/** Decodes one name or value from the wire into bytes. */
function bytesOf(text) {
  const wire = Buffer.from(text, 'utf8');
  const out = [];
  for (let i = 0; i < wire.length; i++) {
    const c = String.fromCharCode(wire[i]);
    if (c === '+') {
      out.push(0x20);
    } else if (c === '%') {
      const digits = wire.subarray(i + 1, i + 3).toString('latin1');
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) throw new MalformedQuery();
      out.push(parseInt(digits, 16));
      i += 2;
    } else {
      out.push(wire[i]);
    }
  }
  return out;
}

function percentEncode(bytes) {
  return bytes
    .map((byte) => {
      const c = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(c) ? c : '%' + byte.toString(16).toUpperCase().padStart(2, '0');
    })
    .join('');
}

/** Encoded text is ASCII, where comparing code units is comparing bytes. */
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function canonicalQuery(raw) {
  return raw
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      return [percentEncode(bytesOf(name)), percentEncode(bytesOf(value))];
    })
    .sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function digest(secret, timestamp, { path, query, body }) {
  const resource = path.replace(/^\/+|\/+$/g, '');
  return createHmac('sha256', Buffer.from(secret, 'utf8'))
    .update(timestamp + resource + canonicalQuery(query), 'utf8')
    .update(Buffer.from(body, 'utf8'))
    .digest();
}

function sign(secret, clock, call) {
  try {
    return `xv2:${clock}:${digest(secret, String(clock), call).toString('hex')}`;
  } catch (error) {
    if (error instanceof MalformedQuery) return '';
    throw error;
  }
}

const refuse = (layer, reason) => ({ expect: 'refuse', layer, reason });

function verify(secret, clock, call, token, used) {
  if (token === '') return refuse('parse', 'header-missing');
  if (Buffer.byteLength(token) > LONGEST) return refuse('parse', 'header-too-long');
  const parts = token.split(':');
  if (parts.length !== 3) return refuse('parse', 'parts-wrong');
  const [scheme, timestamp, received] = parts;
  if (scheme !== 'xv2') return refuse('parse', 'scheme-wrong');
  if (!/^[0-9]+$/.test(timestamp)) return refuse('parse', 'timestamp-not-digits');
  if (BigInt(timestamp) >= 10n ** 14n) return refuse('parse', 'timestamp-out-of-range');
  if (BigInt(timestamp) >= 10n ** 11n) return refuse('parse', 'timestamp-milliseconds');
  if (!/^[0-9a-fA-F]{64}$/.test(received)) return refuse('parse', 'digest-not-hex');
  const age = clock - Number(timestamp);
  if (age > WINDOW) return refuse('window', 'token-stale');
  if (age < -WINDOW) return refuse('window', 'token-early');
  let expected;
  try {
    expected = digest(secret, timestamp, call);
  } catch (error) {
    if (error instanceof MalformedQuery) return refuse('digest', 'query-malformed');
    throw error;
  }
  if (!timingSafeEqual(expected, Buffer.from(received, 'hex'))) return refuse('digest', 'digest-mismatch');
  if (used) return refuse('replay', 'token-replayed');
  return { expect: /[A-F]/.test(received) ? 'accept-with-warning' : 'accept', layer: '', reason: '' };
}

const { vectors } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const results = vectors.map((vector) => ({
  id: vector.id,
  signed: sign(vector.secret, vector.clock, vector),
  ...verify(vector.secret, vector.clock, vector, vector.token, vector.alreadyUsed === true),
}));
process.stdout.write(JSON.stringify({ results }, null, 2) + '\n');
