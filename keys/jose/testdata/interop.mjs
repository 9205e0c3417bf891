// Seals and opens the envelopes with Node's own crypto module: a second implementation that shares no line and no library
// with the first one. Reads a JSON array of requests from standard input and writes one of answers.
//
//   {do: "seal", payload, insideHeader, outsideHeader, encryptionKey | secret, signingKey}  ->  {blob}
//   {do: "open", blob, decryptionKey | secret, verificationKey}  ->  {payload, insideHeader, outsideHeader}
//
// Keys are PEM, payloads base64url. A request that fails gives {error}.
import crypto from 'node:crypto';
import fs from 'node:fs';

const b64 = (bytes) => Buffer.from(bytes).toString('base64url');
const raw = (text) => Buffer.from(text, 'base64url');
const oaep = (key) => ({ key, oaepHash: 'sha256', padding: crypto.constants.RSA_PKCS1_OAEP_PADDING });
const pss = (key) => ({ key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });

function gcmSeal(key, text, aad) {
  const iv = crypto.randomBytes(12);
  const cipher = crypto.createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
  if (aad !== undefined) cipher.setAAD(Buffer.from(aad, 'ascii'));
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return { iv, sealed, tag: cipher.getAuthTag() };
}

function gcmOpen(key, iv, sealed, tag, aad) {
  if (iv.length !== 12 || tag.length !== 16) throw new Error('iv or tag has the wrong length');
  const decipher = crypto.createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
  if (aad !== undefined) decipher.setAAD(Buffer.from(aad, 'ascii'));
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed), decipher.final()]);
}

const wrapKey = (secret) => crypto.createHash('sha256').update(secret, 'utf8').digest();

function seal(request) {
  const content = crypto.randomBytes(32);
  const inside = { ...request.insideHeader };
  let wrapped;
  if (request.secret !== undefined) {
    const w = gcmSeal(wrapKey(request.secret), content);
    inside.iv = b64(w.iv);
    inside.tag = b64(w.tag);
    wrapped = w.sealed;
  } else {
    wrapped = crypto.publicEncrypt(oaep(request.encryptionKey), content);
  }
  const head = b64(JSON.stringify(inside));
  const text = gcmSeal(content, raw(request.payload), head);
  const jwe = [head, b64(wrapped), b64(text.iv), b64(text.sealed), b64(text.tag)].join('.');
  const input = b64(JSON.stringify(request.outsideHeader)) + '.' + b64(jwe);
  return { blob: input + '.' + b64(crypto.sign('sha256', Buffer.from(input, 'ascii'), pss(request.signingKey))) };
}

function open(request) {
  const outer = request.blob.split('.');
  if (outer.length !== 3) throw new Error('not a JWS');
  const input = Buffer.from(outer[0] + '.' + outer[1], 'ascii');
  if (!crypto.verify('sha256', input, pss(request.verificationKey), raw(outer[2]))) throw new Error('signature');
  const inner = raw(outer[1]).toString('ascii').split('.');
  if (inner.length !== 5) throw new Error('not a JWE');
  const inside = JSON.parse(raw(inner[0]).toString('utf8'));
  const content = request.secret !== undefined
    ? gcmOpen(wrapKey(request.secret), raw(inside.iv), raw(inner[1]), raw(inside.tag))
    : crypto.privateDecrypt(oaep(request.decryptionKey), raw(inner[1]));
  const payload = gcmOpen(content, raw(inner[2]), raw(inner[3]), raw(inner[4]), inner[0]);
  return { payload: b64(payload), insideHeader: inside, outsideHeader: JSON.parse(raw(outer[0]).toString('utf8')) };
}

const answers = JSON.parse(fs.readFileSync(0, 'utf8')).map((request) => {
  try {
    return request.do === 'seal' ? seal(request) : open(request);
  } catch (error) {
    return { error: String(error.message) };
  }
});
process.stdout.write(JSON.stringify(answers));
