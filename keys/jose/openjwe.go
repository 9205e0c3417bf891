package jose

import (
	"strings"

	gojose "github.com/go-jose/go-jose/v4"
)

func (o *opening) takeJWEApart() *Refused {
	const layer = LayerJWEStructure
	parts := strings.Split(o.inner, separator)
	switch {
	case looksJSON(o.inner) && jsonForm(o.inner) == formJWE:
		return refuse(layer, ReasonJSONSerialisation, "the JWS payload is a JWE in JSON serialisation: use compact serialisation").citing(pages(o.pages))
	case len(parts) == jwsParts || looksJSON(o.inner) || len(parts) == 1:
		return refuse(layer, ReasonNotEncrypted, "the JWS payload is no JWE: encrypt the payload, then sign the JWE").citing(o.jws.cite)
	}
	if at := foreign(o.inner); at >= 0 {
		return refuse(layer, ReasonNotBase64URL, "inside the JWS, %s", foreignText(o.inner, at)).citing(pages(o.pages))
	}
	if len(parts) != jweParts {
		return refuse(layer, ReasonPartCount, "the JWS payload has %d parts where a JWE has %d", len(parts), jweParts).citing(pages(o.pages))
	}
	decoded, refused := decodeParts(layer, parts, []string{"JWE header", "JWE encrypted key", "JWE initialisation vector", "JWE ciphertext", "JWE authentication tag"})
	if refused != nil {
		return refused.citing(pages(o.pages))
	}
	if refused := o.jwe.parse(decoded[0]); refused != nil {
		return refused
	}
	o.encrypted = decoded[1]
	o.iv, o.tag = decoded[2], decoded[4]
	return nil
}

func (o *opening) checkJWEHeader() *Refused {
	h := o.jwe
	for _, m := range []struct {
		name, want string
		required   bool
		reason     Reason
	}{
		{memberAlgorithm, o.suite.KeyAlgorithm, true, ReasonAlgorithm},
		{memberEncryption, o.suite.Encryption, true, ReasonEncryption},
		{memberType, o.rules.Type, !o.hub, ReasonType},
	} {
		if refused := h.exactly(m.name, m.want, m.required, m.reason); refused != nil {
			return refused
		}
	}
	if !h.has(memberType) {
		o.warn(WarningTypeMissing, "JWE header: typ is missing where %q is due", o.rules.Type)
	}
	id, refused := h.keyID()
	if refused != nil {
		return refused
	}
	openers, fellBack := o.keys.decryptionKeys(id, o.hub, o.rules.UnknownKeyIDFallsBack)
	if len(openers) == 0 {
		return h.unknownKeyID(id, len(o.keys.Decryption))
	}
	if fellBack {
		o.warn(WarningKeyIDFellBack, "JWE header: kid %s is not known; the default key was used", showID(id))
	}
	facts, warnings := h.facts()
	o.openers, o.opened.JWE = openers, facts
	o.opened.Warnings = append(o.opened.Warnings, warnings...)
	if o.hub {
		return o.checkKeyWrap()
	}
	return nil
}

// checkLengths belongs to the structure, but only means something once enc is known to be AES-GCM.
func (o *opening) checkLengths() *Refused {
	switch {
	case len(o.iv) != ivBytes:
		return refuse(LayerJWEStructure, ReasonIVLength, "the JWE initialisation vector has %d bits where %d are due", 8*len(o.iv), 8*ivBytes).citing(o.jwe.cite)
	case len(o.tag) != tagBytes:
		return refuse(LayerJWEStructure, ReasonTagLength, "the JWE authentication tag has %d bits where %d are due", 8*len(o.tag), 8*tagBytes).citing(o.jwe.cite)
	}
	return nil
}

// checkKeyWrap reads the members that A256GCMKW adds to the header (RFC 7518 section 4.7.1).
func (o *opening) checkKeyWrap() *Refused {
	for _, m := range []struct {
		name  string
		bytes int
	}{{memberWrapIV, ivBytes}, {memberWrapTag, tagBytes}} {
		text, present, isText := o.jwe.text(m.name)
		if !present || !isText {
			return o.jwe.refuse(ReasonKeyWrap, "%s is missing or not a string; %s needs it for the wrapped key", m.name, o.suite.KeyAlgorithm)
		}
		if foreign(text) >= 0 || strings.Contains(text, separator) {
			return o.jwe.refuse(ReasonKeyWrap, "%s is not base64url without padding", m.name)
		}
		raw, err := strict.DecodeString(text)
		if err != nil || len(raw) != m.bytes {
			return o.jwe.refuse(ReasonKeyWrap, "%s is not the base64url form of %d bits", m.name, 8*m.bytes)
		}
	}
	return nil
}

func (o *opening) checkTime() *Refused {
	check := timeCheck{headerCheck: o.jwe, now: o.now}
	check.layer, check.cite = LayerTime, pages(o.pages)
	issued, form, until, refused := check.issuedAt()
	if refused != nil {
		return refused
	}
	expires, expiresForm, until, refused := check.expires(issued, until)
	if refused != nil {
		return refused
	}
	o.opened.JWE.IssuedAt, o.opened.JWE.IssuedAtForm = issued, form
	o.opened.JWE.Expires, o.opened.JWE.ExpiresForm = expires, expiresForm
	o.opened.Until = until
	o.opened.Warnings = append(o.opened.Warnings, check.warnings...)
	if !o.hub {
		return nil
	}
	return o.checkHubTime()
}

// checkHubTime checks the second iat, which the hub's JWS header has (p.224).
func (o *opening) checkHubTime() *Refused {
	check := timeCheck{headerCheck: o.jws, now: o.now}
	check.layer, check.cite = LayerTime, pages(o.pages)
	if !check.has(memberIssuedAt) {
		o.warn(WarningJWSIssuedAtMissing, "JWS header: iat is missing")
		return nil
	}
	issued, form, until, refused := check.issuedAt()
	if refused != nil {
		return refused
	}
	if until.Before(o.opened.Until) {
		o.opened.Until = until
	}
	o.opened.JWS.IssuedAt, o.opened.JWS.IssuedAtForm = issued, form
	o.opened.Warnings = append(o.opened.Warnings, check.warnings...)
	return nil
}

func (o *opening) checkParties() *Refused {
	issuer, refused := o.jwe.issuer(o.parties)
	if refused != nil {
		return refused
	}
	audience, blanks, refused := o.jwe.audience(o.parties, o.maxAudience)
	if refused != nil {
		return refused
	}
	if blanks {
		o.warn(WarningAudienceBlanks, "JWE header: aud has blanks around its commas")
	}
	o.opened.JWE.Issuer, o.opened.JWE.Audience = issuer, audience
	return nil
}

func (o *opening) decrypt() *Refused {
	for _, key := range o.openers {
		if key.RSA == nil || o.hub {
			continue
		}
		if bits, small := o.rules.tooSmall(&key.RSA.PublicKey); small {
			return o.rules.weakKey(LayerJWEKey, quote(key.Label), bits)
		}
	}
	if refused := o.checkKeyLength(); refused != nil {
		return refused
	}
	sealed, err := gojose.ParseEncryptedCompact(o.inner,
		[]gojose.KeyAlgorithm{gojose.KeyAlgorithm(o.suite.KeyAlgorithm)}, []gojose.ContentEncryption{gojose.ContentEncryption(o.suite.Encryption)})
	if err != nil {
		return o.jwe.refuse(ReasonHeaderMalformed, "a member that carries a key or certificate cannot be read: leave it out")
	}
	for _, key := range o.openers {
		if payload, err := sealed.Decrypt(o.material(key)); err == nil {
			o.opened.Payload, o.opened.OpenedWith = payload, key.Label
			return nil
		}
	}
	return o.locate()
}

func (o *opening) material(key DecryptionKey) any {
	if o.hub {
		return key.Secret.wrapKey()
	}
	return key.RSA
}

// checkKeyLength spares the work that a wrapped key of the wrong length would make.
func (o *opening) checkKeyLength() *Refused {
	want := contentKeyBytes
	for _, key := range o.openers {
		if !o.hub {
			want = key.RSA.Size()
		}
		if len(o.encrypted) == want {
			return nil
		}
	}
	return refuse(LayerJWEKey, ReasonKeyLength, "the JWE encrypted key has %d bytes where the key %s makes %d: it was cut, or made for another key",
		len(o.encrypted), quote(o.openers[0].Label), want).citing(o.jwe.cite)
}

// locate says whether the key or the text did not open. go-jose keeps the two apart from nobody but us: the caller of an
// API never learns the layer, and the sender is known by his signature at this point.
func (o *opening) locate() *Refused {
	for _, key := range o.openers {
		var contentKey []byte
		if o.hub {
			contentKey = unwrapGCM(key.Secret.wrapKey(), o.encrypted, o.jwe.members)
		} else {
			contentKey = unwrapOAEP(key.RSA, o.encrypted)
		}
		if len(contentKey) == contentKeyBytes {
			return refuse(LayerJWETag, ReasonTag, "the JWE authentication tag does not fit: header, vector, ciphertext and tag were not made together, or one was changed; the AAD is the encoded header as sent").citing(o.jwe.cite)
		}
	}
	return refuse(LayerJWEKey, ReasonKey, "the JWE encrypted key does not open with the key %s: encrypt it for the receiver's current certificate, with %s",
		quote(o.openers[0].Label), o.suite.KeyAlgorithm).citing(o.jwe.cite)
}
