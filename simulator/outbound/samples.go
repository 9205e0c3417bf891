package outbound

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vtsim/vtsim/conformance/contract"
)

// Token types that a payload depends on (p.49).
const (
	typeSecureElement = "SECURE_ELEMENT"
	typeHCE           = "HCE"
	typeCardOnFile    = "CARD_ON_FILE"
	typeECommerce     = "ECOMMERCE"
)

// wallet is what the device of a token type is like; names are values of the
// contract (p.57-59), and the tests compare them.
type wallet struct {
	deviceType, osType, osVersion, brand, model, name, protection string
	// deviceID is its length in hexadecimal digits; 0 where there is none
	// (p.56).
	deviceID int
	// sources are where such a wallet has the PAN from.
	source string
}

// walletOf tells what stands behind a token of that type: a phone with a
// secure element, one with card emulation, a merchant that has no device at
// all (p.57), a browser, or else an app that shows codes.
func walletOf(tokenType string) wallet {
	switch tokenType {
	case typeSecureElement:
		return wallet{"MOBILE_PHONE", "IOS", "17.5", "Apple", "iPhone 15", "Ada's iPhone", "SECURE_ELEMENT", 48, "KEY_ENTERED"}
	case typeHCE:
		return wallet{"MOBILE_PHONE", "ANDROID", "14", "Google", "Pixel 8", "Ada's Pixel", "SOFTWARE", 32, "KEY_ENTERED"}
	case typeCardOnFile:
		return wallet{source: "ON_FILE"}
	case typeECommerce:
		return wallet{"PC", "WINDOWS", "11", "Lenovo", "ThinkPad X1", "Ada's laptop", "CLOUD", 32, "ON_FILE"}
	}
	return wallet{"MOBILE_PHONE", "ANDROID", "14", "Samsung", "Galaxy S24", "Ada's Galaxy", "CLOUD", 24, "MOBILE_BANKING_APP"}
}

// sampler draws values from a seed: the same ones for the same seed and name.
type sampler string

func (s sampler) digest(name string) [sha256.Size]byte {
	return sha256.Sum256([]byte(string(s) + "\x00" + name))
}

func (s sampler) hex(name string, digits int) string {
	var text strings.Builder
	for i := 0; text.Len() < digits; i++ {
		sum := s.digest(fmt.Sprintf("%s/%d", name, i))
		text.WriteString(hex.EncodeToString(sum[:]))
	}
	return text.String()[:digits]
}

// number is at least low and less than high.
func (s sampler) number(name string, low, high uint64) uint64 {
	sum := s.digest(name)
	return low + binary.BigEndian.Uint64(sum[:])%(high-low)
}

func (s sampler) text(name string, low, high uint64) string {
	return fmt.Sprint(s.number(name, low, high))
}

// SampleDevice is a device as a wallet of the token type describes it, the
// same one for the same seed; nil where such a token has none (p.56-59).
func SampleDevice(tokenType, seed string) Facts {
	s, w := sampler(seed), walletOf(tokenType)
	if w.deviceID == 0 {
		return nil
	}
	return Facts{"deviceID": s.hex("deviceID", w.deviceID), "deviceLanguageCode": "eng", "deviceName": DeviceName(w.name),
		"deviceNumber": "4477" + s.text("deviceNumber", 10000000, 100000000), "deviceType": w.deviceType, "osType": w.osType, "osVersion": w.osVersion,
		"osBuildID": strings.ToUpper(s.hex("osBuildID", 6)), "deviceManufacturer": w.brand, "deviceBrand": w.brand, "deviceModel": w.model,
		"deviceIPAddressV4": fmt.Sprintf("198.51.100.%d", s.number("deviceIPAddressV4", 1, 255)), "locationSource": "WIFI",
		"deviceLocation": "51.51/-0.13", "tokenProtectionMethod": w.protection}
}

// SampleRisk is what wallet provider and Visa say about the risk (p.52-56). A
// token without device has no facts of one.
func SampleRisk(tokenType, seed string) Facts {
	s := sampler(seed)
	f := Facts{"walletProviderAccountScore": s.text("accountScore", 3, 6), "walletProviderRiskAssessment": "0", "walletProviderRiskAssessmentVersion": "2.1",
		"accountHolderName": "Ada Byron", "walletProviderReasonCodes": "0E,0G", "daysSinceConsumerDataLastAccountChange": s.text("accountChange", 30, 900),
		"userAccountAge": s.text("userAccountAge", 100, 2000), "walletAccountAge": s.text("walletAccountAge", 1, 257), "walletAccountCountry": "GB",
		"walletAccountHolderCardNameMatch": "Y", "walletProviderPANAge": s.text("panAge", 1, 400), "numberOfActiveTokens": s.text("activeTokens", 0, 6),
		"numberOfTransactionsInLast12months": s.text("transactions", 1, 400), "daysSinceLastAccountActivity": s.text("activity", 0, 30),
		"suspendedCardsInAccount": "0", "visaTokenScore": s.text("tokenScore", 1, 100), "visaTokenDecisioning": "00", "riskAssessmentScore": s.text("riskScore", 1, 100)}
	if walletOf(tokenType).deviceID == 0 {
		return f
	}
	for name, value := range (Facts{"walletProviderDeviceScore": s.text("deviceScore", 3, 6), "deviceBluetoothMac": "02" + s.hex("mac", 10),
		"deviceIMEI": s.text("imei", 350000000000000, 360000000000000), "deviceSerialNumber": strings.ToUpper(s.hex("serial", 12)), "deviceTimeZone": "GMT",
		"deviceTimeZoneSetting": "NETWORK_SET", "osID": s.hex("osID", 16), "simSerialNumber": "8944" + s.text("sim", 100000000000000, 1000000000000000),
		"accountToDeviceBindingAge": s.text("bindingAge", 1, 900), "deviceCountry": "GB", "distinctCardholderNames": "1",
		"provisioningAttemptsOnDeviceIn24Hours": s.text("attempts", 1, 4), "activeTokensOnAllDeviceForAccount": s.text("onAll", 1, 8),
		"deviceWithActiveTokens": s.text("devices", 1, 4)}) {
		f[name] = value
	}
	return f
}

// SampleCardholder is what the cardholder typed beside the number: name,
// address and, unless it is "", the CVV2 of the card (p.46-48).
func SampleCardholder(cvv2 string) Facts {
	f := Facts{"name": "Ada Byron", "billingAddress": Facts{"line1": "12 St James's Square", "line2": "Flat 2", "city": "London", "postalCode": "SW1Y 4JH", "country": "GB"}}
	put(f, "cvv2", cvv2)
	return f
}

// Sample completes the facts of a subject for one operation: what the wallet
// says of account, device and risk, and what the occasion is. It gives nothing
// that the subject's token knows itself, and the same for the same seed. The
// values of enumerations are the first of the contract's.
func (b *Builder) Sample(operation string, s Subject, seed string, at time.Time) (Facts, error) {
	op, err := b.contract.Operation(operation)
	if err != nil {
		return nil, err
	}
	draw, tokenType := sampler(seed), ""
	if s.Token != nil {
		tokenType = s.Token.Type
	}
	f := Facts{"walletAccountEmailAddressHash": draw.hex("email", 64), "clientWalletAccountID": draw.hex("account", 24), "panSource": walletOf(tokenType).source,
		"consumerEntryMode": "KEY_ENTERED", "lifeCycleTraceID": int64(draw.number("trace", 1e11, 1e14)), "locale": "en_GB",
		"addressVerificationResultCode": "Y", "cvv2ResultsCode": "M", "taskID": guid(draw.hex("task", 32)),
		"otpValue": draw.text("otp", 100000, 1000000), "otpMethodIdentifier": draw.hex("method", 32),
		"otpExpirationDate": dateTime(at.Add(10 * time.Minute)), "otpMaxReached": false,
		"firstName": "Ada", "lastName": "Byron", "contactEmail": "ada@example.com", "country": "GB", "source": "ISSUER", "clientDeviceID": draw.hex("device", 24),
		"riskInformation": SampleRisk(tokenType, seed)}
	if device := SampleDevice(tokenType, seed); device != nil {
		device["deviceIndex"] = 1
		f["deviceInfo"], f["deviceID"] = device, device["deviceID"]
	}
	for _, name := range b.choices(op) {
		if f[name] == nil {
			f[name] = b.Values(operation, name)[0]
		}
	}
	if reason, ok := f[memberReason].(string); ok {
		f = merged(f, b.Reason(operation, reason)).(Facts)
	}
	return s.unknown(f, tokenType), nil
}

// unknown leaves out what the token knows itself, and a device's id where the
// type of token has no use for one (p.204).
func (s Subject) unknown(f Facts, tokenType string) Facts {
	if tokenType != typeSecureElement && tokenType != typeHCE {
		delete(f, "deviceID")
	}
	if s.Token == nil {
		return f
	}
	known := Facts{}
	s.tokenFacts(known)
	for name, value := range known {
		if _, structure := asFacts(value); structure {
			f[name] = merged(f[name], value)
		} else {
			delete(f, name)
		}
	}
	delete(f, "tokenInfo")
	return f
}

func guid(digits string) string {
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]}, "-")
}

// choices are the required members of the operation's request that have a
// closed list of values.
func (b *Builder) choices(op *contract.Operation) []string {
	var names []string
	if field := op.Field(contract.Request); field != nil {
		for _, member := range field.Fields {
			if member.Requirement == contract.Required && len(member.Enum) > 0 {
				names = append(names, member.Name)
			}
		}
	}
	return names
}

// Values are the contract's values of a member of the operation's request;
// nil where there is no list.
func (b *Builder) Values(operation, member string) []string {
	op, err := b.contract.Operation(operation)
	if err != nil || op.Field(contract.Request) == nil {
		return nil
	}
	field := op.Field(contract.Request).Member(member)
	if field == nil {
		return nil
	}
	var values []string
	for _, value := range field.Enum {
		if text, ok := value.(string); ok {
			values = append(values, text)
		}
	}
	return values
}

// memberReason says why a notification is sent.
const memberReason = "messageReasonCode"

// Reason gives the members that a messageReasonCode asks for, each with its first value (p.203-205).
func (b *Builder) Reason(operation, code string) Facts {
	f := Facts{memberReason: code}
	op, err := b.contract.Operation(operation)
	if err != nil || op.Field(contract.Request) == nil {
		return f
	}
	for _, member := range op.Field(contract.Request).Fields {
		if slices.Contains(member.With[memberReason], code) && len(member.Enum) > 0 {
			f[member.Name] = member.Enum[0]
		}
	}
	return f
}
