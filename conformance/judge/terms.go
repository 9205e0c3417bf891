package judge

import "slices"

// Values of the contract's enumerations that rules single out; a test holds
// them against the contract.
const (
	responseDeclined = "DECLINED"             // responseCode, p.170
	responseStepUp   = "STEPUP"               // responseCode, p.170
	methodSMS        = "OTPSMS"               // type, p.171
	methodEmail      = "OTPEMAIL"             // type, p.171
	methodCall       = "OUTBOUNDCALL"         // type, p.171
	methodApp        = "APP_TO_APP"           // type, p.171
	methodService    = "CUSTOMERSERVICE"      // type, p.171
	sourceBankingApp = "MOBILE_BANKING_APP"   // panSource, p.161
	reasonBinding    = "TOKEN_DEVICE_BINDING" // otpReason, p.161
)

// reasonsWithResponse are the values of otpReason that a responseCode may
// answer (p.170).
var reasonsWithResponse = []string{reasonBinding, "CARDHOLDER_STEPUP", "TRUSTED_LISTING_ENROLLMENT"}

// carriesPasscode tells the methods that end with the limit of passcodes.
func carriesPasscode(kind string) bool {
	return slices.Contains([]string{methodSMS, methodEmail, methodCall}, kind)
}
