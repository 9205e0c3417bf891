package scenarios

// TokenActions are the words of a token step: what a wallet, a cardholder or
// Visa's operator does to the token of the case.
func TokenActions() []string {
	return []string{
		"check",                   // nothing is done, the status is looked at
		"activate-by-otp",         // the cardholder enters the passcode that was sent
		"activate-by-app",         // the issuer's app verifies the cardholder
		"activate-by-call-center", // the call centre verifies the cardholder
		"suspend", "resume", "delete",
		"replenish", "repersonalize", "extend", // the wallet reports to Visa
		"bind", "unbind", // a device is bound to the token
	}
}
