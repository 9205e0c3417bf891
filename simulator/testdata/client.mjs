// An issuer's client in Node, with nothing but Node's own modules: it proves that the files of the data
// directory and the specification are enough to call the simulator (p.26-45).
//
//   node client.mjs DATA_DIRECTORY ISSUER API_URL CONSOLE_URL
//
// It makes a token through the console, inquires it, suspends and resumes it, finds it by its PAN and gives
// its card a new expiration date. It prints one JSON object with what it saw; the exit code is 1 when an
// answer is not what the specification says.
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';

const [dataDirectory, issuer, apiURL, consoleURL] = process.argv.slice(2);
const file = (...names) => fs.readFileSync(path.join(dataDirectory, ...names));
const own = (name) => file('issuers', issuer, name);

// The YAML of the data directory is plain enough for a line by line reading.
const setting = (text, name) => {
  const found = new RegExp(`^\\s*${name}: *"?([^"#\\s]+)"?`, 'm').exec(text);
  if (!found) throw new Error(`${name} is missing`);
  return found[1];
};
const credentials = Object.fromEntries(['apiKey', 'sharedSecret', 'clientID', 'signingKeyID']
  .map((name) => [name, setting(own('credentials.yaml').toString(), name)]));
const accountRange = /accountRanges:\s*- "?(\d{9})"?/.exec(own('issuer.yaml').toString())[1];

const visaEncryption = new crypto.X509Certificate(file('visa', 'encryption.crt')).publicKey;
const visaSigning = new crypto.X509Certificate(file('visa', 'signing.crt')).publicKey;
const ownEncryption = crypto.createPrivateKey(own('encryption.key'));
const ownSigning = crypto.createPrivateKey(own('signing.key'));
const tls = { ca: file('pki', 'ca.crt'), cert: own('client.crt'), key: own('client.key') };

const base64url = (content) => Buffer.from(content).toString('base64url');
const check = (condition, text) => { if (!condition) throw new Error(text); };

// seal makes the JWE (p.40) and the JWS around it (p.43).
function seal(payload) {
  const protectedHeader = base64url(JSON.stringify({
    alg: 'RSA-OAEP-256', enc: 'A256GCM', typ: 'JOSE', kid: credentials.apiKey, iat: String(Math.floor(Date.now() / 1000)),
  }));
  const contentKey = crypto.randomBytes(32);
  const iv = crypto.randomBytes(12);
  const cipher = crypto.createCipheriv('aes-256-gcm', contentKey, iv).setAAD(Buffer.from(protectedHeader, 'ascii'));
  const encrypted = Buffer.concat([cipher.update(JSON.stringify(payload), 'utf8'), cipher.final()]);
  const wrapped = crypto.publicEncrypt({ key: visaEncryption, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, contentKey);
  const jwe = [protectedHeader, base64url(wrapped), base64url(iv), base64url(encrypted), base64url(cipher.getAuthTag())].join('.');
  const signingInput = `${base64url(JSON.stringify({ alg: 'PS256', typ: 'JOSE', cty: 'JWE', kid: credentials.signingKeyID }))}.${base64url(jwe)}`;
  const signature = crypto.sign('sha256', Buffer.from(signingInput), { key: ownSigning, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
  return `${signingInput}.${base64url(signature)}`;
}

// open verifies Visa's signature and decrypts what is inside.
function open(blob) {
  const [header, payload, signature] = blob.split('.');
  const jws = JSON.parse(Buffer.from(header, 'base64url'));
  check(jws.alg === 'PS256' && jws.cty === 'JWE', 'the answer is not signed with PS256 around a JWE');
  check(crypto.verify('sha256', Buffer.from(`${header}.${payload}`),
    { key: visaSigning, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, Buffer.from(signature, 'base64url')),
  "the answer's signature is not Visa's");
  const parts = Buffer.from(payload, 'base64url').toString('ascii').split('.');
  const jwe = JSON.parse(Buffer.from(parts[0], 'base64url'));
  check(jwe.alg === 'RSA-OAEP-256' && jwe.enc === 'A256GCM' && jwe.kid === credentials.apiKey, 'the answer is not encrypted for this issuer');
  check(jwe.typ === 'JOSE' && /^\d+$/.test(jwe.iat) && Math.abs(Date.now() / 1000 - jwe.iat) < 480, "the answer's envelope does not say when it was made");
  const [wrapped, iv, encrypted, tag] = parts.slice(1).map((part) => Buffer.from(part, 'base64url'));
  const contentKey = crypto.privateDecrypt({ key: ownEncryption, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, wrapped);
  const decipher = crypto.createDecipheriv('aes-256-gcm', contentKey, iv).setAAD(Buffer.from(parts[0], 'ascii')).setAuthTag(tag);
  return JSON.parse(Buffer.concat([decipher.update(encrypted), decipher.final()]).toString('utf8'));
}

// payToken signs a call (p.27).
function payToken(pathname, query, body) {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const digest = crypto.createHmac('sha256', credentials.sharedSecret).update(timestamp + pathname.replace(/^\/+|\/+$/g, '') + query).update(body).digest('hex');
  return `xv2:${timestamp}:${digest}`;
}

function exchange(url, options, body) {
  const module = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const request = module.request(url, options, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }));
    });
    request.on('error', reject);
    request.setTimeout(20000, () => request.destroy(new Error('no answer in time')));
    request.end(body);
  });
}

// call makes one inbound call; change may spoil it.
async function call(method, pathname, { query = {}, body, sealed, change } = {}) {
  const members = sealed ? { ...body, encryptedData: seal(sealed) } : body;
  const content = members ? JSON.stringify(members) : '';
  const parameters = Object.entries({ ...query, apiKey: credentials.apiKey })
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).sort().join('&');
  const id = crypto.randomUUID();
  const options = { method, ...tls, headers: {
    'X-REQUEST-ID': id, Accept: 'application/json', 'x-pay-token': payToken(pathname, parameters, content),
    ...(content ? { 'Content-Type': 'application/json; charset=UTF-8', 'Content-Length': Buffer.byteLength(content) } : {}),
  } };
  if (change) change(options);
  const answer = await exchange(new URL(`${pathname}?${parameters}`, apiURL), options, content);
  check(answer.headers['x-response-id'] === id, `${pathname}: X-RESPONSE-ID does not repeat X-REQUEST-ID`);
  const decoded = answer.text ? JSON.parse(answer.text) : null;
  return { status: answer.status, body: decoded, opened: decoded?.encryptedData ? open(decoded.encryptedData) : null };
}

async function admin(method, pathname, body) {
  const content = body ? JSON.stringify(body) : '';
  const answer = await exchange(new URL(pathname, consoleURL), { method, headers: content ? { 'Content-Type': 'application/json' } : {} }, content);
  return { status: answer.status, body: answer.text ? JSON.parse(answer.text) : null };
}

// luhn completes the digits to a number with a right check digit.
function luhn(digits) {
  let sum = 0;
  [...digits].reverse().forEach((digit, i) => {
    const doubled = Number(digit) * (i % 2 === 0 ? 2 : 1);
    sum += doubled > 9 ? doubled - 9 : doubled;
  });
  return digits + String((10 - (sum % 10)) % 10);
}

async function main() {
  const seen = {};
  const pan = luhn(accountRange + String(crypto.randomInt(1e6)).padStart(6, '0'));
  const made = await admin('POST', '/api/v1/tokens', { issuer, pan, tokenRequestorID: '40010075001', tokenType: 'SECURE_ELEMENT', tokenStatus: 'ACTIVE' });
  check(made.status === 201, `the console answered ${made.status} to a new token: ${JSON.stringify(made.body)}`);
  const token = made.body;
  const base = `/vtis/v1/tokenRequestors/${token.tokenRequestorID}/tokens/${token.tokenReferenceID}`;
  const inquire = () => call('GET', `${base}/details`, { query: { deviceBindingInfo: 'true', cardHolderVerificationRetrieve: 'true' } });
  const act = (operationType) => call('POST', `${base}/lifecycle`, { body: { operatorID: 'node', operationType, operationReason: 'round trip' } });

  const first = await inquire();
  check(first.opened, 'tokenInquiry came without a sealed part');
  seen.tokenInquiry = { status: first.status, tokenStatus: first.opened.tokenInfo.tokenStatus, sameToken: first.opened.tokenInfo.token === token.token,
    panReferenceID: first.body.panReferenceID === token.panReferenceID, lastFourOfPAN: first.body.lastFourOfPAN === pan.slice(-4) };
  const suspended = await act('SUSPEND');
  const afterSuspend = await inquire();
  seen.suspend = { status: suspended.status, body: suspended.body, tokenStatus: afterSuspend.opened.tokenInfo.tokenStatus, entityOfLastAction: afterSuspend.body.entityOfLastAction };
  const twice = await act('SUSPEND');
  seen.suspendTwice = { status: twice.status, reason: twice.body.errorResponse.reason };
  const resumed = await act('RESUME');
  const afterResume = await inquire();
  seen.resume = { status: resumed.status, body: resumed.body, tokenStatus: afterResume.opened.tokenInfo.tokenStatus };
  const byPAN = await call('POST', '/vtis/v1/pan/retrieveTokenInfo', { sealed: { cardholderInfo: { primaryAccountNumber: pan } } });
  seen.tokenInquiryByPAN = { status: byPAN.status, found: byPAN.body.tokenDetails.map((details) => details.tokenReferenceID === token.tokenReferenceID) };
  const expiry = await call('POST', '/vtis/v1/pan/lifecycle', {
    body: { operationType: 'UPDATE', operationReason: 'new plastic', operationReasonCode: 'EXP_DATE_UPDATE' },
    sealed: { cardholderInfo: { primaryAccountNumber: pan, expirationDate: token.panExpirationDate },
      replaceCardholderInfo: { primaryAccountNumber: pan, expirationDate: { month: '07', year: '2041' } } } });
  const after = await admin('GET', `/api/v1/tokens/${token.tokenReferenceID}?issuer=${issuer}`);
  seen.panLifecycle = { status: expiry.status, body: expiry.body, panExpirationDate: after.body.panExpirationDate };

  const forged = await call('GET', `${base}/details`, { change: (options) => { options.headers['x-pay-token'] = `${options.headers['x-pay-token'].slice(0, -1)}g`; } });
  seen.wrongPayToken = { status: forged.status, reason: forged.body.errorResponse.reason };
  seen.withoutCertificate = await call('GET', `${base}/details`, { change: (options) => { delete options.cert; delete options.key; } })
    .then(() => 'answered', () => 'no connection');
  console.log(JSON.stringify(seen));
}

main().catch((error) => { console.error(error.message); process.exit(1); });
